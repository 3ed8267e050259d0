"""Originals stay within reach: bounded, by a reference that follows from the text."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag import SemToken
from semtoken_rag.agents import Originals, UnknownRef, expand
from semtoken_rag.store import MemoryStore
from tests.support.samples import BREAD, PARIS, QUERY, words

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too


@given(ANY_TEXT, ANY_TEXT)
def test_what_is_put_is_got_and_the_same_text_has_the_same_ref(text: str, other: str):
    originals = Originals()
    ref = originals.put(text)
    assert originals.get(ref) == text
    assert Originals().put(text) == ref
    assert (originals.put(other) == ref) == (other == text)


def test_the_least_recently_used_text_leaves():
    originals = Originals(max_bytes=10)
    first, second = originals.put("1234"), originals.put("5678")
    originals.get(first)
    third = originals.put("9012")
    assert (originals.get(first), originals.get(third), originals.size) == ("1234", "9012", 8)
    with pytest.raises(UnknownRef, match=f"^no original is kept under ref '{second}'"):
        originals.get(second)


def test_a_store_has_what_memory_dropped_and_what_is_too_large_for_it():
    store = MemoryStore()
    originals = Originals(max_bytes=4, store=store)
    small, large = originals.put("1234"), originals.put("1234567890")
    originals.put("5678")
    for reader in (originals, Originals(store=store), copy.copy(originals)):
        assert (reader.get(small), reader.get(large)) == ("1234", "1234567890")


def test_a_pickle_has_the_bound_and_the_store_but_no_text(tmp_path):
    originals = Originals(8, store=f"sqlite:///{tmp_path / 'texts.db'}")
    ref = originals.put("1234")
    again = pickle.loads(pickle.dumps(originals))
    assert (again.max_bytes, again.size, again.get(ref)) == (8, 0, "1234")


def test_a_damaged_value_of_a_store_is_none():
    store = MemoryStore()
    ref = Originals(store=store).put("1234")
    (key,) = store.yield_keys()
    store.mset([(key, b"1235")])
    with pytest.raises(KeyError, match=ref):
        Originals(store=store).get(ref)


@pytest.mark.parametrize("ref", ["", "0000", None, 7, b"x", "x" * 1000])
def test_an_unknown_ref_is_one_clear_sentence(ref):
    with pytest.raises(UnknownRef) as caught:
        Originals().get(ref)
    assert str(caught.value).startswith("no original is kept under ref ")
    assert len(str(caught.value)) < 200


def test_bad_arguments_are_refused_with_their_value():
    for bad in (0, -1, True, "1"):
        with pytest.raises(ValueError, match=f"max_bytes must be an int of at least 1, got {bad!r}"):
            Originals(max_bytes=bad)
    with pytest.raises(ValueError, match="text must be a str, got bytes: b'x'"):
        Originals().put(b"x")
    with pytest.raises(ValueError, match="at most max_bytes=3 in UTF-8, got 4"):
        Originals(3).put("1234")


def test_threads_share_one_object():
    originals = Originals()
    with ThreadPoolExecutor(8) as pool:
        refs = list(pool.map(lambda i: originals.put(f"text {i % 10}"), range(200)))
    assert [originals.get(ref) for ref in refs] == [f"text {i % 10}" for i in range(200)]
    assert originals.size == 60


def test_expand_gives_what_the_question_asks_for_or_all():
    originals, engine = Originals(), SemToken(encoder="static", token_counter=words)
    text = f"{BREAD} {PARIS}"
    ref = originals.put(text)
    found = expand(originals, ref, engine=engine, query=QUERY, max_tokens=12)
    assert "The Eiffel Tower is 330 metres tall." in found
    assert words(found) <= 12
    assert expand(originals, ref, engine=engine, query=QUERY, max_tokens=1000) == text
    assert expand(originals, ref, engine=engine) == text
    for bad in (0, True, 1.5):
        with pytest.raises(ValueError, match=f"max_tokens must be an int of at least 1, got {bad!r}"):
            expand(originals, ref, engine=engine, query=QUERY, max_tokens=bad)
    with pytest.raises(UnknownRef):
        expand(originals, "0000", engine=engine)
