"""Soft context: the compressed context as input embeddings of the reader (the paper's merged tokens, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from semtoken_rag.encoders.base import encodable
from semtoken_rag.llm.merge import Drop, Merger, merge_tokens
from semtoken_rag.llm.model import hidden_size, takes
from semtoken_rag.llm.prompt import Prompt, tokenize
from semtoken_rag.llm.shown import Shown

POSITIONS = ("packed", "source")


@dataclass(frozen=True, slots=True)
class SoftPrompt:
    """A prompt in the reader's embedding space.

    Attributes
    ----------
    inputs_embeds : (1, n, d)
        Real tokens' embeddings are the reader's own; others stand for what was left out.
    attention_mask : (1, n) int
        Ones.
    position_ids : (1, n) int
        One after the other, or with the places of what was left out skipped.
    merged
        How many of the ``n`` stand for what was left out.
    """

    inputs_embeds: torch.Tensor
    attention_mask: torch.Tensor
    position_ids: torch.Tensor
    merged: int

    def payload(self) -> dict[str, torch.Tensor]:
        """Prompt for vLLM (``enable_prompt_embeds``): ``{"prompt_embeds": (n, d)}``, in host memory.

        Raises
        ------
        ValueError
            Where places are skipped: vLLM numbers the positions itself.
        """
        if not torch.equal(self.position_ids[0].cpu(), torch.arange(self.position_ids.shape[1])):
            raise ValueError("a payload needs positions='packed', got skipped ones")
        return {"prompt_embeds": self.inputs_embeds[0].detach().cpu()}

    @classmethod
    def of_payload(cls, payload: dict[str, torch.Tensor]) -> SoftPrompt:
        """Read what `payload` wrote.

        Raises
        ------
        ValueError
            For a payload without embeddings of shape (n, d).
        """
        embeds = payload.get("prompt_embeds")
        if embeds is None or embeds.ndim != 2:
            shape = None if embeds is None else tuple(embeds.shape)
            raise ValueError(f"prompt_embeds must have shape (n, d), got {shape}")
        ones = torch.ones(1, len(embeds), dtype=torch.long)
        return cls(embeds[None], ones, ones.cumsum(1) - 1, 0)


def check_soft(model: Any, soft: SoftPrompt | None = None) -> None:
    """Check that a model takes embeddings, and these.

    Raises
    ------
    ValueError
        For a model without ``inputs_embeds``, or embeddings of another size than its own.
    """
    if not takes(model, "inputs_embeds"):
        raise ValueError(f"mode 'soft' needs a model that takes inputs_embeds, got {type(model).__name__}")
    if soft is not None and soft.inputs_embeds.shape[-1] != hidden_size(model):
        raise ValueError(
            f"the payload's embeddings have size {soft.inputs_embeds.shape[-1]}, "
            f"the reader's {hidden_size(model)}"
        )


def soft_prompt(
    model: Any,
    tokenizer: Any,
    prompt: Prompt,
    shown: Sequence[Shown],
    *,
    merger: Merger | None = None,
    positions: str = "packed",
) -> SoftPrompt:
    """Embed a prompt as the reader would, with what stands for the gaps at their places.

    Parameters
    ----------
    model, tokenizer
        The reader.
    prompt, shown
        Made by `Template.build` of what `abridged` shows.
    merger
        What stands for the gaps; None: nothing.
    positions
        ``packed``, or ``source``: what was left out leaves its places empty.

    Raises
    ------
    ValueError
        For other ``positions``, or a merger of another embedding size.
    """
    if positions not in POSITIONS:
        raise ValueError(f"positions must be one of {POSITIONS}, got {positions!r}")
    merger = merger or Drop()
    embed = model.get_input_embeddings()
    device = embed.weight.device
    ids, offsets = tokenize(prompt, tokenizer)
    own = embed(torch.from_numpy(ids).to(device))  # (n, d), scaled where the family scales them
    parts, places, merged = [], [], 0
    token = place = 0
    for at, words in _gaps(prompt, shown):
        until = max(token, int((offsets[:, 0] < at).sum()))
        parts.append(own[token:until])
        places.append(place + torch.arange(until - token))
        token, place = until, place + until - token
        left_out = tokenizer(encodable(words), add_special_tokens=False, verbose=False).input_ids
        stand_in, middle = merge_tokens(embed(torch.tensor(left_out, device=device).long()), merger)
        parts.append(stand_in)
        places.append(place + (middle if positions == "source" else torch.arange(len(middle))))
        place += len(left_out) if positions == "source" else len(middle)
        merged += len(middle)
    parts.append(own[token:])
    places.append(place + torch.arange(len(own) - token))
    embeds, where = torch.cat(parts)[None], torch.cat(places)[None].to(device)
    return SoftPrompt(embeds, torch.ones_like(where), where, merged)


def _gaps(prompt: Prompt, shown: Sequence[Shown]) -> list[tuple[int, str]]:
    """Place in the prompt and words of everything that was left out."""
    return [
        (place.text + at, words)
        for item, place in zip(shown, prompt.places, strict=True)
        for at, words in item.gaps
    ]
