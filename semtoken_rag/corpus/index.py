"""A range search: all indexed vectors within a cosine of a given one (faiss)."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag._internal.forks import renew_in_child
from semtoken_rag._internal.optional import require
from semtoken_rag.types import FloatArray, IntArray

EXACT = 100_000  # vectors; up to this number the search is exhaustive
PROBED = 32  # one cell in this many is searched
ROUNDING = 1e-6  # the cosine of a vector with itself may be this much below 1

_gpu_lock = threading.Lock()  # a GPU index takes one search at a time
renew_in_child(sys.modules[__name__], "_gpu_lock", threading.Lock)


class Neighbours:
    """Index unit vectors for range search, on all GPUs that faiss sees.

    Up to ``exact`` vectors the search is exhaustive. Above that number the vectors are in sqrt(n) cells, and
    the closest cells are searched. (An HNSW graph does not work here: the copies, which are what is searched
    for, fill each other's short lists of neighbours and cut the graph into islands.) `within` is safe for
    threads, `add` is not.

    Parameters
    ----------
    dimensions
        Dimensions d of the vectors.
    exact
        Number of vectors up to which the search is exhaustive.

    Raises
    ------
    ImportError
        If faiss is missing; the message names the extra.
    """

    def __init__(self, dimensions: int, exact: int = EXACT) -> None:
        self.exact = exact
        self._index = _faiss().IndexFlatIP(dimensions)
        self._gpu: Any = None  # the index on the GPUs, made when it is needed

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        """Dimensions d of the vectors."""
        return int(self._index.d)

    def add(self, vectors: FloatArray) -> None:
        """Add vectors (m, d) of unit length, numbered on from the last one."""
        self._index.add(vectors)
        cells = getattr(self._index, "nlist", 0)
        if len(self) > (4 * cells**2 or self.exact):  # four times as many as when the cells were made
            self._index = self._in_cells()
        self._gpu = None

    def within(self, vectors: FloatArray, cosine: float) -> tuple[IntArray, IntArray]:
        """Find the indexed vectors that are close to each of the given ones.

        Parameters
        ----------
        vectors
            The queries (m, d), of unit length.
        cosine
            Least cosine with the query.

        Returns
        -------
        limits : (m + 1,) int
        found : (k,) int
            Numbers of indexed vectors; ``found[limits[i] : limits[i + 1]]`` are those of query i.
        """
        radius = cosine - ROUNDING
        if not len(self):
            return np.zeros(len(vectors) + 1, np.int64), np.zeros(0, np.int64)
        if not _faiss().get_num_gpus():
            limits, _, found = self._index.range_search(vectors, radius)
        else:  # a GPU has no range search: faiss takes its nearest, and asks the CPU if there are more
            search = require("faiss.contrib.exhaustive_search", extra="faiss-gpu")
            with _gpu_lock:
                if self._gpu is None:
                    self._gpu = _faiss().index_cpu_to_all_gpus(self._index)
                limits, _, found = search.range_search_gpu(vectors, radius, self._gpu, self._index)
        return limits.astype(np.int64), found

    def save(self, path: Path) -> None:
        """Write the index to a file."""
        _faiss().write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, exact: int = EXACT) -> Neighbours:
        """Read an index from a file.

        Parameters
        ----------
        path
            A file that `save` wrote.
        exact
            See the class.

        Returns
        -------
        Neighbours
            The index.

        Raises
        ------
        RuntimeError
            If the file is not an index of faiss.
        ValueError
            If the index has another metric than the inner product.
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
