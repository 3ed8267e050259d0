"""Lexical relevance: what a unit has of the question's letters, for what the encoder does not know.

An encoder whose vocabulary lacks a script reads it letter by letter, or as one unknown token, and its vectors
say little of it. How much of the question it reads so decides how much letters and vectors count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semtoken_rag.stages.relevance import standardise
from semtoken_rag.stages.weights import fitted
from semtoken_rag.text.grams import grams, is_wide, plain
from semtoken_rag.types import Chunk, FloatArray, Query, Tokens, Units

FEATURES = ("own", "share", "chunk")
VECTORS = "vectors"  # name of the weight by which what the vectors say changes
PIECE = 3  # letters of a piece that means something; two where they are wide
KNOWN = 0.8  # share of the question in such pieces from which it is left to the encoder
SATURATION, LENGTH = 1.5, 0.75  # of BM25, k1 and b
SAMPLE = 512  # tokens that are looked at for an unknown one


@dataclass(frozen=True, slots=True)
class Lexical:
    """What letters add to the relevance of each unit, and what they take from that of the vectors.

    Parameters
    ----------
    weights
        Weight by feature name, and by `VECTORS`; None takes those fitted for the encoder at hand.
    """

    weights: Mapping[str, float] | None = None

    def __call__(
        self, query: Query, chunks: Sequence[Chunk], tokens: Tokens, units: Units, encoder: str
    ) -> tuple[float, FloatArray] | None:
        """Return what the relevance by vectors is multiplied by, and what is added.

        Parameters
        ----------
        query
            The encoded query.
        chunks
            Chunks of the call.
        tokens
            Their fingerprints.
        units
            Units of the call.
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
        strange = strangeness(query, chunks, tokens)
        if not strange or (values := features(query.text, chunks, units)) is None:
            return None
        weights = self.weights if self.weights is not None else fitted(encoder)["lexical"]
        gain = sum(
            (np.float32(strange * weights.get(name, 0.0)) * values[name] for name in FEATURES),
            np.zeros(len(units), np.float32),
        )
        return max(0.0, 1.0 + strange * weights.get(VECTORS, 0.0)), gain


def strangeness(query: Query, chunks: Sequence[Chunk], tokens: Tokens) -> float:
    """Return how little of a question its encoder knows: 0 from `KNOWN` on, 1 where it knows nothing.

    Known are letters in pieces of at least `PIECE` letters, or two wide ones. A piece is unknown if its token
    stands for other letters too.

    Parameters
    ----------
    query
        The encoded query.
    chunks
        Chunks of the call.
    tokens
        Their fingerprints.

    Returns
    -------
    float
        The root of the share that is missing to `KNOWN`.
    """
    text, encoding = query.text, query.encoding
    pieces = [
        (token, text[start:end].strip())
        for token, (start, end) in zip(encoding.ids.tolist(), encoding.offsets.tolist(), strict=True)
        if any(map(str.isalnum, text[start:end]))
    ]
    read = {token: _folded(piece) for token, piece in pieces if _says_something(piece)}
    unknown = {token for token, piece in pieces if token in read and _folded(piece) != read[token]}
    if not text.isascii():
        unknown |= _unknown(read, chunks, tokens)
    known = sum(
        len(piece)
        for token, piece in pieces
        if token in read and token not in unknown and _says_something(piece)
    )
    whole = max(sum(len(piece) for _, piece in pieces), 1)
    missing = 1.0 - min(1.0, known / whole / KNOWN)
    return float(np.sqrt(missing))


def _says_something(piece: str) -> bool:
    letters = sum(map(str.isalpha, piece))
    return letters + sum(map(str.isdigit, piece)) >= PIECE or (letters > 1 and is_wide(piece[0]))


def _folded(piece: str) -> str:
    """Letters of a piece as a tokenizer without case and accents reads it."""
    if piece.isascii():
        return piece.lower()
    apart = unicodedata.normalize("NFKD", piece.lower())
    return "".join(c for c in apart if unicodedata.category(c) != "Mn")


def _unknown(read: Mapping[int, str], chunks: Sequence[Chunk], tokens: Tokens) -> set[int]:
    """Tokens of the question that stand for other letters in the texts."""
    same = np.flatnonzero(np.isin(tokens.ids, list(read)))
    same = same[:: len(same) // SAMPLE + 1]
    places = zip(
        tokens.ids[same].tolist(), tokens.chunk[same].tolist(), tokens.offsets[same].tolist(), strict=True
    )
    return {token for token, chunk, (a, b) in places if _folded(chunks[chunk].text[a:b]) != read[token]}


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
        found.append(counts[counts.any(1)].astype(np.float32))
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
