"""One layer of the span cache: keys and values with the index of the token each belongs to."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

from semtoken_rag.llm.kv.rotary import Rotation

EMPTY = -1  # index of a slot that holds no token


class SpanLayer(DynamicLayer):  # type: ignore[misc]  # transformers exports no types
    """Keys and values of some tokens, each with its index in the sequence, in the order of the source.

    Attributes
    ----------
    keys, values : (b, h, n, d)
        Of the ``n`` slots.
    index : (b, g, n) int
        Index of each slot's token in the sequence, left padding counted; -1 for an empty slot. ``g`` is 1
        if all heads hold the same tokens, else ``h``.
    n_seen : int
        Tokens read so far, dropped ones included.
    window : int, optional
        Sliding window: a query sees the last ``window`` tokens, itself included.
    n_prompt, n_kept : (b, 1) int
        Tokens of the prompt, and those of them that the plan kept; set when the prompt is pruned.
    n_seen_when_pruned : int
        Tokens that had been read when the prompt was pruned.
    query : (b, heads, d), optional
        The last token's query vectors, kept by a policy.
    attention_sum : (b, h, n_seen or more), optional
        Attention that each token has received, kept by a policy.
    span_key_means : (b, h, s, d), optional
        Mean key of each span, kept by a policy.

    Parameters
    ----------
    window
        Number of last tokens that a query sees, itself included; None: it sees all.
    """

    keys: torch.Tensor
    values: torch.Tensor
    index: torch.Tensor

    def __init__(self, window: int | None = None) -> None:
        super().__init__()
        self.window = window
        self.is_sliding = window is not None
        self.is_croppable = False
        self.n_seen = 0
        self.pruned = False
        self.has_empty_slots = False
        self.n_prompt = self.n_kept = torch.zeros(0)
        self.n_seen_when_pruned = 0
        self.query: torch.Tensor | None = None
        self.attention_sum: torch.Tensor | None = None
        self.span_key_means: torch.Tensor | None = None

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        valid: torch.Tensor | None = None,
        **_: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append tokens.

        Parameters
        ----------
        key_states
            Keys (b, h, q, d) of the new tokens.
        value_states
            Values (b, h, q, d) of the new tokens.
        valid
            Mask (b, q) bool, False for padding; None if there is no padding.

        Returns
        -------
        two of (b, h, n, d)
            All keys and values.
        """
        batch, _heads, new, _dim = key_states.shape
        index = torch.arange(self.n_seen, self.n_seen + new, device=key_states.device).expand(batch, 1, new)
        if valid is not None:
            index = torch.where(valid[:, None], index, EMPTY)
            self.has_empty_slots = True
        first = not self.is_initialized
        keys, values = super().update(key_states, value_states)
        self.index = (
            index if first else torch.cat([self.index, index.expand(-1, self.index.shape[1], -1)], -1)
        )
        self.n_seen += new
        return keys, values

    def load(self, keys: torch.Tensor, values: torch.Tensor, *, index: torch.Tensor, n_seen: int) -> None:
        """Hold keys and values that were computed before.

        Parameters
        ----------
        keys
            Keys (1, h, n, d) of some of the ``n_seen`` tokens.
        values
            Values (1, h, n, d) of the same tokens.
        index
            Index (n,) int of each of them in the sequence.
        n_seen
            Number of tokens that count as read.
        """
        super().update(keys, values)
        self.index, self.n_seen = index.expand(1, 1, -1), n_seen
        self.pruned = True
        self.select_slots(self.present(self.index))

    def compact(self, index: torch.Tensor, by: torch.Tensor, *, n_seen: int, rotation: Rotation) -> None:
        """Move the tokens together, as if only ``n_seen`` tokens had been read.

        Parameters
        ----------
        index
            New index (b, 1, n) int of each slot's token.
        by
            Number (b, 1, n) int of positions that it moves.
        n_seen
            Number of tokens that count as read from now on.
        rotation
            How the layer rotates its keys.
        """
        self.keys = rotation.move(self.keys, by)
        self.index, self.n_seen = torch.where(self.index == EMPTY, EMPTY, index), n_seen
        self.select_slots(self.present(self.index))

    def get_seq_length(self) -> int:
        """Return how many tokens were read so far: the index of the next one."""
        return self.n_seen

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return the slots after ``query_length`` more tokens, and how far they lie behind the sequence."""
        held = self.keys.shape[-2] if self.is_initialized else 0
        return held + query_length, self.n_seen - held

    def get_max_length(self) -> int:
        """Return -1: there is no maximum."""
        return -1

    get_max_cache_shape = get_max_length  # its name before transformers 5.20

    def present(self, index: torch.Tensor) -> torch.Tensor:
        """Return which tokens, by their index (b, g, n), the next query may see: (b, g, n) bool."""
        there = index != EMPTY
        return there if self.window is None else there & (index > self.n_seen - self.window)

    def drop_outside_window(self) -> None:
        """Drop the tokens that have left the sliding window."""
        if self.window is None:
            return
        held = self.keys.shape[-2]
        if not self.pruned:
            if held >= self.window:
                first = held - self.window + 1
                self.keys, self.values = self.keys[..., first:, :], self.values[..., first:, :]
                self.index = self.index[..., first:]
        elif held >= 2 * self.window:  # pruned slots are searched, which waits for the device
            self.select_slots(self.present(self.index))

    def select_slots(
        self,
        chosen: torch.Tensor,
        *,
        index: torch.Tensor | None = None,
        source: torch.Tensor | None = None,
        fetched: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> None:
        """Keep the chosen slots only.

        Parameters
        ----------
        chosen
            Mask (b, g, c) bool of the candidates that stay.
        index
            Index (b, g, c) int of each candidate's token; None: each slot is a candidate.
        source
            Place (b, g, c) int of each candidate in the slots followed by ``fetched``; None: the candidates
            are the slots, in order.
        fetched
            Keys and values, each (b, h, u, d), that come back from CPU memory; None: nothing comes back.
        """
        index = self.index if index is None else index
        count = chosen.sum(-1)
        most, least = int(count.max()), int(count.min())
        if source is None and least == chosen.shape[-1] and chosen.shape == self.index.shape:
            return
        first = (~chosen).to(torch.uint8).argsort(dim=-1, stable=True)[..., :most]  # chosen ones, in order
        self.index = torch.where(chosen.gather(-1, first), index.expand_as(chosen).gather(-1, first), EMPTY)
        self.has_empty_slots = least < most
        slots = first if source is None else source.gather(-1, first)
        back_keys, back_values = fetched or (None, None)
        self.keys = _gather(self.keys, back_keys, slots)
        self.values = _gather(self.values, back_values, slots)

    def reset(self) -> None:
        """Forget everything."""
        window = self.window
        self.__init__(window)  # type: ignore[misc]  # the same object, empty again

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Raise NotImplementedError: beams would share spans."""
        raise NotImplementedError("a span cache does not take part in beam search")


def _gather(held: torch.Tensor, fetched: torch.Tensor | None, slots: torch.Tensor) -> torch.Tensor:
    """Gather slots (b, g, m) of (b, h, n, d), followed by what was fetched: (b, h, m, d)."""
    pool = held if fetched is None else torch.cat([held, fetched], 2)
    return pool.gather(2, slots[..., None].expand(-1, pool.shape[1], -1, pool.shape[-1]))
