"""First step of a call: the size of the input in the reader's tokens, and the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semtoken_rag.budget import Budget
from semtoken_rag.engine.call import Call
from semtoken_rag.types import IntArray, Units


@dataclass(frozen=True, slots=True)
class Measured:
    """Sizes in the reader's tokens: of each chunk, of the whole input, and of what may be kept.

    ``keep`` is the chance that nothing wanted is lost for which less is kept, None if all that fits is.
    """

    chunks: Sequence[int]
    total: int
    budget: int
    keep: float | None = None

    @property
    def fits(self) -> bool:
        """Whether the whole input may be kept."""
        return self.keep is None and self.total <= self.budget


def counts_before_encoding(call: Call) -> bool:
    """Return whether the input has to be counted before it is encoded.

    It need not if a ratio always cuts it and the encoder's own tokens are counted, which encoding gives.
    """
    always_cut = call.bound.ratio is not None and call.bound.ratio < 1 and not call.setup.config.min_tokens
    return not (call.counts_encoded and always_cut and call.chunks)


def measure(call: Call, counts: Sequence[int]) -> Measured:
    """Return the sizes of a call whose chunks have ``counts`` tokens."""
    overhead = sum(chunk.overhead for chunk in call.chunks)
    total, bound, config = sum(counts) + overhead, call.bound, call.setup.config
    keep = bound.keep if call.query and call.chunks and call.setup.calibration else None
    if bound.ratio is not None and total < config.min_tokens:
        bound, keep = Budget(bound.max_tokens, 1.0), None
    if bound.ratio == 1:
        joined = config.separator.join(call.shown(chunk.text) for chunk in call.chunks)
        total = max(total, call.count(joined) + overhead)
        bound = Budget(bound.max_tokens or max(total, 1), 1.0)
    return Measured(counts, total, bound.tokens(total), keep)


def unit_cost(call: Call, units: Units) -> IntArray:
    """Return the reader's tokens of each unit: (m,)."""
    if call.counts_encoded:
        return units.tokens[:, 1] - units.tokens[:, 0]
    places = zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
    return np.array(call.count_all([call.chunks[c].text[a:b] for c, (a, b) in places]), np.int64)
