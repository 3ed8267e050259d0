"""Keys and values of chunks, computed once and put together when a question comes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from semtoken_rag._internal.lru import ByteLRU
from semtoken_rag.llm.checks import check_length
from semtoken_rag.llm.excerpts import Excerpt
from semtoken_rag.llm.kv.cache import SpanCache
from semtoken_rag.llm.kv.layout import lay_out
from semtoken_rag.llm.kv.rotary import rotations
from semtoken_rag.llm.model import lock, tensor_bytes
from semtoken_rag.llm.prompt import Prompt, Tokenized
from semtoken_rag.types import BoolArray

Ids = tuple[int, ...]
LayerKV = list[tuple[torch.Tensor, torch.Tensor]]  # keys and values (1, h, n, d) of each layer


@dataclass(frozen=True, slots=True)
class PromptParts:
    """A prompt in parts: what precedes the chunks, each chunk with its header, and what follows them.

    Attributes
    ----------
    prefix, suffix : tuple of int
        Tokens before and after the chunks.
    blocks : tuple of tuple of int
        Tokens of each chunk.
    keep : (n,) bool
        Which tokens of prefix and blocks are kept.
    next
        Position of the suffix's first token.
    packed
        Whether the kept tokens get consecutive positions.
    """

    prefix: Ids
    blocks: tuple[Ids, ...]
    suffix: Ids
    keep: BoolArray
    next: int
    packed: bool


class ChunkKVCache:
    """Keys and values of chunks, each computed once behind the prompt's first tokens.

    A chunk does not see the chunks before it. That is the price of a prompt that is read in the time that
    its question takes.

    Parameters
    ----------
    model
        The reader's, a causal language model of transformers.
    tokenizer
        The reader's, which must be a fast one.
    rotate
        Whether keys move to their positions in the prompt; False leaves every chunk at the position at
        which it was computed, right behind the first tokens.
    max_bytes
        Most bytes that are held; the least recently used chunks leave. None: no bound.
    device
        Device that holds them.

    Raises
    ------
    ValueError
        If the model's keys cannot be moved, see `semtoken_rag.llm.kv.rotary.rotations`, or ``max_bytes`` is
        below 1.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        rotate: bool = True,
        max_bytes: int | None = None,
        device: str = "cpu",
    ) -> None:
        self._held: ByteLRU[tuple[Ids, Ids], LayerKV] = ByteLRU(max_bytes, _bytes)
        self.model, self.tokenizer, self.device = model, tokenizer, device
        self.rotations = rotations(model) if rotate else None

    @property
    def bytes(self) -> int:
        """Bytes of the keys and values that are held."""
        return self._held.bytes

    @property
    def hits(self) -> int:
        """How often a chunk's keys and values were held already."""
        return self._held.hits

    @property
    def misses(self) -> int:
        """How often they had to be computed."""
        return self._held.misses

    def split_prompt(
        self, prompt: Prompt, excerpts: Sequence[Excerpt], *, titles: bool, packed: bool
    ) -> PromptParts:
        """Split a prompt into its parts; nothing is computed.

        Parameters
        ----------
        prompt
            A prompt with at least one chunk.
        excerpts
            The excerpts that it is made of, see `semtoken_rag.llm.excerpts.full_excerpts`.
        titles
            Whether the title of a chunk stays if nothing else of the chunk is kept.
        packed
            Whether the kept tokens get consecutive positions.

        Returns
        -------
        PromptParts
            Tokens and what is kept of them.

        Raises
        ------
        ValueError
            If a chunk is longer than the reader's positions.
        """
        edges = [0, *(place.start for place in prompt.places), prompt.places[-1].next, len(prompt.text)]
        parts = [
            self._tokenize(prompt.text[a:b], a, prompt.special and not n)
            for n, (a, b) in enumerate(itertools.pairwise(edges))
        ]
        tokens = Tokenized(*(np.concatenate(x) for x in zip(*parts, strict=True)))
        prefix, *blocks, suffix = (tuple(ids.tolist()) for ids, _ in parts)
        check_length(self.model, last=len(prefix) + max(map(len, blocks)) - 1, new=0)
        size = len(tokens.ids) - len(suffix)
        keep = lay_out(prompt, tokens, excerpts=excerpts, titles=titles).keep[:size]
        following = int(keep.sum()) if packed else size
        if not self.rotations:
            following = len(prefix) + max(map(len, blocks))
        return PromptParts(prefix, tuple(blocks), suffix, keep, following, packed)

    def build_cache(self, parts: PromptParts) -> SpanCache:
        """Put the kept keys and values together; compute those that are not held yet."""
        cache, keep = SpanCache(self.model.config), torch.from_numpy(parts.keep)
        index = keep.nonzero()[:, 0]
        place = torch.arange(len(index)) if parts.packed else index  # of each kept token in the prompt
        pieces, start, done = [], 0, 0
        for block in ((), *parts.blocks) if parts.prefix else parts.blocks:
            length = len(block or parts.prefix)
            kept = keep[start : start + length].nonzero()[:, 0]
            if len(kept):  # a chunk of which nothing is kept need not be read
                computed = kept + len(parts.prefix) if block else kept
                by = place[done : done + len(kept)] - computed
                pieces.append((self._get(parts.prefix, block), kept, by))
            start, done = start + length, done + len(kept)
        for number, layer in enumerate(cache.layers):
            pairs = [self._select(number, *piece) for piece in pieces]
            keys, values = (torch.cat(x, 2) for x in zip(*pairs, strict=True))
            n_seen = len(index) if parts.packed else len(keep)
            layer.load(keys, values, index=place.to(keys.device), n_seen=n_seen)
        return cache

    def _select(
        self, number: int, held: LayerKV, kept: torch.Tensor, by: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values of the kept tokens in one layer, the keys moved to their positions."""
        keys, values = (x[:, :, kept.to(x.device)].to(self.model.device) for x in held[number])
        return self.rotations[number].move(keys, by) if self.rotations else keys, values

    def _tokenize(self, text: str, start: int, special: bool) -> Tokenized:
        """Tokenize a part of a prompt; offsets count from the prompt's start."""
        made = self.tokenizer(text, add_special_tokens=special, return_offsets_mapping=True, verbose=False)
        ids = np.array(made.input_ids, np.int64)
        return Tokenized(ids, np.array(made.offset_mapping, np.int64).reshape(-1, 2) + start)

    def _get(self, prefix: Ids, block: Ids) -> LayerKV:
        key = (prefix, block)
        (held,) = self._held.get([key])
        if held is None:
            held = [(k.to(self.device), v.to(self.device)) for k, v in self._compute(prefix, block)]
            self._held.put([(key, held)])
        return held

    @torch.inference_mode()
    def _compute(self, prefix: Ids, block: Ids) -> LayerKV:
        """Read a chunk behind the prefix and return what is its own; of the prefix, without a chunk."""
        ids = torch.tensor([[*prefix, *block]], device=self.model.device)
        cache = DynamicCache()  # without sliding windows: all keys are kept
        with lock(self.model):
            self.model.base_model(ids, past_key_values=cache, use_cache=True)
        first = len(prefix) if block else 0
        return [(x.keys[:, :, first:].clone(), x.values[:, :, first:].clone()) for x in cache.layers]


def _bytes(held: LayerKV) -> int:
    return sum(tensor_bytes(*pair) for pair in held)
