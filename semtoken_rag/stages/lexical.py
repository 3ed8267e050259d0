"""Lexical relevance: what a unit has of the question's letters, for what the encoder does not know.

An encoder whose vocabulary lacks a script reads it letter by letter, or as one unknown token, and its vectors
say little of it. How much of the question it reads so decides how much letters and vectors count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.relevance import standardise
from semtoken_rag.stages.weights import fitted
from semtoken_rag.text.grams import grams, plain
from semtoken_rag.types import Chunk, FloatArray, Units

FEATURES = ("own", "share", "chunk")
VECTORS = "vectors"  # name of the weight by which what the vectors say changes
SATURATION, LENGTH = 1.5, 0.75  # of BM25, k1 and b


@dataclass(frozen=True, slots=True)
class Lexical:
    """What letters add to the relevance of each unit, and what they take from that of the vectors.

    Parameters
    ----------
    weights
        Weight by feature name, and by `VECTORS`; None takes those fitted for the encoder at hand.
    """

    weights: Mapping[str, float] | None = None

    def __call__(self, asked: Asked, encoder: str) -> tuple[float, FloatArray] | None:
        """Return what the relevance by vectors is multiplied by, and what is added.

        Parameters
        ----------
        asked
            The question and the units.
        encoder
            Name of the encoder, which has weights of its own.

        Returns
        -------
        factor
            In [0, 1].
        gain
            Of each unit, (m,) float32. The result is None where the encoder knows the question, or no unit
            has anything of it.
        """
        strange = asked.strange
        if not strange or (values := features(asked.query.text, asked.chunks, asked.units)) is None:
            return None
        weights = self.weights if self.weights is not None else fitted(encoder)["lexical"]
        gain = sum(
            (np.float32(strange * weights.get(name, 0.0)) * values[name] for name in FEATURES),
            np.zeros(len(asked.units), np.float32),
        )
        return max(0.0, 1.0 + strange * weights.get(VECTORS, 0.0)), gain


def features(question: str, chunks: Sequence[Chunk], units: Units) -> dict[str, FloatArray] | None:
    """Return every feature of every unit: BM25 over the n-grams of the question.

    ``own``: of the unit with what it hangs on, standardised over the call; ``share``: the same as a share of
    what the question's n-grams are worth; ``chunk``: of the chunk with its title and headings, standardised.

    Parameters
    ----------
    question
        The question.
    chunks
        Chunks of the call.
    units
        Units of the call.

    Returns
    -------
    dict of str to FloatArray or None
        Values of each feature by name, (m,) float32, higher = more relevant. None if nothing of the question
        stands in any unit.
    """
    m = len(units)
    places = zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
    texts = [plain(chunks[chunk].text[start:end]) for chunk, (start, end) in places]
    titles = [plain(chunk.context) for chunk in chunks]
    wanted = grams(plain(question))
    found = _counts(wanted, texts + titles)  # (g, m + c)
    own, of_title = found[:, :m], found[:, m:]
    if not own.any():
        return None
    length = np.array([len(text) for text in texts + titles], np.float32)
    whole, whole_length = of_title.copy(), length[m:].copy()
    np.add.at(whole.T, units.chunk, own.T)
    np.add.at(whole_length, units.chunk, length[:m])
    hung, hung_length = _with_ancestors(own, units), _with_ancestors(length[None, :m], units)[0]
    score, chunk = bm25(hung, hung_length), bm25(whole, whole_length)
    worth = rarity(hung).sum() + (len(wanted) - len(found)) * rarity(np.zeros((1, m), np.float32))[0]
    rows = standardise(np.stack([score, chunk[units.chunk]]))
    return {"own": rows[0], "share": score / worth, "chunk": rows[1]}


def _counts(wanted: Sequence[str], texts: Sequence[str]) -> FloatArray:
    """How often each n-gram stands in each text, those that stand in none left out: (g, n)."""
    found = gram_counts(wanted, texts)
    return found[found.any(1)]


def gram_counts(wanted: Sequence[str], texts: Sequence[str]) -> FloatArray:
    """Count n-grams in texts.

    Parameters
    ----------
    wanted
        The g different n-grams, of at most four letters.
    texts
        The n texts, as `plain` returns them.

    Returns
    -------
    FloatArray
        How often each stands in each text, (g, n) float32; the order of the rows follows from ``wanted``
        alone. Rare n-grams that are told apart by letters beyond U+FFFF may share a row.
    """
    n = len(texts)
    letters = _letters("\n".join(texts))
    text = np.repeat(np.arange(n), [len(text) + 1 for text in texts])
    found = [np.zeros((0, n), np.float32)]
    for size in sorted(set(map(len, wanted))):
        joined = "".join(gram for gram in wanted if len(gram) == size)
        keys = np.unique(_keys(_letters(joined), size)[::size])
        here = _keys(letters, size)
        at = np.minimum(np.searchsorted(keys, here), len(keys) - 1)
        match = np.flatnonzero(keys[at] == here)
        counts = np.bincount(at[match] * n + text[match], minlength=len(keys) * n).reshape(-1, n)
        found.append(counts.astype(np.float32))
    return np.concatenate(found)


def _letters(text: str) -> npt.NDArray[np.uint64]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)


def _keys(letters: npt.NDArray[np.uint64], size: int) -> npt.NDArray[np.uint64]:
    """Return a number for each run of ``size`` letters, at most four; only rare letters may share one."""
    runs = max(0, len(letters) - size + 1)
    keys = np.zeros(runs, np.uint64)
    for i in range(size):
        keys = (keys << np.uint64(16)) ^ letters[i : i + runs]
    return keys


def _with_ancestors(values: FloatArray, units: Units) -> FloatArray:
    """Sum the values of each unit and of what it hangs on: (g, m) -> (g, m)."""
    if not (units.parent >= 0).any():
        return values
    out, parent = values.copy(), units.parent
    while (hanging := np.flatnonzero(parent >= 0)).size:
        out[:, hanging] += values[:, parent[hanging]]
        parent = np.where(parent >= 0, units.parent[parent], -1)
    return out


def rarity(counts: FloatArray) -> FloatArray:
    """Return how rare each term is, by the texts that have it: (g, n) -> (g,)."""
    n, has = counts.shape[1], (counts > 0).sum(1)
    rare: FloatArray = np.log1p((n - has + 0.5) / (has + 0.5)).astype(np.float32)
    return rare


def bm25(counts: FloatArray, length: FloatArray) -> FloatArray:
    """Return BM25 of each text.

    Parameters
    ----------
    counts
        How often each text has each term, (g, n).
    length
        Of each text, (n,).

    Returns
    -------
    FloatArray
        The scores, (n,) float32.
    """
    damp = SATURATION * (1.0 - LENGTH + LENGTH * length / max(float(length.mean()), 1e-9))
    score: FloatArray = rarity(counts) @ (counts * (SATURATION + 1.0) / (counts + damp)).astype(np.float32)
    return score
