"""Keys and values of chunks, computed once, kept, and put together when a question comes."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from semtoken_rag.llm.checks import check_length
from semtoken_rag.llm.kv import SpanCache
from semtoken_rag.llm.layout import lay_out
from semtoken_rag.llm.prompt import Prompt, Tokenized
from semtoken_rag.llm.rope import rotations
from semtoken_rag.llm.shown import Shown
from semtoken_rag.types import BoolArray

KV = list[tuple[torch.Tensor, torch.Tensor]]  # keys and values (1, h, n, d) of each layer


@dataclass(frozen=True, slots=True)
class Assembly:
    """A prompt in parts: what stands before the chunks, each chunk with its header, what stands after.

    Attributes
    ----------
    prefix, suffix : tuple of int
        Tokens.
    blocks : tuple of tuple of int
        Tokens of each chunk.
    keep : (n,) bool
        Which tokens of prefix and blocks are kept.
    next
        Position of the suffix's first token.
    packed
        Whether the kept tokens stand one right after the other.
    """

    prefix: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...]
    suffix: tuple[int, ...]
    keep: BoolArray
    next: int
    packed: bool


class ChunkStore:
    """Keys and values of chunks, each read once behind the prompt's first tokens and without the others.

    A chunk does not see the chunks before it, which is what this gives up for a prompt that is read in the
    time that its question takes.

    Parameters
    ----------
    model, tokenizer
        The reader.
    rotate
        Move the keys to where they stand in the prompt; False leaves every chunk where it
        was computed, right after the first tokens, all in one place.
    max_bytes
        Most bytes kept; the chunks used longest ago leave. None: no bound.
    device
        Where they are kept.

    Attributes
    ----------
    bytes, hits, misses
        Bytes held, and how often a part was there or had to be read.

    Raises
    ------
    ValueError
        For a model whose keys cannot be moved, see `rotations`; for ``max_bytes`` below 1.
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
        if max_bytes is not None and max_bytes < 1:
            raise ValueError(f"max_bytes must be at least 1, got {max_bytes!r}")
        self.model, self.tokenizer, self.device = model, tokenizer, device
        self.rotations = rotations(model) if rotate else None
        self.max_bytes = max_bytes
        self.bytes = self.hits = self.misses = 0
        self._kept: OrderedDict[tuple[tuple[int, ...], ...], KV] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, prompt: Prompt, shown: Sequence[Shown], *, titles: bool, packed: bool) -> Assembly:
        """Cut a prompt into its parts; nothing is computed.

        Raises
        ------
        ValueError
            For a chunk longer than the reader's positions.
        """
        edges = [0, *(place.start for place in prompt.places), prompt.places[-1].next, len(prompt.text)]
        parts = [
            self._tokens(prompt.text[a:b], a, prompt.special and not n)
            for n, (a, b) in enumerate(itertools.pairwise(edges))
        ]
        tokens = Tokenized(*(np.concatenate(x) for x in zip(*parts, strict=True)))
        prefix, *blocks, suffix = (tuple(ids.tolist()) for ids, _ in parts)
        check_length(self.model, len(prefix) + max(map(len, blocks)) - 1, 0)
        size = len(tokens.ids) - len(suffix)
        keep = lay_out(prompt, tokens, shown, titles=titles).keep[:size]
        last = int(keep.sum()) if packed else size
        if not self.rotations:
            last = len(prefix) + max(map(len, blocks))
        return Assembly(prefix, tuple(blocks), suffix, keep, last, packed)

    def assemble(self, made: Assembly) -> SpanCache:
        """Put the kept keys and values together; what is not there yet is read."""
        cache, keep = SpanCache(self.model.config), torch.from_numpy(made.keep)
        index = keep.nonzero()[:, 0]
        place = torch.arange(len(index)) if made.packed else index  # of each kept token in the prompt
        parts, start, done = [], 0, 0
        for block in ((), *made.blocks) if made.prefix else made.blocks:
            length = len(block or made.prefix)
            kept = keep[start : start + length].nonzero()[:, 0]
            if len(kept):  # a chunk of which nothing is kept need not be read
                computed = kept + len(made.prefix) if block else kept
                by = place[done : done + len(kept)] - computed
                parts.append((self._get(made.prefix, block), kept, by))
            start, done = start + length, done + len(kept)
        for number, layer in enumerate(cache.layers):
            pairs = [self._part(number, *part) for part in parts]
            keys, values = (torch.cat(x, 2) for x in zip(*pairs, strict=True))
            layer.fill(keys, values, place.to(keys.device), len(index) if made.packed else len(keep))
        return cache

    def _part(
        self, number: int, found: KV, kept: torch.Tensor, by: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of the kept tokens in one layer, the keys moved to where they stand."""
        keys, values = (x[:, :, kept.to(x.device)].to(self.model.device) for x in found[number])
        return self.rotations[number].move(keys, by) if self.rotations else keys, values

    def _tokens(self, text: str, start: int, special: bool) -> Tokenized:
        """Tokenize a part of a prompt; offsets count from the prompt's start."""
        made = self.tokenizer(text, add_special_tokens=special, return_offsets_mapping=True, verbose=False)
        ids = np.array(made.input_ids, np.int64)
        return Tokenized(ids, np.array(made.offset_mapping, np.int64).reshape(-1, 2) + start)

    def _get(self, prefix: tuple[int, ...], block: tuple[int, ...]) -> KV:
        key = (prefix, block)
        with self._lock:
            if key in self._kept:
                self.hits += 1
                self._kept.move_to_end(key)
                return self._kept[key]
        found = [(k.to(self.device), v.to(self.device)) for k, v in self._read(prefix, block)]
        with self._lock:
            self.misses += 1
            self._kept[key] = found
            self.bytes = sum(x.nbytes for kv in self._kept.values() for pair in kv for x in pair)
            while self.max_bytes and self.bytes > self.max_bytes and self._kept:
                _, gone = self._kept.popitem(last=False)
                self.bytes -= sum(x.nbytes for pair in gone for x in pair)
        return found

    @torch.inference_mode()
    def _read(self, prefix: tuple[int, ...], block: tuple[int, ...]) -> KV:
        """Read a chunk behind the prefix and return what is its own; of the prefix, without a chunk."""
        ids = torch.tensor([[*prefix, *block]], device=self.model.device)
        cache = DynamicCache()  # without sliding windows: all keys are kept
        self.model.base_model(ids, past_key_values=cache, use_cache=True)
        first = len(prefix) if block else 0
        return [(x.keys[:, :, first:].clone(), x.values[:, :, first:].clone()) for x in cache.layers]
