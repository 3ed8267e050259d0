"""Fingerprints that a store keeps: the same results, fewer forward passes, no trust in what is damaged."""

from __future__ import annotations

import logging
import re
import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.arrays import unit_length
from semtoken_rag.encoders.quantize import pack, unpack
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.fingerprints.base import Fingerprint
from semtoken_rag.fingerprints.format import HEADER, decode, from_bytes, to_bytes
from semtoken_rag.fingerprints.stored import StoredFingerprinter
from semtoken_rag.stages.segment import Segment, segment
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Encoding, Tokens
from tests.support.encoders import Counting

QUERY = "How tall is the Eiffel Tower?"
CHUNKS = [
    Chunk("Paris is the capital of France. The Eiffel Tower is 330 metres tall.", title="Paris"),
    Chunk("Bread is made of flour. The dough rests for an hour.\n- flour\n- water", title="Bread"),
    Chunk("| city | river |\n| --- | --- |\n| Rome | Tiber |\n| Paris | Seine |"),
    Chunk(""),
]


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


class Version(HashEncoder):
    """One of several versions of an encoder, all of one name."""

    name = "mine"

    def __init__(self, width: int = 16, pattern: str = r"\w+|[^\w\s]") -> None:
        super().__init__()
        self.width, self.pattern, self.texts = width, pattern, []

    def count(self, text):
        return len(re.findall(self.pattern, text))

    def _one(self, text):
        found = list(re.finditer(self.pattern, text))
        ids = np.array([zlib.crc32(m.group().encode()) % 999 for m in found], np.int64)
        vectors = unit_length(np.cos(np.outer(ids + 1, np.arange(1, self.width + 1))).astype(np.float32))
        return ids, np.array([m.span() for m in found], np.int64).reshape(-1, 2), vectors

    def encode(self, texts, titles):
        self.texts += texts
        return [
            Encoding(*self._one(text), self._one(title)[0], self._one(title)[2])
            for text, title in zip(texts, titles, strict=True)
        ]


OTHER = {"another width": Version(8), "finer tokens": Version(pattern=r"\S"), "both": Version(8, r"\S")}


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("query", [QUERY, None])
@pytest.mark.parametrize("left", [slice(1), slice(None)], ids=["one", "all"])
def test_what_another_version_of_the_encoder_left_is_computed_anew_and_replaced(other, query, left):
    store, encoder = MemoryStore(), Version()
    SemToken(encoder=other, store=store).annotate(CHUNKS[left])
    expected = SemToken(encoder=encoder).compress(CHUNKS, query, ratio=0.4)
    engine = SemToken(encoder=encoder, store=store, on_error="raise")
    first, again = (engine.compress(CHUNKS, query, ratio=0.4) for _ in range(2))
    for got in (first, again):
        assert (got.text, got.stats.budget) == (expected.text, expected.stats.budget)
    empty = sum(not chunk.text for chunk in CHUNKS[left]) if other.width == encoder.width else 0
    assert (first.stats.stored, again.stats.stored) == (empty, len(CHUNKS))


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_annotate_replaces_what_another_version_left(other):
    store, chunks = MemoryStore(), CHUNKS[:2]
    SemToken(encoder=other, store=store).annotate(chunks)
    engine = SemToken(encoder=Version(), store=store)
    assert [engine.annotate(chunks) for _ in range(2)] == [2, 0]
    assert engine.compress(chunks, QUERY, ratio=0.4).stats.stored == 2


def test_a_forged_width_is_noticed():
    store = MemoryStore()
    engine = SemToken(encoder="static", store=store, on_error="raise")
    expected = engine.compress(CHUNKS, QUERY, max_tokens=20)
    keys = list(store.yield_keys())
    for key, value in zip(keys, store.mget(keys), strict=True):
        *head, d = HEADER.unpack_from(value)
        store.mset([(key, HEADER.pack(*head, d - 1) + value[HEADER.size :])])  # as many bytes a vector
    again = engine.compress(CHUNKS, QUERY, max_tokens=20)
    assert (again.text, again.stats.stored) == (expected.text, 0)
    assert engine.compress(CHUNKS, None, max_tokens=20).stats.stored == len(CHUNKS)


def test_a_warm_call_counts_the_tokens_of_a_text_once():
    class Asked(Version):
        def count(self, text):
            counted.append(text)
            return super().count(text)

    store, counted = MemoryStore(), []
    SemToken(encoder=Version(), store=store).annotate(CHUNKS)
    engine, calls = SemToken(encoder=Asked(), store=store), []
    for _ in range(3):
        counted.clear()
        engine.compress(CHUNKS, QUERY, ratio=0.4)
        calls.append(Counter(counted))
    assert calls[0] - calls[1] == Counter(chunk.text for chunk in CHUNKS)
    assert calls[1] == calls[2]
