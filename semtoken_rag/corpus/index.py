"""Neighbours: every indexed vector within a cosine of a given one (faiss)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag._optional import require
from semtoken_rag.types import FloatArray, IntArray

EXACT = 100_000  # vectors up to which every one is compared
PROBED = 32  # one in so many cells is searched
ROUNDING = 1e-6  # the cosine of a vector with itself may be this much under 1

_gpu_lock = threading.Lock()  # a GPU index takes one search at a time


class Neighbours:
    """Index of unit vectors for range search; on the GPUs where faiss has any.

    Up to ``exact`` vectors all are compared. Above it they lie in sqrt(n) cells, of which the closest are
    searched: in an HNSW graph the copies, which are what is looked for here, fill each other's short lists
    of neighbours and cut the graph into islands. Reads are thread-safe, `add` is not.

    Parameters
    ----------
    dimensions
        d of the vectors.
    exact
        See above.

    Raises
    ------
    ImportError
        Without faiss.
    """

    def __init__(self, dimensions: int, exact: int = EXACT) -> None:
        self.exact = exact
        self._index = _faiss().IndexFlatIP(dimensions)
        self._gpu: Any = None  # the index on the GPUs, once it is needed

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        """The d of the vectors."""
        return int(self._index.d)

    def add(self, vectors: FloatArray) -> None:
        """Index vectors (m, d) of length 1, numbered on from the last one."""
        self._index.add(vectors)
        cells = getattr(self._index, "nlist", 0)
        if len(self) > (4 * cells**2 or self.exact):  # four times as many as when the cells were made
            self._index = self._in_cells()
        self._gpu = None

    def within(self, vectors: FloatArray, cosine: float) -> tuple[IntArray, IntArray]:
        """Find what has at least ``cosine`` with each of the vectors (m, d) of length 1.

        Returns
        -------
        limits : (m + 1,) int
        found : (k,) int
            Numbers of the indexed vectors; ``found[limits[i] : limits[i + 1]]`` are those of vector i.
        """
        radius = cosine - ROUNDING
        if not len(self):
            return np.zeros(len(vectors) + 1, np.int64), np.zeros(0, np.int64)
        if not _faiss().get_num_gpus():
            limits, _, found = self._index.range_search(vectors, radius)
        else:  # a GPU has no range search: faiss asks it for the nearest, and the CPU where those are not all
            search = require("faiss.contrib.exhaustive_search", extra="faiss-gpu")
            with _gpu_lock:
                if self._gpu is None:
                    self._gpu = _faiss().index_cpu_to_all_gpus(self._index)
                limits, _, found = search.range_search_gpu(vectors, radius, self._gpu, self._index)
        return limits.astype(np.int64), found

    def save(self, path: Path) -> None:
        """Write the index to ``path``."""
        _faiss().write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, exact: int = EXACT) -> Neighbours:
        """Read what `save` wrote.

        Raises
        ------
        RuntimeError
            Where the file is no index of faiss.
        ValueError
            Where it is one of another metric.
        """
        index = _faiss().read_index(str(path))
        if index.metric_type != _faiss().METRIC_INNER_PRODUCT:
            raise ValueError(f"the index must be one of inner products, got faiss metric {index.metric_type}")
        made = cls(index.d, exact)
        made._index = index
        return made

    def _in_cells(self) -> Any:
        faiss, d = _faiss(), self.dimensions
        vectors = self._index.reconstruct_n(0, len(self))
        cells = int(len(self) ** 0.5)
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, cells, faiss.METRIC_INNER_PRODUCT)
        index.nprobe = max(1, cells // PROBED)
        index.train(vectors)
        index.add(vectors)
        return index


def _faiss() -> Any:
    return require("faiss", extra="faiss")
