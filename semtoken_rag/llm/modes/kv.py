"""Mode ``kv``: the reader reads the whole chunks and keeps the keys and values of what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from transformers import DynamicCache

from semtoken_rag.context import CompressedContext
from semtoken_rag.llm.decode import Input
from semtoken_rag.llm.excerpts import Excerpt, full_excerpts
from semtoken_rag.llm.kv.cache import SpanCache
from semtoken_rag.llm.kv.chunk_store import ChunkKVCache
from semtoken_rag.llm.kv.eviction import Eviction, check_schedule
from semtoken_rag.llm.kv.layout import lay_out
from semtoken_rag.llm.kv.plan import SINKS, KVBudget, Plan
from semtoken_rag.llm.kv.policy import Policy
from semtoken_rag.llm.kv.rotary import Rotation, rotations
from semtoken_rag.llm.prepare import Prepared, Reader, check_context, to_input
from semtoken_rag.llm.prompt import Prompt, tokenize
from semtoken_rag.llm.soft import SoftPrompt, check_positions
from semtoken_rag.types import Chunk

PRUNE = ("prompt", "context")


@dataclass(frozen=True, slots=True, kw_only=True)
class KV:
    """The whole chunks, read once; then the keys and values of what is not kept are dropped.

    Parameters
    ----------
    policy, budget, every, recent, offload
        What is dropped besides, after the prompt and while decoding, see `Eviction`; ``budget`` and
        ``offload`` need a policy. Without a policy the kept pieces stay, from the first token to the last.
    prune
        ``context``: drop after the context, so that the question sees what is kept only; ``prompt``: drop
        after the whole prompt. None: ``prompt`` under a policy, which goes by the question's query vectors,
        else ``context``.
    positions
        ``packed``: what is kept closes up; ``source``: it keeps its positions, as always under a policy.
    chunk_cache
        Holds chunks' keys and values from question to question: each chunk is read once, on its own. Takes no
        policy.

    Raises
    ------
    ValueError
        If an argument is out of range, or two do not fit together.
    """

    policy: Policy | None = None
    budget: KVBudget | None = None
    every: int = 16
    recent: int = 16
    offload: bool = False
    prune: str | None = None
    positions: str = "packed"
    chunk_cache: ChunkKVCache | None = None
    name: ClassVar[str] = "kv"

    def __post_init__(self) -> None:
        check_positions(self.positions)
        check_schedule(self.every, self.recent)
        if self.policy is None and (self.budget is not None or self.offload):
            raise ValueError("a budget and offload need a policy, which says what leaves, got None")
        if self.chunk_cache is not None and self.policy is not None:
            raise ValueError(f"a cache of chunks takes no policy, got both, {self.policy!r:.80}")
        if self.prune not in (None, *PRUNE):
            raise ValueError(f"prune must be one of {PRUNE} or None, got {self.prune!r}")

    def prepare(
        self,
        reader: Reader,
        question: str,
        *,
        context: CompressedContext | SoftPrompt | None = None,
        chunks: Sequence[Chunk] | None = None,
    ) -> Prepared:
        """Make a prompt of the whole chunks, with a plan of what stays.

        Parameters
        ----------
        reader
            Model, tokenizer, template and settings.
        question
            The question.
        context
            The compressed context; None, or one that keeps nothing: the question alone.
        chunks
            The chunks that the context was made of; None: those of which nothing is kept are not known.

        Returns
        -------
        Prepared
            Token ids (1, n), of the whole prompt with a plan, or of what follows the chunks.

        Raises
        ------
        ValueError
            For a `SoftPrompt`, chunks that do not fit the context, or a chunk with too many tokens.
        """
        context = check_context(self, context=context, chunks=chunks)
        excerpts = [] if context is None else full_excerpts(context, chunks)
        prompt = reader.template.build(question, excerpts, tokenizer=reader.tokenizer)
        if not excerpts:
            return Prepared(to_input(reader, tokenize(prompt, reader.tokenizer).ids), prompt.message)
        if self.chunk_cache is None:
            return Prepared(self._planned(reader, prompt, excerpts), prompt.message)
        packed, titles = self.positions == "packed", reader.settings.titles
        parts = self.chunk_cache.split_prompt(prompt, excerpts, titles=titles, packed=packed)
        suffix = to_input(reader, np.array(parts.suffix), first=parts.next)
        return Prepared(suffix, prompt.message, parts=parts)

    def cache(self, reader: Reader, prepared: Prepared) -> DynamicCache | SpanCache:
        """Return a cache with the chunks read beforehand, or an empty one that prunes by the plan."""
        if prepared.parts is not None and self.chunk_cache is not None:
            return self.chunk_cache.build_cache(prepared.parts)
        config, plan = reader.model.config, prepared.input.plan
        if plan is None:
            return DynamicCache(config=config)
        if self.policy is None:
            return SpanCache(config, plan, rotations=self._rotations(reader.model))
        eviction = Eviction(self.policy, self.budget, self.every, self.recent, self.offload)
        return SpanCache(config, plan, eviction=eviction)

    def _planned(self, reader: Reader, prompt: Prompt, excerpts: Sequence[Excerpt]) -> Input:
        tokens = tokenize(prompt, reader.tokenizer)
        layout = lay_out(prompt, tokens, excerpts=excerpts, titles=reader.settings.titles, sinks=SINKS)
        size = n = len(tokens.ids)
        if (self.prune or ("context" if self.policy is None else "prompt")) == "context":
            size = int((tokens.offsets[:, 0] < prompt.context[1]).sum())
        plan = Plan(torch.from_numpy(layout.span[None, :size]), torch.from_numpy(layout.keep[None, :size]))
        return to_input(reader, tokens.ids, plan=plan, parts=(size, n - size) if size < n else (size,))

    def _rotations(self, model: Any) -> list[Rotation] | None:
        if self.positions == "source":
            return None
        try:
            return rotations(model)
        except ValueError as error:
            raise ValueError(f"mode 'kv' needs positions='source' for this reader: {error}") from None
