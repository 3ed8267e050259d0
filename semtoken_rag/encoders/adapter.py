"""Low-rank adapters of an encoder's weights, small enough to ship (LoRA, arxiv.org/abs/2106.09685)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from semtoken_rag._internal.optional import require
from semtoken_rag.text.files import write_whole
from semtoken_rag.types import FloatArray

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class AdaptedModel:
    """A base model and the adapter that is added to its weights.

    Attributes
    ----------
    base
        Name on the Hugging Face hub, or path of a folder.
    path
        The adapter's file, ``.safetensors``.
    """

    base: str
    path: Path


def targets(module: torch.nn.Module) -> dict[str, torch.nn.Linear]:
    """Return the linear layers that an adapter changes, by name.

    These are all but the pooler, which token vectors do not pass through.
    """
    torch = require("torch", extra="torch")
    return {
        name: layer
        for name, layer in module.named_modules()
        if isinstance(layer, torch.nn.Linear) and "pooler" not in name
    }


def save(
    path: Path, factors: Mapping[str, tuple[torch.Tensor, torch.Tensor]], metadata: Mapping[str, str]
) -> None:
    """Write an adapter to a file, in half precision.

    Parameters
    ----------
    path
        The ``.safetensors`` file; its folder is made if it is missing.
    factors
        By layer name: up (out, r) and down (r, in), whose product is added to the layer's weight.
    metadata
        Text by key; ``base`` names the encoder.
    """
    safetensors = require("safetensors.torch", extra="torch")
    tensors = {
        f"{name}:{part}": tensor.detach().half().contiguous()
        for name, pair in sorted(factors.items())
        for part, tensor in zip(("up", "down"), pair, strict=True)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _sort_header(safetensors.save(tensors, dict(metadata))))


def _sort_header(file: bytes) -> bytes:
    """Sort the header of a safetensors file, whose order differs from one write to the next."""
    size, start = int.from_bytes(file[:8], "little"), 8
    header = json.dumps(json.loads(file[start : start + size]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # the data begin at a multiple of eight
    return len(header).to_bytes(8, "little") + header + file[start + size :]


def average(changes: Sequence[Mapping[str, tuple[torch.Tensor, torch.Tensor]]], rank: int) -> dict[str, Any]:
    """Average several adapters, and return the nearest factors of a given rank.

    Parameters
    ----------
    changes
        One mapping for each adapter, by layer name: up (out, r) and down (r, in).
    rank
        The r of the result.

    Returns
    -------
    dict
        By layer name: up (out, rank) and down (rank, in), the truncated SVD of the mean change.
    """
    torch = require("torch", extra="torch")
    factors = {}
    for name in changes[0]:
        mean = sum((change[name][0] @ change[name][1]).detach() for change in changes) / len(changes)
        left, values, right = torch.linalg.svd(mean, full_matrices=False)
        root = values[:rank].sqrt()
        factors[name] = (left[:, :rank] * root, root[:, None] * right[:rank])
    return factors


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata of an adapter.

    Parameters
    ----------
    path
        A file that `save` wrote.

    Returns
    -------
    dict
        Text by key; ``base`` names the encoder that the factors belong to.

    Raises
    ------
    ValueError
        If the file is missing or is not an adapter.
    """
    safetensors = require("safetensors", extra="torch")
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            found: dict[str, str] = file.metadata() or {}
    except (OSError, safetensors.SafetensorError) as error:
        raise ValueError(
            f"adapter must be a .safetensors file of `semtoken train`, got {str(path)!r}"
        ) from error
    if "base" not in found:
        raise ValueError(f"adapter names no base encoder in its metadata: {str(path)!r}")
    return found


def apply(module: torch.nn.Module, path: Path) -> str:
    """Add an adapter to the weights of a module, in place.

    Parameters
    ----------
    module
        The transformer, in the precision in which the sum is to be kept.
    path
        A file that `save` wrote.

    Returns
    -------
    str
        Digest of the file, eight hexadecimal digits.

    Raises
    ------
    ValueError
        If the file does not fit the module.
    """
    torch = require("torch", extra="torch")
    factors: dict[str, Any] = require("safetensors.torch", extra="torch").load_file(str(path))
    layers = targets(module)
    names = {key.rpartition(":")[0] for key in factors}
    if unknown := sorted(names - layers.keys()):
        raise ValueError(f"adapter {str(path)!r} changes layers that the model lacks: {unknown[:3]}")
    with torch.no_grad():
        for name in sorted(names):
            up, down = factors[f"{name}:up"].float(), factors[f"{name}:down"].float()
            weight = layers[name].weight
            if (up.shape[0], down.shape[1]) != tuple(weight.shape):
                raise ValueError(
                    f"adapter {str(path)!r} has {up.shape[0]} x {down.shape[1]} for layer {name} "
                    f"of {tuple(weight.shape)}"
                )
            weight += (up @ down).to(weight)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:8]


def add(weights: dict[str, FloatArray], path: Path, *, extra: str = "torch") -> None:
    """Add an adapter to arrays, as `apply` does to a module, without torch.

    Parameters
    ----------
    weights
        Arrays float32 by their names in the module; those that change are replaced.
    path
        A file that `save` wrote.
    extra
        The extra that a message names if safetensors is missing.

    Raises
    ------
    ImportError
        If safetensors is missing.
    ValueError
        If the file does not fit the arrays.
    """
    factors: dict[str, FloatArray] = require("safetensors.numpy", extra=extra).load_file(str(path))
    for layer in sorted({key.rpartition(":")[0] for key in factors}):
        up, down = (factors[f"{layer}:{part}"].astype(np.float32) for part in ("up", "down"))
        weight = weights.get(name := f"{layer}.weight")
        if weight is None or (len(up), down.shape[1]) != weight.shape:
            raise ValueError(
                f"adapter {str(path)!r} has {len(up)} x {down.shape[1]} for layer {layer} of "
                f"{weight if weight is None else weight.shape}"
            )
        weights[name] = weight + up @ down
