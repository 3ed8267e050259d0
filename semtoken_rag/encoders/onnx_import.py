"""Read the weights of a file that `semtoken_rag.encoders.onnx_export` wrote, for torch."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from semtoken_rag._internal.optional import require
from semtoken_rag.encoders.onnx_model import LONGEST, NAME, TOKENIZER
from semtoken_rag.encoders.onnx_write import JOINT, PLACES, SCALE, WORDS
from semtoken_rag.types import FloatArray

if TYPE_CHECKING:
    import torch


def load_bert(path: Path) -> tuple[str, torch.nn.Module, Any]:
    """Load an encoder as a module of torch, with the weights as they were rounded.

    Parameters
    ----------
    path
        An ``.onnx`` file that ``semtoken train`` wrote.

    Returns
    -------
    name, module, tokenizer
        Name of the vectors; a BERT and a tokenizer of transformers.

    Raises
    ------
    ImportError
        If onnx, torch or transformers is missing; the message names the extra.
    ValueError
        If it is no such file.
    """
    onnx, torch = require("onnx", extra="offline"), require("torch", extra="torch")
    transformers = require("transformers", extra="torch")
    try:
        model = onnx.load(str(path))
    except Exception as error:  # of several classes, which share no base
        raise ValueError(f"encoder {str(path)!r} cannot be read: {error!s:.200}") from error
    about = {each.key: each.value for each in model.metadata_props}
    if not {NAME, TOKENIZER, LONGEST} <= about.keys():
        raise ValueError(f"encoder {str(path)!r} is no file of `semtoken train`: it has no tokenizer in it")
    if WORDS not in {each.name for each in model.graph.initializer}:
        raise ValueError(f"encoder {str(path)!r} was written by an older version, without names of weights")
    weights = _weights(onnx, model.graph)
    module = transformers.BertModel(_config(transformers, model.graph, weights), add_pooling_layer=False)
    module.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return f"{about[NAME]}:{digest}", module, _tokenizer(transformers, about[TOKENIZER], int(about[LONGEST]))


def _weights(onnx: Any, graph: Any) -> dict[str, FloatArray]:
    """Return the weights in single precision, by their names in transformers."""
    found = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    weights: dict[str, FloatArray] = {}
    for name, value in found.items():
        layers, _, part = name.rpartition(".")
        if part not in ("weight", "bias"):
            continue
        if name == PLACES:
            value = value[0]
        elif value.ndim == 2 and name != WORDS:
            value = value.T
        if (scale := found.get(name + SCALE)) is not None:
            value = value * scale.reshape(-1, 1)
        names = layers.split(JOINT)
        parts = np.split(np.array(value, np.float32, order="C"), len(names))
        weights.update({f"{layer}.{part}": each for layer, each in zip(names, parts, strict=True)})
    # The exporter adds the first type to the places.
    weights["embeddings.token_type_embeddings.weight"] = np.zeros((2, weights[WORDS].shape[1]), np.float32)
    return weights


def _config(transformers: Any, graph: Any, weights: dict[str, FloatArray]) -> Any:
    """Return the configuration that the operators and the shapes tell."""
    heads = [a.i for node in graph.node for a in node.attribute if a.name == "num_heads"]
    epsilon = next(a.f for node in graph.node for a in node.attribute if a.name == "epsilon")
    return transformers.BertConfig(
        vocab_size=len(weights[WORDS]),
        hidden_size=weights[WORDS].shape[1],
        num_hidden_layers=len(heads),
        num_attention_heads=heads[0],
        intermediate_size=len(weights["encoder.layer.0.intermediate.dense.weight"]),
        max_position_embeddings=len(weights[PLACES]),
        layer_norm_eps=round(epsilon, 15),
    )


def _tokenizer(transformers: Any, tokenizer: str, longest: int) -> Any:
    from tokenizers import Tokenizer

    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(tokenizer), model_max_length=longest, pad_token="[PAD]"
    )
