"""Stats.abstained: what the core says of chunks that do not answer, and leaves to its caller."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from semtoken_rag import Config, SemToken
from semtoken_rag.testing import HashEncoder
from tests.support.samples import QUERY, TEXTS, words

CHUNKS = list(TEXTS.values())


def engine(chance: float | None, **fields: Any) -> SemToken:
    return SemToken(encoder="static", token_counter=words, config=Config(min_relevance=chance), **fields)


@pytest.mark.parametrize("budget", [{"max_tokens": 20}, {"ratio": 1}], ids=["cut", "fits"])
def test_the_flag_is_set_and_the_text_is_the_same(budget: dict[str, Any]):
    plain = engine(None).compress(CHUNKS, QUERY, **budget)
    for chance, abstains in ((0.999999, True), (1e-6, False)):
        strict = engine(chance)
        found = strict.compress(CHUNKS, QUERY, **budget)
        assert found.stats.abstained is abstains
        assert (found.text, found.chunks) == (plain.text, plain.chunks)
        assert 0 <= found.answerable <= 1
        assert json.loads(json.dumps(found.stats.as_dict()))["abstained"] is abstains
        late = asyncio.run(strict.acompress(CHUNKS, QUERY, **budget))
        assert replace(late.stats, seconds={}) == replace(found.stats, seconds={})
    assert plain.stats.abstained is False


def test_nothing_abstains_without_a_question():
    for query in (None, "", "  "):
        stats = engine(0.999999).compress(CHUNKS, query, max_tokens=20).stats
        assert (stats.abstained, stats.answerable) == (False, None)


@pytest.mark.parametrize("budget", [{"max_tokens": 20}, {"ratio": 0.5}, {"ratio": 1, "keep": 0.5}])
def test_of_no_chunks_nothing_is_asked(budget: dict[str, Any]):
    found = engine(0.999999, on_error="raise").compress([], QUERY, **budget)
    assert (found.text, found.answerable, found.stats.abstained) == ("", None, False)


def test_a_result_that_is_not_the_encoders_does_not_say():
    def count(text: str) -> int:
        return words(text)

    late = SemToken(
        encoder="static", token_counter=count, config=Config(min_relevance=0.999999, deadline=1e-5)
    ).compress(CHUNKS, QUERY, max_tokens=20)
    assert late.stats.fallback
    assert not late.stats.abstained


@pytest.mark.parametrize("value", [0, 1, -0.5, 1.5, float("nan")])
def test_bad_values_are_named(value: float):
    with pytest.raises(ValueError, match=f"min_relevance .*got {value!r}"):
        Config(min_relevance=value)


@pytest.mark.parametrize("fields", [{"encoder": HashEncoder()}, {"encoder": "static", "strategy": "lead"}])
def test_what_cannot_be_told_is_refused_at_once(fields: dict[str, Any]):
    with pytest.raises(ValueError, match=r"min_relevance=0\.5 needs a (calibration|strategy)"):
        SemToken(**fields, config=Config(min_relevance=0.5))


@pytest.mark.parametrize("chance", [0, 1, -0.5, "0.4", True, float("nan")])
def test_a_chance_that_is_none_is_refused_with_its_value(chance):
    with pytest.raises(ValueError, match=r"min_relevance must be in \(0, 1\), got"):
        Config(min_relevance=chance)


def test_the_best_document_has_text():
    documents = pytest.importorskip("langchain_core.documents")
    from langchain_semtoken import SemTokenCompressor

    compressor = SemTokenCompressor(encoder="static", min_relevance=0.999999, abstain="best", ratio=1)
    given = [documents.Document(text) for text in ("", "  ", "The tower opened in 1889. It rained.")]
    (best,) = compressor.compress_documents(given, "When?")
    assert best.page_content == given[2].page_content
