"""Fingerprints that a store keeps: the same results, fewer forward passes, no trust in what is damaged."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.encoders.quantize import pack, unpack
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.fingerprints.base import Fingerprint
from semtoken_rag.fingerprints.format import HEADER, decode, from_bytes, to_bytes
from semtoken_rag.fingerprints.stored import StoredFingerprinter
from semtoken_rag.stages.segment import Segment, segment
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.types import Tokens

QUERY = "How tall is the Eiffel Tower?"
CHUNKS = [
    Chunk("Paris is the capital of France. The Eiffel Tower is 330 metres tall.", title="Paris"),
    Chunk("Bread is made of flour. The dough rests for an hour.\n- flour\n- water", title="Bread"),
    Chunk("| city | river |\n| --- | --- |\n| Rome | Tiber |\n| Paris | Seine |"),
    Chunk(""),
]


class Counting:
    """The static encoder, which counts what it encodes."""

    name = "counting"

    def __init__(self):
        self.inner, self.texts = resolve_encoder("static"), []

    def encode(self, texts, titles):
        self.texts += texts
        return self.inner.encode(texts, titles)

    def count(self, text):
        return self.inner.count(text)


class Broken:
    """A store of which nothing works."""

    def mget(self, keys):
        raise OSError("gone")

    def mset(self, key_value_pairs):
        raise OSError("gone")

    def mdelete(self, keys):
        raise OSError("gone")

    def yield_keys(self, *, prefix=None):
        raise OSError("gone")


def made(chunk: Chunk) -> Fingerprint:
    (encoding,) = resolve_encoder("static").encode([chunk.text], [chunk.title])
    return Fingerprint(encoding, segment(chunk.text))


@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_fingerprint_survives_its_bytes(chunk):
    given_ = made(chunk)
    (read,) = decode([from_bytes(to_bytes(given_), chunk.text)])
    for name in ("ids", "offsets", "title_ids"):
        np.testing.assert_array_equal(getattr(read.encoding, name), getattr(given_.encoding, name))
    for name in ("vectors", "title_vectors"):
        vectors = getattr(given_.encoding, name)
        np.testing.assert_array_equal(getattr(read.encoding, name), unpack(pack(vectors), 256))
    assert list(read.segments) == given_.segments


def test_values_are_decoded_together_as_each_alone_and_lie_end_to_end():
    values = [from_bytes(to_bytes(made(chunk)), chunk.text) for chunk in CHUNKS]
    together = [fingerprint.encoding for fingerprint in decode(values)]
    for value, encoding in zip(values, together, strict=True):
        (alone,) = decode([value])
        for name in ("ids", "offsets", "vectors", "title_ids", "title_vectors"):
            np.testing.assert_array_equal(getattr(encoding, name), getattr(alone.encoding, name))
    tokens = Tokens.concatenate(together)
    assert np.shares_memory(tokens.vectors, together[0].vectors)
    assert np.shares_memory(tokens.title_vectors, together[0].title_vectors)


def test_a_value_takes_at_most_160_bytes_a_token_of_384_dimensions():
    chunk = CHUNKS[0]
    encoding = made(chunk).encoding
    rng = np.random.default_rng(0)

    def wide(n):
        vectors = rng.standard_normal((n, 384)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    wider = type(encoding)(
        encoding.ids,
        encoding.offsets,
        wide(len(encoding.ids)),
        encoding.title_ids,
        wide(len(encoding.title_ids)),
    )
    value = to_bytes(Fingerprint(wider, segment(chunk.text)))
    assert len(value) <= 160 * (len(encoding.ids) + len(encoding.title_ids))


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_changed_byte_is_noticed(at, flip):
    value = bytearray(to_bytes(made(CHUNKS[0])))
    value[at % len(value)] ^= flip
    with pytest.raises(ValueError, match="bytes"):
        from_bytes(bytes(value), CHUNKS[0].text)


@given(value=st.binary(max_size=200))
def test_foreign_bytes_are_refused(value):
    with pytest.raises(ValueError, match="bytes"):
        from_bytes(value, "any text")


def test_a_value_of_a_longer_text_is_refused():
    with pytest.raises(ValueError, match="not of this text"):
        from_bytes(to_bytes(made(CHUNKS[0])), "short")


@pytest.mark.parametrize("query", [QUERY, None])
@pytest.mark.parametrize("budget", [5, 20, 40])
def test_warm_cold_and_half_warm_give_the_same_bytes(query, budget):
    cold = SemToken(encoder="static", store="memory://").compress(CHUNKS, query, max_tokens=budget)
    engine = SemToken(encoder="static", store="memory://")
    engine.annotate(CHUNKS[1:2])
    half = engine.compress(CHUNKS, query, max_tokens=budget)
    warm = engine.compress(CHUNKS, query, max_tokens=budget)
    assert (cold.stats.stored, half.stats.stored, warm.stats.stored) == (0, 1, len(CHUNKS))
    for other in (half, warm):
        assert (other.text, other.chunks, other.units) == (cold.text, cold.chunks, cold.units)


def test_a_warm_call_encodes_the_question_alone():
    encoder = Counting()
    engine = SemToken(encoder=encoder, store="memory://", on_error="raise")
    assert engine.annotate(CHUNKS) == len(CHUNKS)
    assert engine.annotate(CHUNKS) == 0
    encoder.texts.clear()
    engine.compress(CHUNKS, QUERY, max_tokens=20)
    assert encoder.texts == [QUERY]


def test_doubles_in_a_call_are_encoded_once():
    encoder = Counting()
    SemToken(encoder=encoder, store="memory://").compress([CHUNKS[0]] * 3, QUERY, max_tokens=20)
    assert encoder.texts == [CHUNKS[0].text, QUERY]


def test_keys_differ_by_text_title_and_encoder_and_hold_no_text():
    source = StoredFingerprinter(resolve_encoder("static"), MemoryStore())
    other = StoredFingerprinter(Counting(), MemoryStore())
    chunks = [Chunk("ab", title="c"), Chunk("a", title="bc"), Chunk("ab"), Chunk("abc"), Chunk("ab\ud800")]
    keys = [*source.keys(chunks), *other.keys(chunks)]
    assert len(set(keys)) == len(keys)
    assert all(set(key) <= set("0123456789abcdef") for key in keys)


def test_damaged_and_foreign_values_are_computed_anew(caplog):
    store = MemoryStore()
    engine = SemToken(encoder="static", store=store, on_error="raise")
    expected = engine.compress(CHUNKS, QUERY, max_tokens=20)
    good = dict(zip(keys := list(store.yield_keys()), store.mget(keys), strict=True))
    store.mset([(keys[0], b"\x80\x04foreign"), (keys[1], good[keys[1]][: HEADER.size + 3])])
    with caplog.at_level(logging.WARNING):
        again = engine.compress(CHUNKS, QUERY, max_tokens=20)
    assert again.text == expected.text
    assert again.stats.stored == len(CHUNKS) - 2
    assert caplog.text.count("computed anew") == 2
    assert dict(zip(keys, store.mget(keys), strict=True)) == good


def test_a_store_that_fails_is_passed_over(caplog):
    expected = SemToken(encoder="static", store="memory://").compress(CHUNKS, QUERY, max_tokens=20)
    engine = SemToken(encoder="static", store=Broken(), on_error="raise")
    with caplog.at_level(logging.WARNING):
        got = engine.compress(CHUNKS, QUERY, max_tokens=20)
    assert (got.text, got.stats.fallback) == (expected.text, None)
    assert got.stats.store_failure == "the store could not be read: OSError: gone"
    assert caplog.text.count("could not be read") == 1
    with pytest.raises(OSError, match="gone"):
        engine.annotate(CHUNKS)


def test_another_segmenter_finds_its_own_segments_in_a_shared_store():
    store = MemoryStore()
    SemToken(encoder="static", store=store).annotate(CHUNKS[:1])
    whole = Config(segmenter=lambda text: [Segment(0, len(text), "all")])
    got = SemToken(encoder="static", store=store, config=whole).compress(CHUNKS[:1], QUERY, max_tokens=8)
    assert got.stats.stored == 1
    assert [u.kind for u in got.units] == ["all"]


def test_annotate_needs_a_store():
    with pytest.raises(ValueError, match="store=None"):
        SemToken(encoder="static").annotate(CHUNKS)
