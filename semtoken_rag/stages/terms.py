"""Terms: which token kinds occur in which unit and title of a call, and how rare they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag.arrays import members
from semtoken_rag.types import FloatArray, IntArray, Tokens, Units

HEAD = 6  # tokens of a chunk without a title that stand for one


@dataclass(frozen=True, slots=True)
class Terms:
    """Occurrences of the distinct token ids of a call; a code is the position of an id among them.

    Attributes
    ----------
    idf : (k,) float32
        How rare each is among the units: log(1 + (m - df + 0.5) / (df + 0.5)), higher = rarer.
    query : (q,) int
        Codes of the question's tokens.
    inside, unit : (n',) int
        Rows of `Tokens` that lie in a unit, in order, and their unit.
    in_units, in_titles : (p, 2) int
        Distinct pairs (unit, code) and (chunk, code), sorted.
    in_heads : (p, 2) int
        The same of what names each chunk: its title, or its first `HEAD` tokens if it has none.
    """

    idf: FloatArray
    query: IntArray
    inside: IntArray
    unit: IntArray
    in_units: IntArray
    in_titles: IntArray
    in_heads: IntArray

    @classmethod
    def of(cls, tokens: Tokens, units: Units, query: IntArray) -> Terms:
        """Count the tokens of a call.

        Parameters
        ----------
        tokens
            Tokens of all chunks and titles.
        units
            The m units, whose frequencies give the IDF.
        query
            Token ids of the question (q,).

        Returns
        -------
        Terms
            k is the number of distinct ids in chunks, titles and question.
        """
        n, t = len(tokens.ids), len(tokens.title_ids)
        kinds, code = np.unique(np.concatenate([tokens.ids, tokens.title_ids, query]), return_inverse=True)
        k = len(kinds)
        inside, unit = members(units.tokens)
        in_units = _pairs(unit, code[inside], k)
        df = np.bincount(in_units[:, 1], minlength=k)
        position = np.arange(n) - np.searchsorted(tokens.chunk, tokens.chunk)
        first = (position < HEAD) & ~np.isin(tokens.chunk, tokens.title_chunk)
        heads = np.concatenate([tokens.title_chunk, tokens.chunk[first]])
        return cls(
            idf=np.log1p((len(units) - df + 0.5) / (df + 0.5)).astype(np.float32),
            query=code[n + t :],
            inside=inside,
            unit=unit,
            in_units=in_units,
            in_titles=_pairs(tokens.title_chunk, code[n : n + t], k),
            in_heads=_pairs(heads, np.concatenate([code[n : n + t], code[:n][first]]), k),
        )

    def query_weight(self) -> FloatArray:
        """IDF of each token of the question, summing to 1: (q,)."""
        weight = self.idf[self.query]
        share: FloatArray = weight / max(float(weight.sum()), 1e-9)
        return share

    def of_unit(self, unit: int) -> IntArray:
        """Codes in a unit, sorted."""
        return _of(self.in_units, unit)

    def of_head(self, chunk: int) -> IntArray:
        """Codes in what names a chunk, sorted."""
        return _of(self.in_heads, chunk)

    def marked(self, codes: IntArray) -> np.ndarray:
        """Which codes are among ``codes``: (k,) bool."""
        out = np.zeros(len(self.idf), bool)
        out[codes] = True
        return out


def total(pairs: IntArray, value: FloatArray, groups: int) -> FloatArray:
    """Sum the values of the codes that occur in each group.

    Parameters
    ----------
    pairs
        Distinct pairs of group and code, (p, 2).
    value
        Value of each code, (k,).
    groups
        Number of groups.

    Returns
    -------
    FloatArray
        The sums, (groups,) float32.
    """
    out: FloatArray = np.bincount(pairs[:, 0], value[pairs[:, 1]], groups).astype(np.float32)
    return out


def _pairs(group: IntArray, code: IntArray, k: int) -> IntArray:
    both = np.unique(group * k + code)
    return np.stack([both // max(k, 1), both % max(k, 1)], 1)


def _of(pairs: IntArray, group: int) -> IntArray:
    start, end = np.searchsorted(pairs[:, 0], [group, group + 1])
    found: IntArray = pairs[start:end, 1]
    return found
