"""What LangChain and LlamaIndex expect of an integration: JSON schema, docstring, no password in sight."""

from __future__ import annotations

import io
import json
import pickle
import re
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import create_model

from langchain_semtoken import SemTokenCompressor, SemTokenTransformer
from llama_index.postprocessor.semtoken import SemTokenIngestion, SemTokenPostprocessor
from semtoken_rag import Config

ROOT = Path(__file__).resolve().parents[2]
KINDS = (SemTokenCompressor, SemTokenTransformer, SemTokenPostprocessor, SemTokenIngestion)
PARTNERS = (SemTokenCompressor, SemTokenPostprocessor)
CODE = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)


class Tower(BaseRetriever):
    """Finds one document."""

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document("The tower opened in 1889. It rained.")]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_json_schema_alone_and_inside_another(kind: Any, mode: Any):
    holder = create_model("Holder", inner=(kind, ...))
    for schema in (kind.model_json_schema(mode=mode), holder.model_json_schema(mode=mode)):
        assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_has_every_field_and_what_it_may_be(kind: Any):
    said = kind.model_json_schema()["properties"]
    assert set(said) >= set(kind.model_fields)
    assert said["max_tokens"]["anyOf"] == [{"minimum": 1, "type": "integer"}, {"type": "null"}]
    (config,) = (it for it in said["config"]["anyOf"] if it != {"type": "null"})
    assert set(config["properties"]) == {field.name for field in fields(Config)} - {"segmenter"}
    made = kind.model_validate_json('{"max_tokens": 9, "config": {"order": "source", "protect": ["a+"]}}')
    assert (made.max_tokens, made.config) == (9, Config(order="source", protect=("a+",)))


@pytest.mark.parametrize("show", [repr, str])
@pytest.mark.parametrize("kind", KINDS)
def test_a_password_is_used_and_not_shown(kind: Any, show: Any):
    address = "redis://me:s3cret@host:6379/0"
    made = kind(store=address)
    assert "store='redis://***@host:6379/0'" in show(made)
    assert "s3cret" not in show(made)
    assert pickle.loads(pickle.dumps(made)).store == address


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [{"ratio": None}, {"ratio": 2}, {"max_tokens": 0}, {"rato": 0.4}])
def test_an_error_shows_no_password(kind: Any, wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"rat|max_tokens") as refused:
        kind(store="redis://:s3cret@host", **wrong)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("kind", [SemTokenPostprocessor, SemTokenIngestion])
def test_the_last_bound_cannot_be_taken_off(kind: Any):
    made = kind(store="redis://:s3cret@host")
    with pytest.raises(ValueError, match="ratio or max_tokens must be given, got None for both") as refused:
        made.ratio = None
    assert "s3cret" not in str(refused.value)
    made.max_tokens = 9
    with pytest.raises(ValueError, match="ratio or max_tokens must be given, got None for both"):
        made.max_tokens = None
    assert (made.ratio, made.max_tokens) == (None, 9)


def test_an_address_of_no_store_is_refused_without_its_password():
    with pytest.raises(ValueError, match=r"got 'reddis://\*\*\*@host'") as refused:
        SemTokenCompressor(store="reddis://:s3cret@host")._engine()
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("kind", PARTNERS)
def test_the_docstring_has_the_sections_of_a_partner_and_its_code_runs(kind: Any):
    titles = re.findall(r"^ *(\S.*)\n *-+$", kind.__doc__, re.MULTILINE)
    assert titles == ["Setup", "Key init args", "Instantiate", "Invoke"]
    place: dict[str, Any] = {"retriever": Tower()}
    blocks = CODE.findall(re.sub(r"^    ", "", kind.__doc__, flags=re.MULTILINE))
    assert len(blocks) >= 2
    for code, expected in blocks:
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, kind.__name__, "exec", dont_inherit=True), place)
        assert printed.getvalue() == expected


@pytest.mark.parametrize("kind", PARTNERS)
def test_the_key_arguments_are_fields(kind: Any):
    section = kind.__doc__.partition("Key init args")[2].partition("Instantiate")[0]
    named = re.findall(r"^ *(\w+) : ", section, re.MULTILINE)
    assert len(named) > 5
    assert set(named) <= set(kind.model_fields)


def test_nothing_imports_langchain_classic():
    sources = list((ROOT / "integrations").rglob("*.py"))
    assert len(sources) > 10
    assert [path.name for path in sources if "langchain_classic" in path.read_text(encoding="utf-8")] == []
