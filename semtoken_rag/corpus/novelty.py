"""Novelty: a unit that recurs across the documents of a corpus is boilerplate, and worth less.

These are the paper's "repetitive templates" and "boilerplate content" (section 1): licences, navigation,
disclaimers, log lines. A single call cannot tell them from facts; the corpus can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag.arrays import unit_length
from semtoken_rag.corpus.index import EXACT, Neighbours
from semtoken_rag.encoders.base import Encoder, encode
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.stages.segment import Segmenter, segment
from semtoken_rag.strategy.base import Problem
from semtoken_rag.types import Chunk, FloatArray, IntArray

THRESHOLD = 0.93  # cosine of copies by the static table
LEAST, SHARE = 5, 0.01  # boilerplate is in at least this many documents, and in at least this share of all
SLOPE, CEILING = 2.0, 4.0  # see `log_odds`
BATCH = 256  # units encoded or searched for at a time, which limits the memory for their copies
FORMAT = "semtoken-novelty/1"
_MARKS = re.compile(r"[!-/:-@\[-`{-~¡-¿\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff01-\uff0f]+")


def boilerplate_threshold(documents: int) -> float:
    """Return the number of documents, out of ``documents``, from which a unit counts as boilerplate."""
    return max(LEAST, SHARE * documents)


def log_odds(frequency: IntArray, documents: int) -> FloatArray:
    """Return what units lose, in log-odds, by being in several documents.

    The odds that a unit is boilerplate are ((frequency - 1) / (threshold - 1)) ** SLOPE, so they are even at
    `boilerplate_threshold`; and boilerplate is wanted exp(-CEILING) times as often as the rest. A unit of one
    document thus loses nothing; from there the loss grows, in the end with the log of the frequency, up to
    CEILING.

    Parameters
    ----------
    frequency
        Number of documents that hold each unit: (m,) int.
    documents
        Number of documents in the corpus.

    Returns
    -------
    (m,) float32
        At most 0, higher = keep.

    Examples
    --------
    >>> [f"{loss:.2f}" for loss in log_odds(np.array([1, 2, 5, 50]), 100)]
    ['0.00', '-0.06', '-0.67', '-3.70']
    """
    odds = ((np.maximum(frequency, 1) - 1) / (boilerplate_threshold(documents) - 1)) ** SLOPE
    loss: FloatArray = np.log((1 + odds * np.exp(-CEILING)) / (1 + odds)).astype(np.float32)
    return loss


class CorpusNovelty:
    """Count the documents of a corpus in which a unit recurs, word for word or nearly so.

    A fingerprint here is the mean of the token vectors of a unit's words, without punctuation, which is the
    same everywhere and would draw all means together. The unit is encoded alone, since in context a
    transformer's vectors of one sentence differ from document to document, and always by this object's
    encoder. Reads are safe for threads, writes are not.

    Parameters
    ----------
    encoder
        Encoder of the fingerprints; None takes the shipped static table.
    threshold
        Cosine from which units are copies. The default fits the static table; 0.85 fits all-MiniLM-L6-v2.
    exact
        Number of units up to which the search is exhaustive, see `semtoken_rag.corpus.index.Neighbours`.

    Raises
    ------
    ImportError
        If faiss is missing; the message names the extra.
    ValueError
        If ``threshold`` is not above 0 and at most 1.

    Examples
    --------
    >>> novelty = CorpusNovelty.from_chunks([Chunk("One fact. Copy this."), Chunk("COPY THIS")])
    >>> novelty.frequency(novelty.fingerprints(["Copy this!", "One fact."])).tolist()
    [2, 1]
    """

    def __init__(
        self, encoder: Encoder | None = None, *, threshold: float = THRESHOLD, exact: int = EXACT
    ) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, got {threshold!r}")
        self.encoder, self.threshold, self.exact = encoder or default_static_encoder(), threshold, exact
        self._index = Neighbours(encode(self.encoder, [""], [""])[0].vectors.shape[1], exact)
        self._owner = np.zeros(0, np.int64)  # (n,) document of each indexed unit
        self._documents: dict[str, int] = {}

    @classmethod
    def from_chunks(cls, chunks: Sequence[Chunk], encoder: Encoder | None = None) -> CorpusNovelty:
        """Index a corpus, one document for each chunk or id; see `add_chunks`."""
        made = cls(encoder)
        made.add_chunks(chunks)
        return made

    def __len__(self) -> int:
        """Return the number of documents that have a unit in the index."""
        return len(self._documents)

    def fingerprints(self, texts: Sequence[str]) -> FloatArray:
        """Return the mean vector of each text's words: (m, d) float32, of unit length or 0 without words."""
        sums = np.zeros((len(texts), self._index.dimensions), np.float32)
        for start in range(0, len(texts), BATCH):
            batch = [_MARKS.sub(" ", text) for text in texts[start : start + BATCH]]
            for i, encoding in enumerate(encode(self.encoder, batch, [""] * len(batch)), start):
                sums[i] = encoding.vectors.sum(0)
        return unit_length(sums)

    def add_chunks(
        self, chunks: Sequence[Chunk], documents: Sequence[str] | None = None, segmenter: Segmenter = segment
    ) -> None:
        """Add the units of chunks to the index.

        Parameters
        ----------
        chunks
            The chunks, in one call or in several.
        documents
            Name of the document that each chunk is from, as many as ``chunks``. None takes the chunk's id; a
            chunk without an id is a document by itself. Give names if chunks overlap, since what two chunks
            of one document share is not boilerplate.
        segmenter
            Cuts the texts into units.

        Raises
        ------
        ValueError
            If there are not as many names as chunks.
        """
        names, known = documents, len(self._owner)
        if names is None:
            names = [f"{known}+{i}" if c.id is None else c.id for i, c in enumerate(chunks)]
        if len(names) != len(chunks):
            raise ValueError(f"every chunk needs a document, got {len(names)} for {len(chunks)}")
        owned = [
            (n, c.text[s.start : s.end])
            for n, c in zip(names, chunks, strict=True)
            for s in segmenter(c.text)
        ]
        self.add([name for name, _ in owned], self.fingerprints([text for _, text in owned]))

    def add(self, documents: Sequence[str], vectors: FloatArray) -> None:
        """Add fingerprints to the index.

        Parameters
        ----------
        documents
            Name of the document that holds each unit, m of them.
        vectors
            Fingerprints (m, d) as `fingerprints` returns them.

        Raises
        ------
        ValueError
            If the numbers differ, or the vectors are not finite or do not fit the index.
        """
        vectors = self._check(vectors)
        if len(documents) != len(vectors):
            raise ValueError(f"every vector needs a document, got {len(documents)} for {len(vectors)}")
        numbers = [self._documents.setdefault(name, len(self._documents)) for name in documents]
        self._owner = np.concatenate([self._owner, np.array(numbers, np.int64)])
        self._index.add(vectors)

    def frequency(self, vectors: FloatArray, threshold: float | None = None) -> IntArray:
        """Count the documents that hold a copy of each unit.

        Parameters
        ----------
        vectors
            Fingerprints (m, d) of the units.
        threshold
            Cosine from which units are copies; None takes that of the object.

        Returns
        -------
        (m,) int
            Number of documents; a document with several copies counts once.

        Raises
        ------
        ValueError
            If the vectors are not finite or do not fit the index.
        """
        vectors, documents = self._check(vectors), max(len(self), 1)
        out = np.zeros(len(vectors), np.int64)
        for start in range(0, len(vectors), BATCH):
            limits, found = self._index.within(vectors[start : start + BATCH], threshold or self.threshold)
            unit = np.repeat(np.arange(len(limits) - 1), np.diff(limits))
            pairs = np.unique(unit * documents + self._owner[found])
            out[start : start + BATCH] = np.bincount(pairs // documents, minlength=len(limits) - 1)
        return out

    def prior(self, vectors: FloatArray) -> FloatArray:
        """Return the `log_odds` of units: fingerprints (m, d) to (m,) float32, at most 0, higher = keep."""
        return log_odds(self.frequency(vectors), len(self))

    def __call__(self, problem: Problem) -> FloatArray:
        """Return the prior of each unit of a call: (m,) float32, at most 0, to be added to its score."""
        return self.prior(self.fingerprints([problem.text(i) for i in range(len(problem.units))]))

    def save(self, folder: str | Path) -> None:
        """Write the index and the names of its documents to a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._index.save(folder / "units.faiss")
        np.save(folder / "owner.npy", self._owner, allow_pickle=False)
        about: dict[str, Any] = {"format": FORMAT, "encoder": self.encoder.name}
        about |= {"threshold": self.threshold, "exact": self.exact, "documents": list(self._documents)}
        (folder / "novelty.json").write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path, encoder: Encoder | None = None) -> CorpusNovelty:
        """Read an index from a folder.

        Parameters
        ----------
        folder
            A folder that `save` wrote.
        encoder
            The encoder that the index was made with; None takes the shipped static table.

        Returns
        -------
        CorpusNovelty
            The index.

        Raises
        ------
        ValueError
            If the files are foreign, of another version or encoder, or do not belong together.
        """
        folder = Path(folder)
        try:
            about = json.loads((folder / "novelty.json").read_text(encoding="utf-8"))
            made = cls(encoder, threshold=about["threshold"], exact=about["exact"])
            _agree("format and encoder", (about["format"], about["encoder"]), (FORMAT, made.encoder.name))
            made._owner = owner = np.load(folder / "owner.npy", allow_pickle=False)
            made._documents = {name: number for number, name in enumerate(about["documents"])}
            expected = (made._index.dimensions, len(owner), len(made))
            made._index = index = Neighbours.load(folder / "units.faiss", made.exact)
            parts = (index.dimensions, len(index), int(owner.max(initial=-1)) + 1)
            _agree("dimensions, units and documents", parts, expected)
        except (ValueError, TypeError, LookupError, EOFError, RuntimeError) as error:
            raise ValueError(f"{str(folder)!r} holds no novelty that can be read here: {error}") from error
        return made

    def _check(self, vectors: FloatArray) -> FloatArray:
        d = self._index.dimensions
        if vectors.ndim != 2 or vectors.shape[1] != d:
            raise ValueError(f"vectors must have the shape (m, {d}), got {vectors.shape}")
        if not np.isfinite(vectors).all():
            raise ValueError("vectors must be finite")
        return unit_length(np.ascontiguousarray(vectors, np.float32))


def _agree(names: str, found: tuple[Any, ...], expected: tuple[Any, ...]) -> None:
    if found != expected:
        raise ValueError(f"{names} must be {expected}, got {found}")
