"""What every encoder keeps to, and the one that reads a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from semtoken_rag.arrays import unit_length
from semtoken_rag.encoders.base import Encoder, encode
from semtoken_rag.encoders.static import StaticEncoder, default_static_encoder
from semtoken_rag.encoders.tokenizer import PARALLEL
from semtoken_rag.testing import HashEncoder
from semtoken_rag.text.encodable import encodable

VOCABULARY = ("[UNK]", "tower", "rain", "##y", ".", "你", "void")
TABLE = [[1, 1], [3, 4], [0, 2], [-2, 0], [1, 0], [0, -5], [0, 0]]
ANY = st.text(st.characters(codec=None), max_size=60)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> StaticEncoder:
    folder = tmp_path_factory.mktemp("table") / "tiny"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY), encoding="utf-8")
    np.save(folder / "table.npy", np.array(TABLE, np.int8))
    np.save(folder / "scale.npy", np.array([1, 1], np.float32))
    return StaticEncoder(folder)


def test_each_token_has_its_row_at_length_1(tiny):
    [got] = tiny.encode(["Tower rainy."], [""])
    assert got.ids.tolist() == [1, 2, 3, 4]
    assert got.offsets.tolist() == [[0, 5], [6, 10], [10, 11], [11, 12]]
    np.testing.assert_allclose(got.vectors, [[0.6, 0.8], [0, 1], [-1, 0], [1, 0]], rtol=1e-6)
    assert got.vectors.dtype == np.float32


def test_the_scale_undoes_the_quantisation(tmp_path: Path):
    (tmp_path / "vocab.txt").write_text("[UNK]\ntower", encoding="utf-8")
    np.save(tmp_path / "table.npy", np.array([[0, 0], [3, 8]], np.int8))
    np.save(tmp_path / "scale.npy", np.array([1, 0.5], np.float32))
    [got] = StaticEncoder(str(tmp_path)).encode(["tower"], [""])
    np.testing.assert_allclose(got.vectors, [[0.6, 0.8]], rtol=1e-6)


def test_unknown_words_take_the_unknown_row_and_zeros_stay_zeros(tiny):
    [got] = tiny.encode(["zebra void"], [""])
    assert got.ids.tolist() == [0, 6]
    np.testing.assert_allclose(got.vectors, [[0.5**0.5, 0.5**0.5], [0, 0]], rtol=1e-6)


def test_a_title_has_tokens_of_its_own_and_changes_no_others(tiny):
    bare, titled = tiny.encode(["tower", "tower"], ["", "rain."])
    np.testing.assert_array_equal(bare.vectors, titled.vectors)
    assert (bare.title_ids.shape, bare.title_vectors.shape) == ((0,), (0, 2))
    assert titled.title_ids.tolist() == [2, 4]
    np.testing.assert_allclose(titled.title_vectors, [[0, 1], [1, 0]])


def test_no_text_and_empty_texts_are_no_obstacle(tiny):
    assert tiny.encode([], []) == []
    [got] = tiny.encode([""], [""])
    assert (got.ids.shape, got.offsets.shape, got.vectors.shape) == ((0,), (0, 2), (0, 2))


def test_it_is_named_by_its_folder_and_a_missing_one_is_an_error(tiny, tmp_path):
    assert tiny.name == "static:tiny"
    with pytest.raises(FileNotFoundError):
        StaticEncoder(tmp_path / "none")


def test_a_large_batch_gives_what_single_texts_give(tiny):
    texts = ["tower rain. " * 1000, "你 tower", "", "rainy " * 3000]
    assert sum(map(len, texts)) > PARALLEL
    for text, got in zip(texts, tiny.encode(texts, [""] * 4), strict=True):
        [alone] = tiny.encode([text], [""])
        np.testing.assert_array_equal(got.ids, alone.ids)
        np.testing.assert_array_equal(got.offsets, alone.offsets)
        np.testing.assert_array_equal(got.vectors, alone.vectors)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你tower", ["你", "tower"]),
        ("\ud800 tower", ["tower"]),  # BERT's normaliser drops U+FFFD, which stands in for a surrogate
        ("你\ud800\x00 tower", ["你", "tower"]),
        ("\r\ntower\r\n", ["tower"]),
        ("\U0001f600 tower", ["\U0001f600", "tower"]),
        ("برج tower", ["برج", "tower"]),
    ],
)
def test_offsets_slice_the_text_as_it_was_given(tiny, text, expected):
    [got] = tiny.encode([text], [""])
    assert [text[a:b] for a, b in got.offsets] == expected


@settings(deadline=None)
@given(text=ANY, title=ANY)
def test_the_shipped_table_takes_any_text(text, title):
    encoder = default_static_encoder()
    [got] = encode(encoder, [text], [title])
    assert len(got.ids) == len(got.offsets) == len(got.vectors) == encoder.count(text)
    assert len(got.title_ids) == len(got.title_vectors) == encoder.count(title)
    starts, ends = got.offsets.T
    assert ((starts >= 0) & (starts <= ends) & (ends <= len(text))).all()
    assert (np.diff(starts) >= 0).all()
    norms = np.linalg.norm(np.concatenate([got.vectors, got.title_vectors]), axis=1)
    assert (np.isclose(norms, 1, atol=1e-4) | (norms == 0)).all()


def test_the_shipped_table_knows_what_belongs_together():
    [got] = default_static_encoder().encode(["king queen carrot"], [""])
    king, queen, carrot = got.vectors
    assert king @ queen > king @ carrot


def test_the_shipped_table_is_loaded_once():
    assert default_static_encoder() is default_static_encoder()
    assert default_static_encoder().name == "static:static"


@pytest.mark.parametrize("encoder", [HashEncoder(), default_static_encoder()], ids=lambda e: e.name)
def test_an_encoder_is_what_has_its_methods(encoder):
    assert isinstance(encoder, Encoder)
    assert not isinstance(object(), Encoder)


class Faulty(HashEncoder):
    def __init__(self):
        super().__init__()
        self.name = "faulty"

    def encode(self, texts, titles):
        encodings = super().encode(texts, titles)
        encodings[-1].vectors[-1, 0] = np.nan
        return encodings


def test_vectors_that_are_not_finite_raise_and_name_the_encoder():
    assert len(encode(HashEncoder(), ["a b", "c"], ["", ""])) == 2
    with pytest.raises(FloatingPointError, match="faulty"):
        encode(Faulty(), ["a b", "c"], ["", ""])


def test_unit_length_by_hand():
    rows = np.array([[3, 4], [0, 0], [-2, 0]], np.float32)
    np.testing.assert_allclose(unit_length(rows), [[0.6, 0.8], [0, 0], [-1, 0]], rtol=1e-6)
    assert rows[0].tolist() == [3, 4]
    assert unit_length(rows[:0]).shape == (0, 2)


@settings(deadline=None)
@given(rows=arrays(np.float32, (4, 3), elements=st.floats(-100, 100, width=16)))
def test_rows_are_scaled_to_length_1_without_turning(rows):
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(unit_length(rows) * norm, rows, rtol=1e-4, atol=1e-6)


@settings(deadline=None)
@given(text=ANY)
def test_encodable_text_has_the_same_length_and_differs_in_surrogates_only(text):
    clean = encodable(text)
    clean.encode("utf-8")
    assert len(clean) == len(text)
    for before, after in zip(text, clean, strict=True):
        assert after == ("\ufffd" if "\ud800" <= before <= "\udfff" else before)
