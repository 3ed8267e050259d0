"""What the Haystack component has beyond the contract of all adapters."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("haystack")
from haystack import Document, Pipeline, component
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.core.errors import DeserializationError
from haystack.dataclasses import ByteStream

from haystack_semtoken import DocumentSettings, SemTokenCompressor
from semtoken_rag import Config
from semtoken_rag.testing import HashEncoder
from tests.support.samples import BREAD, PARIS, QUERY, TEXTS, words

ANSWER = "The Eiffel Tower is 330 metres tall."
FAST: dict[str, Any] = {"encoder": "static", "on_error": "raise"}


def documents() -> list[Document]:
    return [Document(content=text, meta={"title": title}) for title, text in TEXTS.items()]


def piped(**fields: Any) -> Pipeline:
    made = Pipeline()
    made.add_component("joiner", DocumentJoiner())
    made.add_component("semtoken", SemTokenCompressor(**FAST, **fields))
    made.connect("joiner", "semtoken.documents")
    return made


def asked() -> dict[str, Any]:
    return {"joiner": {"documents": documents()}, "semtoken": {"query": QUERY}}


def test_a_pipeline_runs_it_in_both_ways():
    made = piped(token_counter=words, max_tokens=10)
    done = made.run(asked())["semtoken"]
    assert [d.content for d in done["documents"]] == [ANSWER]
    assert done["stats"]["tokens_after"] == words(ANSWER)
    assert done["stats"]["fallback"] is None
    assert asyncio.run(made.run_async(asked()))["semtoken"]["documents"] == done["documents"]


def test_a_saved_pipeline_compresses_alike():
    made = piped(max_tokens=14, config=Config(order="source", protect=("x",)))
    text = made.dumps()
    again = Pipeline.loads(text, allowed_modules=["haystack_semtoken"])
    assert again.get_component("semtoken").settings == made.get_component("semtoken").settings
    assert again.get_component("semtoken").settings.ratio is None
    assert again.run(asked())["semtoken"]["documents"] == made.run(asked())["semtoken"]["documents"]
    with pytest.raises(DeserializationError):
        Pipeline.loads(text)  # Haystack trusts no module that it is not told to


def test_what_cannot_be_saved_is_an_error_that_names_it():
    with pytest.raises(ValueError, match=r"token_counter must be a str or None .* got <function words"):
        piped(token_counter=words).dumps()


def test_warm_up_loads_the_encoder_once(monkeypatch):
    made: list[DocumentSettings] = []
    make = DocumentSettings._make
    monkeypatch.setattr(DocumentSettings, "_make", lambda self: made.append(self) or make(self))
    settings = DocumentSettings(**FAST)
    first, second = SemTokenCompressor(settings), SemTokenCompressor(settings)
    assert made == []
    first.warm_up()
    asyncio.run(second.warm_up_async())
    second.run(documents=documents(), query=QUERY)
    assert len(made) == 1


@pytest.mark.parametrize("given", [{"max_tokens": 9}, {"config": None}])
def test_settings_or_fields(given):
    with pytest.raises(ValueError, match=f"got both: settings and {next(iter(given))}"):
        SemTokenCompressor(DocumentSettings(), **given)
    with pytest.raises(ValueError, match="settings must be DocumentSettings or None, got 'static'"):
        SemTokenCompressor("static")


def test_images_come_last_and_as_they_are():
    image = Document(blob=ByteStream(b"\x89PNG", mime_type="image/png"), meta={"page": 3})
    compressor = SemTokenCompressor(**FAST, token_counter=words, max_tokens=10)
    *kept, last = compressor.run(documents=[image, *documents()], query=QUERY)["documents"]
    assert [d.content for d in kept] == [ANSWER]
    assert last is image
    for out in (
        compressor.run(documents=[image], query=QUERY),
        asyncio.run(compressor.run_async(documents=[image], query=QUERY)),
    ):
        assert out == {"documents": [image], "stats": {}}


def test_offsets_behind_haystacks_own_splitter():
    source = Document(content=f"{BREAD} {PARIS}", meta={"tags": ["x"]})
    parts = DocumentSplitter(split_by="word", split_length=25, split_overlap=5).run(documents=[source])
    compressor = SemTokenCompressor(**FAST, token_counter=words, max_tokens=14)
    (kept, *_) = compressor.run(documents=parts["documents"], query=QUERY)["documents"]
    assert ANSWER in kept.content
    for piece in kept.meta["semtoken"]["pieces"]:
        assert source.content[piece["source_start"] : piece["source_end"]] in kept.content
    given = next(each for each in parts["documents"] if each.id == kept.id)
    assert kept.meta["tags"] == ["x"]
    assert kept.meta["tags"] is not given.meta["tags"]


def test_an_embedding_is_copied_too():
    given = Document(content=PARIS, embedding=[0.5])
    (kept,) = SemTokenCompressor(**FAST, max_tokens=14).run(documents=[given], query=QUERY)["documents"]
    kept.embedding.append(1.0)
    assert given.embedding == [0.5]
    assert given.meta == {}


def test_a_failure_is_flagged_in_the_stats():
    class Broken(HashEncoder):
        def encode(self, texts, titles):
            raise RuntimeError("out of memory")

    done = SemTokenCompressor(encoder=Broken(), max_tokens=20).run(documents=documents(), query=QUERY)
    assert "out of memory" in done["stats"]["fallback"]
    assert done["documents"]


def test_auto_overhead_counts_the_blank_line():
    given = documents()
    bare, auto = (
        SemTokenCompressor(**FAST, token_counter=len, max_tokens=120, overhead=overhead).run(
            documents=given, query=QUERY
        )
        for overhead in (0, "auto")
    )
    assert sum(len(d.content) for d in bare["documents"]) <= 120
    assert sum(len(d.content) + 2 for d in auto["documents"]) <= 120


def test_it_is_a_component_with_its_sockets():
    made = SemTokenCompressor()
    assert component.registry["haystack_semtoken.compressor.SemTokenCompressor"] is SemTokenCompressor
    assert set(made.__haystack_output__._sockets_dict) == {"documents", "stats"}
    assert made.__haystack_supports_async__
