"""Embeddings that a RAG has already, as an encoder: those of LangChain and of LlamaIndex."""

from __future__ import annotations

import hashlib
import math
import re

import numpy as np
import pytest

from semtoken_rag import SemToken
from semtoken_rag.encoders.embeddings import EmbeddingsEncoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.stages.density import density
from semtoken_rag.stages.segment import build_units
from semtoken_rag.testing import check_encoder
from semtoken_rag.types import Chunk, Tokens

QUERY = "How tall is the Eiffel Tower?"
TEXTS = [
    "Paris is the capital of France. The Eiffel Tower is 330 metres tall. It rained.",
    "| city | river |\n| --- | --- |\n| Rome | Tiber |\n| Paris | Seine |",
]


def vector(text: str, size: int = 8) -> list[float]:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little")
    return np.random.default_rng(seed).standard_normal(size).tolist()


class LangChains:
    """Embeds as LangChain's ``Embeddings`` do, and notes what for."""

    model = "tiny"

    def __init__(self):
        self.batches, self.asked = [], []

    def embed_documents(self, texts):
        self.batches.append(texts)
        return [vector(text) for text in texts]

    def embed_query(self, text):
        self.asked.append(text)
        return vector("asked: " + text)


class LlamaIndexes:
    """Embeds as LlamaIndex's ``BaseEmbedding`` does."""

    model_name = "tiny"

    def get_text_embedding_batch(self, texts):
        return [vector(text) for text in texts]

    def get_query_embedding(self, query):
        return vector("asked: " + query)


@pytest.mark.parametrize("embeddings", [LangChains(), LlamaIndexes()], ids=lambda e: type(e).__name__)
def test_it_is_an_encoder(embeddings):
    check_encoder(resolve_encoder(embeddings))


def test_frameworks_own_classes_are_taken():
    core = pytest.importorskip("langchain_core.embeddings")
    llama = pytest.importorskip("llama_index.core")
    for embeddings in (core.DeterministicFakeEmbedding(size=8), llama.MockEmbedding(8)):
        context = SemToken(encoder=embeddings, on_error="raise").compress(TEXTS, QUERY, ratio=0.4)
        assert "330 metres tall" in context.text
        assert context.stats.encoder.startswith(f"embeddings:{type(embeddings).__name__}")


def test_all_sentences_of_a_call_are_one_batch_without_doubles():
    embeddings = LangChains()
    SemToken(encoder=embeddings, on_error="raise").compress([*TEXTS, TEXTS[0]], QUERY, ratio=0.4)
    (batch,) = embeddings.batches
    assert batch == [
        *("Paris is the capital of France.", "The Eiffel Tower is 330 metres tall.", "It rained."),
        *("| city | river |\n| --- | --- |", "| Rome | Tiber |", "| Paris | Seine |"),
    ]
    assert embeddings.asked == [QUERY]


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_cosine_is_the_weighted_mean_of_sentences_and_tokens(weight):
    (made,) = EmbeddingsEncoder(LangChains(), weight=weight).encode(TEXTS[:1], ["Paris"])
    (own,) = default_static_encoder().encode(TEXTS[:1], ["Paris"])
    found = [np.array(vector(part)) for part in (TEXTS[0][:31], TEXTS[0][32:68], TEXTS[0][69:])]
    unit = np.array([v / np.linalg.norm(v) for v in found])
    sentence = np.searchsorted([31, 68], own.offsets[:, 0])
    expected = weight * (unit @ unit.T)[sentence][:, sentence] + (1 - weight) * own.vectors @ own.vectors.T
    np.testing.assert_allclose(made.vectors @ made.vectors.T, expected, atol=1e-5)
    np.testing.assert_array_equal(made.offsets, own.offsets)
    title = np.array(vector("Paris"))
    np.testing.assert_allclose(
        made.title_vectors[0, :8], weight**0.5 * title / np.linalg.norm(title), atol=1e-6
    )


def test_units_spread_though_all_tokens_of_a_sentence_have_one_embedding():
    tokens = Tokens.concatenate(EmbeddingsEncoder(LangChains()).encode(TEXTS[:1], [""]))
    units = build_units([Chunk(TEXTS[0])], tokens)
    assert len(np.unique(density(tokens, units).round(4))) == len(units) == 3


def test_a_store_keeps_them_apart_by_model_and_weight():
    plain, heavier, other = LangChains(), LangChains(), LangChains()
    other.model = "other"
    made = [EmbeddingsEncoder(plain), EmbeddingsEncoder(heavier, weight=0.7), EmbeddingsEncoder(other)]
    assert len({encoder.fingerprint for encoder in made}) == 3
    assert EmbeddingsEncoder(plain, name="mine").name == "embeddings:mine"
    engine = SemToken(encoder=plain, store="memory://", on_error="raise")
    engine.annotate(TEXTS)
    plain.batches.clear()
    assert engine.compress(TEXTS, QUERY, ratio=0.4).stats.stored == 2
    assert plain.batches == []


class Faulty(LangChains):
    """Does something to what it returns."""

    def __init__(self, fault):
        super().__init__()
        self.fault = fault

    def embed_documents(self, texts):
        return self.fault(super().embed_documents(texts))


def without_last(vectors):
    return vectors[:-1]


def ragged(vectors):
    return [vectors[0][:-1], *vectors[1:]]


def not_a_number(vectors):
    return [[math.nan] * 8, *vectors[1:]]


FAULTS = {
    without_last: r"returned 5 vectors of \[8\] numbers for 6 texts",
    ragged: r"returned 6 vectors of \[7, 8\] numbers for 6 texts",
    (lambda vectors: [[]] * len(vectors)): r"returned 6 vectors of \[0\] numbers",
    (lambda vectors: None): r"ValueError: embeddings:.* must return lists of numbers, got NoneType",
    (lambda vectors: [None] * len(vectors)): r"must return a list of numbers for a text, got shape \(\)",
    (lambda vectors: [[vector] for vector in vectors]): r"list of numbers for a text, got shape \(1, 8\)",
    (lambda vectors: [[1j] * 8] * len(vectors)): r"must return lists of numbers, got list \[\[1j",
    not_a_number: "returned vectors that are not finite",
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.items())
def test_what_is_wrong_with_embeddings_is_the_reason_of_the_fallback(fault, said):
    context = SemToken(encoder=Faulty(fault)).compress(TEXTS, QUERY, ratio=0.4)
    assert context.text
    assert re.search(said, context.stats.fallback)


def test_vectors_may_come_one_by_one():
    one_by_one = SemToken(encoder=Faulty(iter), on_error="raise").compress(TEXTS, QUERY, ratio=0.4)
    assert one_by_one.text == SemToken(encoder=LangChains()).compress(TEXTS, QUERY, ratio=0.4).text


def test_another_width_than_before_is_refused():
    encoder = EmbeddingsEncoder(LangChains())
    encoder.encode(TEXTS, ["", ""])
    encoder._embeddings.embed_query = lambda text: [1.0] * 9
    with pytest.raises(ValueError, match=r"returned 1 vectors of \[9\] numbers for 1 texts, of 8 before"):
        encoder.encode_question(QUERY)


def test_nothing_is_promised_of_them():
    engine = SemToken(encoder=LangChains(), on_error="raise")
    assert engine.compress(TEXTS, QUERY, ratio=0.4).stats.confidence is None
    with pytest.raises(
        ValueError, match=r"keep=0\.9 needs a calibration of the encoder 'embeddings:LangChains/tiny'"
    ):
        engine.compress(TEXTS, QUERY, ratio=0.4, keep=0.9)


@pytest.mark.parametrize("weight", [-0.1, 1.5, math.nan])
def test_a_weight_out_of_range_is_refused(weight):
    with pytest.raises(ValueError, match=r"weight must be in \[0, 1\], got"):
        EmbeddingsEncoder(LangChains(), weight=weight)


def test_what_has_no_such_methods_is_refused():
    with pytest.raises(ValueError, match="embeddings must have embed_documents and embed_query or "):
        EmbeddingsEncoder(object())
