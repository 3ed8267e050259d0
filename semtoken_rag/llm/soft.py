"""The compressed context as input embeddings of the reader (the paper's merged tokens, 3.2)."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from semtoken_rag.llm.excerpts import Excerpt
from semtoken_rag.llm.merge import Drop, Merger, merge_tokens
from semtoken_rag.llm.model import hidden_size, takes
from semtoken_rag.llm.prompt import Prompt, tokenize
from semtoken_rag.text.encodable import encodable

POSITIONS = ("packed", "source")


@dataclass(frozen=True, slots=True)
class SoftPrompt:
    """A prompt in the reader's embedding space.

    Attributes
    ----------
    inputs_embeds : (1, n, d)
        Embeddings of real tokens, which are the reader's own, and of merged ones, which stand for gaps.
    attention_mask : (1, n) int
        Ones.
    position_ids : (1, n) int
        Consecutive, or with the positions of what was left out skipped.
    merged
        Number of merged tokens among the ``n``.
    """

    inputs_embeds: torch.Tensor
    attention_mask: torch.Tensor
    position_ids: torch.Tensor
    merged: int

    def payload(self) -> dict[str, torch.Tensor]:
        """Return the prompt for vLLM in this process, which takes it with ``enable_prompt_embeds``.

        Returns
        -------
        dict of str to torch.Tensor
            ``prompt_embeds`` (n, d), on the CPU.

        Raises
        ------
        ValueError
            If positions are skipped: vLLM numbers them itself.
        """
        if not torch.equal(self.position_ids[0].cpu(), torch.arange(self.position_ids.shape[1])):
            raise ValueError("a payload needs positions='packed', got skipped ones")
        return {"prompt_embeds": self.inputs_embeds[0].detach().cpu()}

    def request(self) -> dict[str, str]:
        """Return what a request to vLLM's ``/v1/completions`` holds besides model and settings.

        Not for chat completions, which put the chat template around it that is in the prompt already.

        Returns
        -------
        dict of str to str
            ``prompt_embeds``: the tensor (n, d), written by ``torch.save``, in base64.

        Raises
        ------
        ValueError
            If positions are skipped: vLLM numbers them itself.
        """
        written = io.BytesIO()
        torch.save(
            self.payload()["prompt_embeds"].clone(), written
        )  # a view would be written with all it views
        return {"prompt_embeds": base64.b64encode(written.getvalue()).decode("ascii")}


def check_positions(positions: str) -> None:
    """Raise a ValueError if ``positions`` is not one of `POSITIONS`."""
    if positions not in POSITIONS:
        raise ValueError(f"positions must be one of {POSITIONS}, got {positions!r}")


def check_soft(model: Any, soft: SoftPrompt | None = None) -> None:
    """Check that a model takes embeddings, and that those of a prompt have its size.

    Parameters
    ----------
    model
        A causal language model of transformers.
    soft
        The prompt; None checks the model alone.

    Raises
    ------
    ValueError
        If the model takes no ``inputs_embeds``, or if the prompt's embeddings have another size than its own.
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
    *,
    prompt: Prompt,
    excerpts: Sequence[Excerpt],
    merger: Merger | None = None,
    positions: str = "packed",
) -> SoftPrompt:
    """Embed a prompt as the reader would, with merged tokens in place of the gaps.

    Parameters
    ----------
    model
        The reader's, a causal language model of transformers.
    tokenizer
        The reader's, which must be a fast one.
    prompt
        The prompt.
    excerpts
        The excerpts that it is made of, see `semtoken_rag.llm.excerpts.kept_excerpts`.
    merger
        What stands for a run of left-out tokens; None: nothing.
    positions
        ``packed``: consecutive; ``source``: the positions of left-out tokens are skipped.

    Returns
    -------
    SoftPrompt
        Embeddings (1, n, d), mask and positions.

    Raises
    ------
    ValueError
        If ``positions`` is another word, or the merger returns another shape.
    """
    check_positions(positions)
    merger = merger or Drop()
    embed = model.get_input_embeddings()
    device = embed.weight.device
    ids, offsets = tokenize(prompt, tokenizer)
    own = embed(torch.from_numpy(ids).to(device))  # (n, d), scaled if the family scales them
    parts, places, merged = [], [], 0
    token = place = 0
    for at, words in _gaps(prompt, excerpts):
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
    embeds, position_ids = torch.cat(parts)[None], torch.cat(places)[None].to(device)
    return SoftPrompt(embeds, torch.ones_like(position_ids), position_ids, merged)


def _gaps(prompt: Prompt, excerpts: Sequence[Excerpt]) -> list[tuple[int, str]]:
    """Return offset in the prompt and words of everything that was left out."""
    return [
        (place.text + at, words)
        for item, place in zip(excerpts, prompt.places, strict=True)
        for at, words in item.gaps
    ]
