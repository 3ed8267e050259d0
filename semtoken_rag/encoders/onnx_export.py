"""Write a BERT of transformers as an ONNX file that needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtoken_rag.encoders.onnx_write import BITS, Shape, write

if TYPE_CHECKING:
    import torch


def export(module: torch.nn.Module, tokenizer: Any, path: Path, *, name: str, bits: int = BITS) -> None:
    """Write an encoder to a file that `semtoken_rag.encoders.onnx.OnnxEncoder` reads.

    The same module gives the same bytes.

    Parameters
    ----------
    module
        A BERT of transformers.
    tokenizer
        Its tokenizer, one of transformers with a ``backend_tokenizer``.
    path
        The ``.onnx`` file; its folder is made if it is missing.
    name
        Name of the vectors in stats and stores.
    bits
        Bits of a weight, see `semtoken_rag.encoders.onnx_write.write`.

    Raises
    ------
    ImportError
        If onnx is missing; the message names the extra.
    ValueError
        If the module is no BERT, or ``bits`` is out of range.
    """
    config: Any = module.config
    names = (("model_type", ""), ("hidden_act", ""), ("position_embedding_type", "absolute"))
    kind = tuple(getattr(config, *each) for each in names)
    if kind != ("bert", "gelu", "absolute"):
        raise ValueError(f"only a BERT with gelu and absolute positions can be exported, got {kind}")
    weights = {key: value.detach().float().cpu().numpy() for key, value in module.state_dict().items()}
    shape = Shape(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        width=config.hidden_size,
        places=config.max_position_embeddings,
        epsilon=config.layer_norm_eps,
    )
    write(weights, shape, tokenizer.backend_tokenizer, path, name=name, bits=bits)
