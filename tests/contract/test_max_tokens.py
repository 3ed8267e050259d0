"""Wherever text is compressed, ``max_tokens`` alone is the budget: no default ratio applies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from llama_index.core.schema import NodeWithScore, TextNode

from langchain_semtoken import SemTokenCompressor, SemTokenTransformer
from llama_index.postprocessor.semtoken import SemTokenIngestion, SemTokenPostprocessor
from semtoken_rag import SemToken
from semtoken_rag.pool import BudgetPool
from tests.support.samples import BREAD, PARIS, QUERY, ROME

TEXTS = [BREAD, PARIS, ROME]
BUDGET = SemToken(encoder="static").counter.count(" ".join(TEXTS)) * 7 // 10  # more than by any default ratio
PLAIN: dict[str, Any] = {"encoder": "static", "overhead": 0}
KINDS = (SemTokenCompressor, SemTokenTransformer, SemTokenPostprocessor, SemTokenIngestion)

EntryPoint = Callable[[Path], object]


def engine() -> SemToken:
    return SemToken(encoder="static")


def use(adapter: Any) -> None:
    """Compress with an adapter of either framework."""
    documents = [Document(page_content=text) for text in TEXTS]
    nodes = [TextNode(text=text) for text in TEXTS]
    if isinstance(adapter, SemTokenCompressor):
        adapter.compress_documents(documents, QUERY)
    elif isinstance(adapter, SemTokenTransformer):
        adapter.transform_documents(documents)
    elif isinstance(adapter, SemTokenPostprocessor):
        adapter.postprocess_nodes([NodeWithScore(node=node) for node in nodes], query_str=QUERY)
    else:
        adapter(nodes)


def assign(kind: type) -> Any:
    made = kind(**PLAIN)
    made.max_tokens = BUDGET
    return made


def command(name: str, folder: Path) -> None:
    typer = pytest.importorskip("typer.testing")
    from semtoken_rag.cli import app

    (folder / "text.txt").write_text("\n\n".join(TEXTS), encoding="utf-8")
    given = ["--encoder", "static", "--query", QUERY, "--max-tokens", str(BUDGET), str(folder / "text.txt")]
    assert typer.CliRunner().invoke(app, [name, *given]).exit_code == 0


def playground(_: Path) -> None:
    pytest.importorskip("fastapi")
    from semtoken_rag.ui.workbench import Asked, Workbench

    documents = [{"title": str(i), "text": text} for i, text in enumerate(TEXTS)]
    asked = Asked.model_validate({"documents": documents, "query": QUERY, "max_tokens": BUDGET})
    list(Workbench(encoder="static").compress(asked))


ENTRY_POINTS: dict[str, EntryPoint] = {
    "compress": lambda _: engine().compress(TEXTS, QUERY, max_tokens=BUDGET),
    "acompress": lambda _: asyncio.run(engine().acompress(TEXTS, QUERY, max_tokens=BUDGET)),
    "BudgetPool": lambda _: BudgetPool(BUDGET).compress(engine(), [(TEXTS, QUERY)]),
    "semtoken compress": lambda folder: command("compress", folder),
    "semtoken explain": lambda folder: command("explain", folder),
    "playground": playground,
}
for kind in KINDS:
    ENTRY_POINTS |= {
        f"{kind.__name__}(max_tokens=)": lambda _, k=kind: use(k(**PLAIN, max_tokens=BUDGET)),
        f"{kind.__name__}.model_copy": lambda _, k=kind: use(
            k(**PLAIN).model_copy(update={"max_tokens": BUDGET})
        ),
        f"{kind.__name__}.model_validate_json": lambda _, k=kind: use(
            k.model_validate_json(k(**PLAIN, max_tokens=BUDGET).model_dump_json())
        ),
    }
for kind in (SemTokenPostprocessor, SemTokenIngestion):  # those of LangChain are frozen
    ENTRY_POINTS[f"{kind.__name__}.max_tokens ="] = lambda _, k=kind: use(assign(k))


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_max_tokens_alone_is_the_budget(name: str, tmp_path: Path, spans: Callable[[], Any]) -> None:
    ENTRY_POINTS[name](tmp_path)
    assert [span.attributes["semtoken.budget"] for span in spans()] == [BUDGET]


@pytest.mark.parametrize("kind", KINDS)
def test_a_ratio_that_was_given_still_holds(kind: type) -> None:
    made = kind(encoder="static", ratio=0.1).model_copy(update={"max_tokens": BUDGET})
    assert (made.ratio, made.max_tokens) == (0.1, BUDGET)
    assert kind(encoder="static", ratio=0.1, max_tokens=BUDGET).ratio == 0.1
    assert (
        kind(encoder="static").ratio == kind(encoder="static").model_copy(update={"keep": 0.5}).ratio == 0.4
    )
