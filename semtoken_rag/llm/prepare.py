"""From a question and a compressed context to what the model reads, in each mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from semtoken_rag.llm.decode import Input
from semtoken_rag.llm.layout import lay_out
from semtoken_rag.llm.plan import SINKS, Plan
from semtoken_rag.llm.prompt import Prompt, Template, tokenize
from semtoken_rag.llm.reuse import Assembly
from semtoken_rag.llm.settings import Settings
from semtoken_rag.llm.shown import Shown, abridged, whole
from semtoken_rag.llm.soft import SoftPrompt, check_soft, soft_prompt
from semtoken_rag.render import CompressedContext
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Reader:
    """A model, its tokenizer, its prompt and its settings."""

    model: Any
    tokenizer: Any
    template: Template
    settings: Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the model reads.

    Attributes
    ----------
    input
        Ids or embeddings.
    merged
        How many of them stand for what was left out.
    message
        The user's message.
    assembly
        What is in the cache before them, where chunks are read beforehand.
    """

    input: Input
    merged: int
    message: str
    assembly: Assembly | None = None


def prepare(
    reader: Reader,
    question: str,
    context: CompressedContext | SoftPrompt | None,
    mode: str,
    chunks: Sequence[Chunk] | None,
) -> Prepared:
    """Prepare a prompt; see `SemTokenLLM.generate`."""
    if isinstance(context, SoftPrompt):
        if mode != "soft":
            raise ValueError(f"a SoftPrompt needs mode 'soft', got {mode!r}")
        return _soft(reader, context, question)
    if context is None and chunks is not None:
        raise ValueError("chunks without a context that was made of them, got context None")
    if mode == "kv":
        return _kv(reader, question, [] if context is None else whole(context, chunks))
    shown = [] if context is None else abridged(context, chunks, reader.settings.titles)
    prompt = reader.template.build(question, shown, reader.tokenizer)
    if mode == "text":
        ids = tokenize(prompt, reader.tokenizer).ids
        return Prepared(_input(reader, ids), 0, prompt.message)
    check_soft(reader.model)
    soft = soft_prompt(
        reader.model,
        reader.tokenizer,
        prompt,
        shown,
        merger=reader.settings.merger,
        positions=reader.settings.positions,
    )
    return _soft(reader, soft, prompt.message)


def follow(reader: Reader, text: str, unread: Sequence[int], first: int) -> Input:
    """Prepare what follows on tokens that were read up to position ``first``."""
    ids = reader.tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    return _input(reader, np.array([*unread, *ids], np.int64), first)


def _input(reader: Reader, ids: np.ndarray, first: int = 0, plan: Plan | None = None) -> Input:
    if not len(ids):
        raise ValueError("the prompt has no token")
    device = reader.model.device
    where = torch.arange(first, first + len(ids), device=device)[None]
    return Input(torch.from_numpy(ids).to(device)[None], None, where, plan)


def _soft(reader: Reader, soft: SoftPrompt, message: str) -> Prepared:
    """Take embeddings to the model's device and kind of number."""
    check_soft(reader.model, soft)
    embed = reader.model.get_input_embeddings().weight
    embeds = soft.inputs_embeds.to(embed.device, embed.dtype)
    return Prepared(Input(None, embeds, soft.position_ids.to(embed.device)), soft.merged, message)


def _kv(reader: Reader, question: str, shown: Sequence[Shown]) -> Prepared:
    """Show chunks whole, with a plan that says what of them stays; nothing where nothing is kept."""
    settings = reader.settings
    prompt = reader.template.build(question, shown, reader.tokenizer)
    if shown and settings.store:
        made = settings.store.plan(
            prompt, shown, titles=settings.titles, packed=settings.positions == "packed"
        )
        return Prepared(_input(reader, np.array(made.suffix), made.next), 0, prompt.message, made)
    tokens = tokenize(prompt, reader.tokenizer)
    if not shown:
        return Prepared(_input(reader, tokens.ids), 0, prompt.message)
    layout = lay_out(prompt, tokens, shown, titles=settings.titles, sinks=SINKS)
    size = _context_end(prompt, tokens.offsets) if settings.prunes == "context" else len(tokens.ids)
    plan = Plan(torch.from_numpy(layout.span[None, :size]), torch.from_numpy(layout.keep[None, :size]))
    ready = _input(reader, tokens.ids, plan=plan)
    rest = len(tokens.ids) - size
    parts = (size, rest) if rest else (size,)
    return Prepared(Input(ready.ids, None, ready.positions, plan, parts), 0, prompt.message)


def _context_end(prompt: Prompt, offsets: np.ndarray) -> int:
    """Tokens up to the end of the context."""
    return int((offsets[:, 0] < prompt.context[1]).sum())
