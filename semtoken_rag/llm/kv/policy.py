"""Policies: which tokens of a KV cache matter.

A policy is a small object with three methods. To add one, write `prepare` (what it needs of the whole
prompt), `observe` (what it needs of each step) and `score` (higher = keep), and pass it to `KV`.
"""

from __future__ import annotations

from typing import Protocol

import torch

from semtoken_rag.llm.kv.layer import SpanLayer
from semtoken_rag.llm.kv.plan import Plan


class Policy(Protocol):
    """Scores the tokens of a layer, higher = keep."""

    @property
    def per_head(self) -> bool:
        """Whether each key-value head keeps tokens of its own."""

    def prepare(self, layer: SpanLayer, plan: Plan) -> None:
        """Read what the policy needs of the whole prompt, once, before anything is dropped.

        Parameters
        ----------
        layer
            The layer with the prompt's keys (b, h, p, d); results are kept on it.
        plan
            Spans of the prompt.
        """

    def observe(self, layer: SpanLayer, query: torch.Tensor, scaling: float) -> None:
        """Read what the policy needs of the tokens just read.

        Parameters
        ----------
        layer
            The layer, which holds their keys already; results are kept on it.
        query
            Their query vectors (b, heads, q, d).
        scaling
            Factor of the inner products of queries and keys.
        """

    def score(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Score tokens.

        Parameters
        ----------
        layer
            The layer, after `prepare` and `observe`.
        index
            Index (b, g, n) int of each token in the sequence; -1 for none.
        plan
            Spans of the prompt.

        Returns
        -------
        (b, g or h, n) float
            Higher = keep; inf = must stay.
        """
