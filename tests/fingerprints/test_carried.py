"""Fingerprints that chunks carry with them: the same results from the question's pass alone, and no trust."""

from __future__ import annotations

import base64
import logging
import zlib
from dataclasses import replace

import numpy as np
import pytest

from semtoken_rag import Chunk, SemToken
from semtoken_rag.fingerprints.format import HEADER, MAGIC
from semtoken_rag.testing import HashEncoder
from tests.support.encoders import Counting

QUERY = "How tall is the Eiffel Tower?"
CHUNKS = [
    Chunk("Paris is the capital of France. The Eiffel Tower is 330 metres tall.", title="Paris"),
    Chunk("Bread is made of flour. The dough rests for an hour.\n- flour\n- water", title="Bread"),
    Chunk("| city | river |\n| --- | --- |\n| Rome | Tiber |\n| Paris | Seine |", headings=("Rivers",)),
    Chunk(""),
]
KEY = 20  # bytes of the key in front


class Untouched:
    """A store that must not be asked."""

    def mget(self, keys):
        raise AssertionError(keys)

    mset = mdelete = yield_keys = mget


def as_text(carried: bytes) -> str:
    return base64.b64encode(carried).decode()


def carrying(engine: SemToken, chunks=CHUNKS, form=bytes) -> list[Chunk]:
    return [replace(c, fingerprint=form(f)) for c, f in zip(chunks, engine.fingerprints(chunks), strict=True)]


def what(context):
    return context.text, context.chunks, context.units


@pytest.mark.parametrize("form", [bytes, as_text])
@pytest.mark.parametrize("store", [None, Untouched()], ids=["no store", "a store"])
@pytest.mark.parametrize("query", [QUERY, None])
def test_a_query_encodes_the_question_alone_and_gives_the_same(form, store, query):
    encoder = Counting()
    engine = SemToken(encoder=encoder, store=store, on_error="raise")
    given = carrying(engine, form=form)
    encoder.texts.clear()
    got = engine.compress(given, query, max_tokens=20)
    assert encoder.texts == [query or "width"]
    expected = SemToken(encoder=Counting()).compress(CHUNKS, query, max_tokens=20)
    assert what(got) == what(expected)
    assert (got.stats.stored, got.stats.store_failure) == (len(CHUNKS), None)


def test_a_later_call_without_a_question_encodes_nothing():
    encoder = Counting()
    engine = SemToken(encoder=encoder, on_error="raise")
    given = carrying(engine)
    engine.compress(given, QUERY, max_tokens=20)
    encoder.texts.clear()
    engine.compress(given, None, max_tokens=20)
    assert encoder.texts == []


def test_chunks_with_and_without_one_may_be_mixed():
    encoder = Counting()
    engine = SemToken(encoder=encoder, store="memory://", on_error="raise")
    first, *others = carrying(engine)
    engine.annotate(CHUNKS[1:2])
    encoder.texts.clear()
    got = engine.compress([first, *CHUNKS[1:]], QUERY, max_tokens=20)
    assert encoder.texts == [CHUNKS[2].text, CHUNKS[3].text, QUERY]
    assert got.stats.stored == 2
    assert what(got) == what(engine.compress([first, *others], QUERY, max_tokens=20))


def test_doubles_get_the_same_one_in_their_places():
    engine = SemToken(encoder="static")
    one, two, again = engine.fingerprints([CHUNKS[0], CHUNKS[1], CHUNKS[0]])
    assert one == again != two
    assert engine.fingerprints([]) == []


def older(carried: bytes) -> bytes:
    """The same in a former format, its checksum right."""
    value = carried[KEY:]
    assert value.startswith(MAGIC)
    return carried[:KEY] + b"STF4" + value[4:]


def forged(carried: bytes) -> bytes:
    """One that announces other tokens than it has, its checksum right."""
    magic, _, *counts = HEADER.unpack_from(carried, KEY)
    body = carried[KEY + HEADER.size :] + b"\0" * 12
    return carried[:KEY] + HEADER.pack(magic, zlib.crc32(body), *counts) + body


DAMAGED = {
    "cut": lambda f: f[:-7],
    "cut to the key": lambda f: f[:KEY],
    "empty": lambda f: b"",
    "a bit flipped": lambda f: f[:60] + bytes([f[60] ^ 1]) + f[61:],
    "an older format": older,
    "forged": forged,
    "cut text": lambda f: as_text(f)[:101],
    "no base64": lambda f: "a note of somebody else's",
    "a lone surrogate": lambda f: "\ud800" + as_text(f),
    "empty text": lambda f: "",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_one_is_computed_anew_and_said(damage, caplog):
    engine = SemToken(encoder="static", on_error="raise")
    expected = engine.compress(CHUNKS, QUERY, max_tokens=20)
    given = carrying(engine)
    given[0] = replace(given[0], fingerprint=damage(given[0].fingerprint))
    with caplog.at_level(logging.WARNING):
        got = engine.compress(given, QUERY, max_tokens=20)
    assert what(got) == what(expected)
    assert got.stats.stored == len(CHUNKS) - 1
    assert "1 of 4 carried fingerprints are computed anew" in caplog.text


CHANGED = {
    "text": {"text": "Paris is the capital of France. The Eiffel Tower is 312 metres tall."},
    "title": {"title": "Rome"},
    "headings": {"headings": ("Towers",)},
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_one_of_a_chunk_that_was_edited_is_computed_anew(changed, caplog):
    engine = SemToken(encoder="static", on_error="raise")
    given = carrying(engine)
    edited = [replace(given[0], **changed), *given[1:]]
    with caplog.at_level(logging.WARNING):
        got = engine.compress(edited, QUERY, max_tokens=20)
    plain = [replace(c, fingerprint=None) for c in edited]
    assert what(got) == what(engine.compress(plain, QUERY, max_tokens=20))
    assert got.stats.stored == len(CHUNKS) - 1
    assert "of another text, title, encoder or format" in caplog.text


def test_those_of_another_encoder_are_computed_anew_and_said_once(caplog):
    given = carrying(SemToken(encoder=HashEncoder()))
    engine = SemToken(encoder="static", on_error="raise")
    with caplog.at_level(logging.WARNING):
        got = engine.compress(given, QUERY, max_tokens=20)
    assert what(got) == what(engine.compress(CHUNKS, QUERY, max_tokens=20))
    assert got.stats.stored == 0
    assert [record.getMessage() for record in caplog.records] == [
        "4 of 4 carried fingerprints are computed anew, the first: "
        "one of another text, title, encoder or format"
    ]


class Wide(Counting):
    """Another version of the encoder above, of the same name."""

    def encode(self, texts, titles):
        def twice(vectors):
            return np.concatenate([vectors, vectors], 1) / np.float32(2**0.5)

        return [
            replace(e, vectors=twice(e.vectors), title_vectors=twice(e.title_vectors))
            for e in super().encode(texts, titles)
        ]


def test_those_of_another_version_of_the_encoder_are_computed_anew():
    given = carrying(SemToken(encoder=Wide()))
    got = SemToken(encoder=Counting(), on_error="raise").compress(given, QUERY, max_tokens=20)
    assert what(got) == what(SemToken(encoder=Counting()).compress(CHUNKS, QUERY, max_tokens=20))
    assert got.stats.stored == 0


def test_a_chunk_is_shown_and_compared_without_it():
    chunk = carrying(SemToken(encoder="static"))[0]
    assert "fingerprint" not in repr(chunk)
    assert chunk == CHUNKS[0]


@pytest.mark.parametrize("value", [1, ["a"], np.zeros(3)])
def test_what_can_be_none_is_refused(value):
    with pytest.raises(ValueError, match=r"Chunk\.fingerprint must be bytes, str or None, got "):
        Chunk("a", fingerprint=value)
