"""Rotary positions: move keys that were computed at one position to another."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import torch

from semtoken_rag.llm.model import attention_layers

FIXED = ("default", "linear", "llama3", "yarn", "proportional")  # frequencies do not follow the length


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a layer rotates its keys.

    Attributes
    ----------
    frequencies : (r / 2,)
        Angle of each pair of dimensions per position, in radians.
    interleaved
        Whether the two dimensions of a pair are neighbours, or half of the rotated dimensions apart.
    """

    frequencies: torch.Tensor
    interleaved: bool

    def move(self, keys: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
        """Move keys to other positions.

        Parameters
        ----------
        keys
            Keys (..., n, d) as the layer caches them.
        by
            Number (..., n) int of positions that each of them moves.

        Returns
        -------
        (..., n, d)
            The same keys, as if they had been computed there.
        """
        angle = by.to(keys.device)[..., None].float() * self.frequencies.to(keys.device).float()
        size = 2 * angle.shape[-1]
        turned, rest = keys[..., :size].float(), keys[..., size:]
        if self.interleaved:
            cos, sin = (x.repeat_interleave(2, -1) for x in (angle.cos(), angle.sin()))
            other = torch.stack([-turned[..., 1::2], turned[..., ::2]], -1).flatten(-2)
        else:
            cos, sin = (torch.cat([x, x], -1) for x in (angle.cos(), angle.sin()))
            first, second = turned.chunk(2, -1)
            other = torch.cat([-second, first], -1)
        return torch.cat([(turned * cos + other * sin).to(keys.dtype), rest], -1)


def rotations(model: Any) -> list[Rotation]:
    """Return the rotation of each layer.

    Parameters
    ----------
    model
        A causal language model of transformers.

    Returns
    -------
    list of Rotation
        By the number of the layer.

    Raises
    ------
    ValueError
        If the model has no rotary positions, or ones that change with the length of the sequence.
    """
    return [_rotation(model, layer) for layer in sorted(attention_layers(model), key=lambda x: x.layer_idx)]


def _rotation(model: Any, layer: Any) -> Rotation:
    if hasattr(layer, "embed_positions") and getattr(layer, "rotary_dim", None):  # GPT-J
        steps = torch.arange(0, layer.rotary_dim, 2, dtype=torch.int64) / layer.rotary_dim
        return Rotation(1.0 / 10000**steps, True)
    rotary = getattr(model.base_model, "rotary_emb", None)
    if rotary is None:
        raise ValueError(f"keys move only with rotary positions, {type(model).__name__} has none")
    kind, frequencies = rotary.rope_type, getattr(rotary, "inv_freq", None)
    if isinstance(kind, dict):  # of each type of layer
        of = layer.layer_type
        kind, frequencies = kind[of], getattr(rotary, f"{of}_inv_freq")
    if kind not in FIXED or frequencies is None:
        raise ValueError(f"keys move only with positions of kind {FIXED}, got {kind!r}")
    return Rotation(frequencies.detach(), _interleaved(layer))


def _interleaved(layer: Any) -> bool:
    """Return whether pairs are neighbours, by what the model's own code makes of (0, 1, 2, 3)."""
    turn = getattr(sys.modules[type(layer).__module__], "rotate_half", None)
    if turn is None:
        raise ValueError(f"how {type(layer).__name__} rotates its keys is not known")
    return bool(turn(torch.arange(4.0)).tolist()[0] == -1.0)
