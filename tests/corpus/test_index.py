"""Neighbours: range search, exact and in cells, on the CPU and on what stands in for a GPU."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest

from semtoken_rag.arrays import unit_length
from semtoken_rag.corpus.index import Neighbours

faiss = pytest.importorskip("faiss")

BASIS = np.eye(4, dtype=np.float32)


def indexed(vectors: np.ndarray, exact: int = 10_000) -> Neighbours:
    index = Neighbours(vectors.shape[1], exact)
    index.add(vectors)
    return index


def groups(index: Neighbours, vectors: np.ndarray, cosine: float) -> list[set[int]]:
    limits, found = index.within(vectors, cosine)
    return [set(found[a:b].tolist()) for a, b in pairwise(limits)]


def clustered(centres: int, copies: int) -> np.ndarray:
    """Unit vectors in tight groups, those of a group one after the other."""
    rng = np.random.default_rng(0)
    middle = unit_length(rng.standard_normal((centres, 32)).astype(np.float32))
    noise = 0.02 * rng.standard_normal((centres * copies, 32)).astype(np.float32)
    return unit_length(np.repeat(middle, copies, 0) + noise)


def test_it_finds_what_is_close_enough_and_nothing_else():
    index = indexed(unit_length(np.array([[1, 0], [4, 3], [3, 4], [0, 1]], np.float32)))
    asked = np.array([[1, 0], [0, -1]], np.float32)
    assert groups(index, asked, 0.8) == [{0, 1}, set()]
    assert groups(index, asked, 0.6) == [{0, 1, 2}, set()]


def test_a_vector_is_within_a_cosine_of_1_of_itself():
    vectors = clustered(20, 5)
    assert all(i in found for i, found in enumerate(groups(indexed(vectors), vectors, 1.0)))


def test_an_empty_index_finds_nothing():
    assert groups(Neighbours(4), BASIS, 0.5) == [set()] * 4
    assert groups(indexed(BASIS), BASIS[:0], 0.5) == []


def test_cells_find_what_comparing_all_finds():
    vectors = clustered(300, 8)
    exact, cells = groups(indexed(vectors), vectors, 0.9), groups(indexed(vectors, 100), vectors, 0.9)
    assert all(len(e) == 8 for e in exact)
    assert all(c <= e for c, e in zip(cells, exact, strict=True))
    assert sum(map(len, cells)) >= 0.95 * sum(map(len, exact))


def test_cells_grow_with_what_is_added():
    vectors = clustered(300, 8)
    index = Neighbours(32, 500)
    for part in np.split(vectors, 8):
        index.add(part)
    assert index._index.nlist == int(2400**0.5)
    assert len(index) == 2400
    exact = groups(indexed(vectors), vectors, 0.9)
    found = groups(index, vectors, 0.9)  # the numbers are still those of the order of adding
    assert all(i in f and f <= e for i, (f, e) in enumerate(zip(found, exact, strict=True)))


@pytest.mark.parametrize("exact", [10_000, 100])
def test_what_is_saved_is_what_is_loaded(tmp_path, exact):
    vectors = clustered(300, 8)
    index = indexed(vectors, exact)
    index.save(tmp_path / "index")
    loaded = Neighbours.load(tmp_path / "index", exact)
    assert (len(loaded), loaded.dimensions) == (2400, 32)
    assert groups(loaded, vectors, 0.9) == groups(index, vectors, 0.9)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("no index", encoding="utf-8")
    with pytest.raises(RuntimeError):
        Neighbours.load(tmp_path / "text")
    faiss.write_index(faiss.IndexFlatL2(4), str(tmp_path / "l2"))
    with pytest.raises(ValueError, match="inner products"):
        Neighbours.load(tmp_path / "l2")


def test_a_gpu_finds_the_same(monkeypatch):
    vectors = clustered(300, 8)
    index = indexed(vectors)
    expected = groups(index, vectors, 0.9)
    moved = []
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", lambda i: moved.append(i.ntotal) or i, raising=False)
    assert groups(index, vectors, 0.9) == expected
    assert groups(index, vectors[:1], 0.9) == expected[:1]
    index.add(vectors[:1])
    assert groups(index, vectors[:1], 0.9) == [expected[0] | {2400}]
    assert moved == [2400, 2401]


def test_without_faiss_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r"semtoken-rag\[faiss\]"):
        Neighbours(4)
