from __future__ import annotations

import pytest

from semtoken_rag.paper.efficiency import (
    GPT_J_6B,
    GPT_NEOX_20B,
    LLAMA_2_7B,
    SHAPES,
    Shape,
    compute_gain,
    memory_gain,
    stacked_gain,
)


@pytest.mark.parametrize(("ratio", "gain"), [(0.3, 3.33), (0.5, 2.0), (1.0, 1.0)])
def test_the_papers_range(ratio, gain):
    assert compute_gain(ratio) == memory_gain(ratio) == pytest.approx(gain, abs=0.01)


def test_the_papers_stack_is_a_product():
    """1.6 times the gains of r = .5 and .3: the paper's 3.2 to 5.3."""
    assert stacked_gain(0.5, 1.6) == pytest.approx(3.2)
    assert stacked_gain(0.3, 1.6) == pytest.approx(5.3, abs=0.04)


@pytest.mark.parametrize("ratio", [0, -1, 1.1])
def test_a_share_out_of_range(ratio):
    for gain in (compute_gain, memory_gain):
        with pytest.raises(ValueError, match="ratio"):
            gain(ratio)
    with pytest.raises(ValueError, match="ratio"):
        stacked_gain(ratio, 1)


def test_an_attention_gain_of_nothing():
    with pytest.raises(ValueError, match="attention_gain"):
        stacked_gain(0.5, 0)


@pytest.mark.parametrize(("shape", "billions"), [(LLAMA_2_7B, 6.6), (GPT_J_6B, 5.8), (GPT_NEOX_20B, 20.2)])
def test_published_sizes(shape, billions):
    """Of the models' published parameters, less the input embeddings."""
    assert shape.weights / 1e9 == pytest.approx(billions, rel=0.02)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ratio", [0.5, 0.4, 0.25])
def test_kv_bytes_gain_all_of_it_and_decoding_less(shape, ratio):
    tokens = 8000
    assert shape.kv_bytes(round(ratio * tokens)) / shape.kv_bytes(tokens) == pytest.approx(ratio)
    assert 1 < shape.decode_gain(4000, ratio) < shape.decode_gain(32000, ratio) < 1 / ratio
    assert 1 / ratio < shape.prefill_gain(4000, ratio) < shape.prefill_gain(32000, ratio)


def test_grouped_queries_shrink_the_cache():
    full, grouped = (Shape("", 2, 8, 4, h, 2, 16, 10) for h in (4, 1))
    assert full.kv_bytes(10) == 4 * grouped.kv_bytes(10)


def test_a_shape_counts_what_a_model_has():
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    config = transformers.LlamaConfig(
        vocab_size=50, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=False,
    )  # fmt: skip
    with torch.device("meta"):
        model = transformers.LlamaForCausalLM(config)
    matrices = sum(p.numel() for p in model.parameters() if p.ndim == 2)
    shape = Shape("", 2, 16, 4, 2, 4, 24, 50, gated=True)
    assert shape.weights == matrices - 50 * 16
