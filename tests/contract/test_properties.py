"""Budget, offsets, determinism, untouched inputs: any shape of document, and all that can be plugged in."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES
from semtoken_rag.testing import HashEncoder, check_context
from tests.support.adapters import ADAPTERS, Adapter, Passage

SCRIPTS = [
    "The tower opened in 1889.", "Не раньше 3,5 км!", "今天下雨。明天晴天", "日本語の文章です", "ไม่มีช่องว่าง",
    "مرحبا ٣٫٥ كم؟", "שלום עולם.", "\u202bיום\u202c", "हाँ, यह है।", "한국어 문장.", "Ελληνικά;",
    "ẞtraße ﬁn ǅ",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1eb\U0001f1f7", "👍🏽", "z\u0351\u0311\u0343",
    "\u200b\u200d\ufeff", "\u00ad", "\ud800", "\udc00\ud800", "\x00\x07\x1b[31m", "\u2028", "\x85", "\r\n",
    "a", "\t", "e\u0301" * 9, "<|im_start|>", "[INST]", "\u201cunclosed", "`", "x" * 1300, "字" * 1300,
]  # fmt: skip
LEAVES = st.one_of(st.sampled_from(SCRIPTS), st.text(st.characters(codec=None), max_size=12))
PROSE = st.lists(LEAVES, max_size=12).map(" ".join)


def nested(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Markdown lists and quotes, HTML, fences and tables with ragged rows, one in another."""
    rows = st.lists(st.lists(leaf, max_size=4).map(" | ".join), min_size=1, max_size=4)
    many = st.lists(leaf, max_size=4)
    return st.one_of(
        many.map(lambda items: "\n".join(f"{'  ' * i}- {item}" for i, item in enumerate(items))),
        many.map(lambda items: "\n".join(f"{i}. > {item}" for i, item in enumerate(items))),
        many.map(lambda items: f"<div><p>{'</p><p>'.join(items)}</p>"),
        rows.map(lambda lines: "\n".join([lines[0], "|---|---", *lines[1:]])),
        rows.map(lambda lines: "\n".join(line.replace(" | ", "\t") for line in lines)),
        st.tuples(st.sampled_from(["```", "~~~~", "````\n```"]), leaf).map(
            lambda p: f"{p[0]}py\n{p[1]}\n```"
        ),
        leaf.map(lambda body: f"def f(x):\n    return {body};\n\n# {body}"),
        st.lists(leaf, min_size=1, max_size=3).map("\n\n".join),
    )


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), LEAVES),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(LEAVES, inner, max_size=4)),
    max_leaves=12,
).flatmap(lambda value: st.sampled_from([json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False)]))
TEXTS = st.one_of(
    PROSE, st.recursive(LEAVES, nested, max_leaves=10), JSON, st.sampled_from(["", " ", "a", "\ud800"])
)
CHUNKS = st.lists(st.builds(Chunk, TEXTS, title=st.one_of(st.just(""), LEAVES)), max_size=4)
QUERIES = st.one_of(st.none(), LEAVES, PROSE)
many_examples = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@cache
def bytes_tokenizer() -> Tokenizer:
    """Return a tokenizer whose tokens are the bytes of a text, several for one character."""
    made = Tokenizer(models.BPE({c: i for i, c in enumerate(pre_tokenizers.ByteLevel.alphabet())}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


COUNTERS: dict[str, Callable[[], Any]] = {
    "estimate": lambda: None,
    "words": lambda: lambda text: len(text.split()),
    "characters": lambda: len,
    "bytes": bytes_tokenizer,
    "pairs": lambda: lambda text: -(-len(text) // 2),  # rounds up: two parts may cost more than the whole
    "lines": lambda: lambda text: text.count("\n") + 1,  # even nothing costs a token
}
ENCODERS: dict[str, Callable[[Any], Any]] = {
    "static": lambda tiny: "static",
    "hash": lambda tiny: HashEncoder(),
    "transformer": lambda tiny: str(
        tiny(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "tower", "."], hidden=8, layers=1)
    ),
}


def holds(engine: SemToken, chunks: list[Chunk], query: str | None, limit: int) -> None:
    before = copy.deepcopy(chunks)
    context = engine.compress(chunks, query, max_tokens=limit)
    assert chunks == before
    assert context.stats.fallback is None
    check_context(context, chunks, limit, engine.counter.count)
    again = engine.compress(copy.deepcopy(chunks), query, max_tokens=limit)
    assert (again.text, [c.pieces for c in again.chunks]) == (
        context.text,
        [c.pieces for c in context.chunks],
    )


@pytest.mark.parametrize("strategy", [*STRATEGIES, *PAPER_STRATEGIES])
@many_examples
@given(chunks=CHUNKS, query=QUERIES, limit=st.integers(1, 80))
def test_every_strategy(strategy: str, chunks: list[Chunk], query: str | None, limit: int):
    holds(made(strategy=strategy), chunks, query, limit)


@cache
def made(counter: str = "estimate", strategy: str = "semtoken", store: str | None = None) -> SemToken:
    return SemToken(
        encoder="static", strategy=strategy, token_counter=COUNTERS[counter](), store=store, on_error="raise"
    )


@pytest.fixture(scope="module", params=ENCODERS)
def encoder(request: pytest.FixtureRequest, tiny_bert) -> Any:
    if request.param == "transformer":
        pytest.importorskip("transformers")
    return ENCODERS[request.param](tiny_bert)


@pytest.mark.parametrize("store", [None, "memory://"])
@many_examples
@given(chunks=CHUNKS, query=QUERIES, limit=st.integers(1, 80))
def test_every_encoder_with_and_without_a_store(encoder, store, chunks, query, limit):
    holds(SemToken(encoder=encoder, store=store, on_error="raise"), chunks, query, limit)


@pytest.mark.parametrize("strategy", ["semtoken", "lead", "paper"])
@pytest.mark.parametrize("counter", COUNTERS)
@many_examples
@given(chunks=CHUNKS, query=QUERIES, limit=st.integers(1, 80))
def test_every_counter(counter: str, strategy: str, chunks: list[Chunk], query: str | None, limit: int):
    holds(made(counter, strategy), chunks, query, limit)


CONFIGS = st.builds(
    Config,
    min_chunk_tokens=st.integers(0, 3),
    max_chunk_share=st.one_of(st.none(), st.floats(0.1, 1)),
    order=st.sampled_from(["source", "relevance", "edges"]),
    gap=st.sampled_from(["", " ", " … ", "\n"]),
    separator=st.sampled_from(["", "\n\n", "\n---\n"]),
    sanitise_markers=st.booleans(),
    protect=st.sampled_from([(), (r"\w+ \w+",), (r"(?s).*",), ("",)]),
)


@many_examples
@given(chunks=CHUNKS, query=QUERIES, limit=st.integers(1, 80), config=CONFIGS)
def test_every_setting_holds_the_budget(chunks, query, limit, config):
    engine = SemToken(encoder="static", token_counter=len, config=config, on_error="raise")
    context = engine.compress(chunks, query, max_tokens=limit)
    assert len(context.text) <= limit
    assert context.text == config.separator.join(kept.text for kept in context.chunks)
    for kept in context.chunks:
        ends = [
            0,
            *(place for piece in kept.pieces for place in (piece.start, piece.end)),
            len(kept.chunk.text),
        ]
        assert ends == sorted(ends)
        assert sum(p.end - p.start for p in kept.pieces) <= len(kept.text)


IDS = st.lists(st.text("abc-é", min_size=1, max_size=6), min_size=4, max_size=4, unique=True)
METADATA = st.dictionaries(st.sampled_from(["page", "tags", "x y"]), JSON, max_size=3)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: type(adapter).__name__)
@many_examples
@given(
    texts=st.lists(TEXTS, max_size=4), names=IDS, metadata=METADATA, query=LEAVES, limit=st.integers(1, 80)
)
def test_every_adapter(adapter: Adapter, texts, names, metadata, query, limit):
    passages = [
        Passage(text.encode("utf-8", "replace").decode(), name, "Title", 0.5, 7, dict(metadata))
        for text, name in zip(texts, names, strict=False)
    ]
    documents = [adapter.document(passage) for passage in passages]
    before = copy.deepcopy(documents)
    compressor = adapter.kinds[0](encoder="static", token_counter=len, max_tokens=limit, on_error="raise")
    out = [adapter.read(document) for document in adapter.run(compressor, documents, query)]
    assert documents == before
    assert sum(len(passage.text) for passage in out) <= limit
    given_ = {passage.id: passage for passage in passages}
    for passage in out:
        source = given_[passage.id]
        assert (passage.metadata, passage.title) == (source.metadata, source.title)
        for piece in json.loads(json.dumps(passage.note))["pieces"]:
            assert source.text[piece["start"] : piece["end"]] in passage.text
            assert piece["source_start"] == piece["start"] + 7


@pytest.mark.parametrize("on_error", ["raise", "fallback"])
def test_a_counter_that_finds_a_token_in_nothing_may_count_no_chunks(on_error: str):
    engine = SemToken(encoder="static", token_counter=lambda text: len(text.split()) + 2, on_error=on_error)
    for budget in ({"max_tokens": 1}, {"ratio": 0.5}, {"ratio": 1.0}):
        context = engine.compress([], "When?", **budget)
        assert (context.text, context.chunks, context.stats.tokens_after) == ("", (), 0)


LINES = {
    "letters": "a" * 2_000_000,
    "punctuation": "a.!?" * 250_000,
    "quotes": "\u201c" * 200_000,
    "unspaced": "字" * 1_000_000,
    "combining": "e" + "\u0301" * 1_000_000,
    "emoji": "\U0001f468\u200d" * 200_000,
    "cells": "|" * 1_000_000,
    "brackets": "[" * 1_000_000,
    "objects": '{"a":' * 200_000,
    "spaces": "a" + " " * 5_000_000 + "b",
    "one-token lines": "a\n" * 100_000,
    "fences": "```\n" * 100_000,
}


@pytest.mark.parametrize("strategy", ["semtoken", "lead"])
@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_a_line_of_megabytes(text: str, strategy: str):
    chunks = [Chunk(text), Chunk("A short true sentence.")]
    engine = SemToken(encoder="static", strategy=strategy, token_counter=len, on_error="raise")
    check_context(engine.compress(chunks, "What is true?", max_tokens=40), chunks, 40, len)
