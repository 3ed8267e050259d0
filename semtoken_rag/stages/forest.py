"""A forest of regression trees, whose sum is a log-odds: gradient boosting, evaluated with numpy alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees of at most k nodes each; node 0 is the root, and a leaf leads to itself.

    Attributes
    ----------
    sign, left, right : (t, k) int
        Of each node the column that is asked, and the nodes for a value of at most ``bound`` and above.
    bound, value : (t, k) float
        Of each node; the value of a leaf is what its tree adds.
    base : float
        What all trees are added to.
    depth : int
        Steps from a root to its farthest leaf.
    """

    sign: IntArray
    left: IntArray
    right: IntArray
    bound: FloatArray
    value: FloatArray
    base: float
    depth: int

    def __call__(self, signs: FloatArray) -> FloatArray:
        """Return the log-odds of each row: (m, f) -> (m,)."""
        (trees, size), (m, width) = self.sign.shape, signs.shape
        first = np.arange(trees) * size
        child = np.stack([self.right + first[:, None], self.left + first[:, None]], 2).ravel()
        sign, bound = self.sign.ravel(), self.bound.ravel()
        row, values = (np.arange(m) * width)[:, None], signs.ravel()
        node = np.broadcast_to(first, (m, trees))
        for _ in range(self.depth):
            low = values.take(row + sign.take(node)) <= bound.take(node)
            node = child.take(2 * node + low)
        total: FloatArray = self.base + self.value.ravel().take(node).sum(1)
        return total

    @classmethod
    def load(cls, path: Path) -> Forest:
        """Read what `save` wrote."""
        made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        sign, left, right = (np.array(made[name], np.int64) for name in ("sign", "left", "right"))
        bound, value = (np.array(made[name], np.float32) for name in ("bound", "value"))
        return cls(sign, left, right, bound, value, made["base"], made["depth"])

    def save(self, path: Path) -> None:
        """Write a JSON file, a tree a line."""
        names = ("sign", "left", "right", "bound", "value")
        rows = {n: ",\n  ".join(json.dumps(row) for row in _plain(getattr(self, n))) for n in names}
        body = ",\n".join(f' "{name}": [\n  {row}\n ]' for name, row in rows.items())
        text = f'{{\n "base": {self.base},\n "depth": {self.depth},\n{body}\n}}\n'
        path.write_text(text, encoding="utf-8")


def _plain(values: Any) -> list[list[float]]:
    if values.dtype.kind == "i":
        return [[int(v) for v in row] for row in values]
    return [[float(f"{v:.5g}") for v in row] for row in values]
