"""What a KV cache may drop and how much it may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from semtoken_rag._internal.checks import check_positive

PINNED = -1  # span of a token that never leaves: template, question, titles
SINKS = 4  # first tokens of a prompt, on which attention rests whatever they say: arxiv.org/abs/2309.17453


@dataclass(frozen=True, slots=True)
class KVBudget:
    """How much of the KV cache stays; all bounds that are given hold.

    Parameters
    ----------
    tokens
        Most tokens in each layer, per sequence.
    bytes
        Most bytes of keys and values over all layers and sequences.
    ratio
        Most tokens in each layer as a share of those it has read and could still see, in (0, 1].

    Raises
    ------
    ValueError
        If a bound is out of range, or none is given.
    """

    tokens: int | None = None
    bytes: int | None = None
    ratio: float | None = None

    def __post_init__(self) -> None:
        for name in ("tokens", "bytes"):
            if (value := getattr(self, name)) is not None:
                check_positive(name, value)
        if self.ratio is not None and not 0 < self.ratio <= 1:
            raise ValueError(f"ratio must be in (0, 1], got {self.ratio!r}")
        if self.tokens is None and self.bytes is None and self.ratio is None:
            raise ValueError("give tokens, bytes or ratio, got none of them")

    def limit(self, read: torch.Tensor, token_bytes: int) -> torch.Tensor:
        """Return how many tokens each layer may hold of each sequence.

        Parameters
        ----------
        read
            Number (b,) int of tokens that each layer would hold of each sequence without a budget.
        token_bytes
            Bytes of one token of one sequence over all layers.

        Returns
        -------
        (b,) int
            Tokens per layer.

        Examples
        --------
        >>> KVBudget(ratio=0.25, bytes=4096).limit(torch.tensor([40, 80]), 128).tolist()
        [10, 16]
        """
        limit = read.clone() if self.ratio is None else (read * self.ratio).floor().long()
        if self.tokens is not None:
            limit = limit.clamp(max=self.tokens)
        if self.bytes is not None:
            limit = limit.clamp(max=self.bytes // (token_bytes * len(read)))
        return limit


@dataclass(frozen=True, slots=True)
class Plan:
    """Spans of a prompt, for the cache that prunes it once all of it has been read.

    The first `SINKS` tokens should be pinned: without them a small reader lost .6 and 1.1 nats a token.

    Attributes
    ----------
    span : (b, p) int
        Number of each token's span within its sequence, `PINNED` for a token that never leaves.
    keep : (b, p) bool, optional
        What stays of the prompt; None leaves that to the policy.
    """

    span: torch.Tensor
    keep: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.span.ndim != 2:
            raise ValueError(f"span must have shape (batch, tokens), got {tuple(self.span.shape)}")
        if self.keep is not None and self.keep.shape != self.span.shape:
            raise ValueError(
                f"keep must have the shape of span, {tuple(self.span.shape)}, got {tuple(self.keep.shape)}"
            )

    @property
    def length(self) -> int:
        """Tokens of the prompt, left padding included."""
        return self.span.shape[1]

    @classmethod
    def stack(cls, spans: Sequence[Sequence[int]], keep: Sequence[Sequence[bool]] | None = None) -> Plan:
        """Return the plan of a left-padded batch, from the lists of its sequences.

        >>> Plan.stack([[0, 0, -1], [0, -1]], [[True, False, True], [True, True]]).keep.tolist()
        [[True, False, True], [False, True, True]]
        """
        longest = max(map(len, spans))
        span = torch.tensor([[PINNED] * (longest - len(row)) + list(row) for row in spans])
        if keep is None:
            return cls(span)
        return cls(span, torch.tensor([[False] * (longest - len(row)) + list(row) for row in keep]))

    def stays(self, padding: torch.Tensor) -> torch.Tensor:
        """Return which tokens stay of prompts that begin with ``padding`` (b,) empty places: (b, p) bool."""
        keep = torch.ones_like(self.span, dtype=torch.bool) if self.keep is None else self.keep
        tokens = torch.arange(self.length, device=self.span.device) >= padding.to(self.span.device)[:, None]
        return (keep | (self.span == PINNED)) & tokens

    def keeps(self, index: torch.Tensor) -> torch.Tensor:
        """Return which tokens the plan keeps, by their index (b, 1, n): (b, 1, n) bool."""
        pinned = self.span_of(index) == PINNED
        if self.keep is None:
            return torch.ones_like(pinned)
        return pinned | self.keep.to(index.device)[:, None].gather(2, index.clamp(0, self.length - 1))

    def close_gaps(
        self, index: torch.Tensor, padding: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Renumber the kept tokens, so that the prompts of a batch end at one index, as before.

        Parameters
        ----------
        index
            Index (b, 1, n) int of each slot's token.
        padding
            Number (b,) int of empty places before each prompt.

        Returns
        -------
        (b, 1, n) int
            New index of each token.
        (b, 1, n) int
            Positions that each token moves.
        int
            Length of the prompts from now on.
        """
        stays = self.stays(padding).to(index.device)
        count = stays.sum(1)
        most = int(count.max())
        rank = (stays.cumsum(1) - 1)[:, None].gather(2, index.clamp(0, self.length - 1))  # (b, 1, n)
        rank = torch.where(index < self.length, rank, count[:, None, None] + index - self.length)
        return rank + (most - count)[:, None, None], rank - (index - padding[:, None, None]), most

    def span_of(self, index: torch.Tensor) -> torch.Tensor:
        """Return the span of each token, by its index (b, g, n): (b, g, n) int; `PINNED` after the prompt.

        The caller tells empty slots, whose index is -1, from tokens.
        """
        table = self.span.to(index.device)[:, None].expand(-1, index.shape[1], -1)  # (b, g, p)
        found = table.gather(2, index.clamp(0, self.length - 1))
        return torch.where(index < self.length, found, PINNED)
