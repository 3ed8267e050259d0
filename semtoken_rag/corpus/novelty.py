"""Novelty: a unit that recurs across the documents of a corpus is boilerplate there, and of low density.

The paper's "repetitive templates" and "boilerplate content" (section 1): licences, navigation, disclaimers,
log lines. One call cannot tell them from facts, the corpus can.
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
LEAST, SHARE = 5, 0.01  # boilerplate is in this many documents, and in this share of all
SLOPE, CEILING = 2.0, 4.0  # see `log_odds`
BATCH = 256  # units encoded or looked up at a time, which bounds what is held of their copies
FORMAT = "semtoken-novelty/1"
_MARKS = re.compile(r"[!-/:-@\[-`{-~¡-¿\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff01-\uff0f]+")


def boilerplate_threshold(documents: int) -> float:
    """Documents from which a unit counts as boilerplate, in a corpus of ``documents``."""
    return max(LEAST, SHARE * documents)


def log_odds(frequency: IntArray, documents: int) -> FloatArray:
    """Log-odds that units lose by being in ``frequency`` documents: (m,) float32, at most 0, higher = keep.

    One is boilerplate with odds ((frequency - 1) / (usual - 1)) ** SLOPE, even at the `usual` frequency, and
    boilerplate is wanted exp(-CEILING) times as often. So one of a single document loses nothing, one of 2
    in 3 documents 0.06, and from there the loss grows with the log of the frequency up to CEILING.

    >>> [f"{loss:.2f}" for loss in log_odds(np.array([1, 2, 5, 50]), 100)]
    ['0.00', '-0.06', '-0.67', '-3.70']
    """
    odds = ((np.maximum(frequency, 1) - 1) / (boilerplate_threshold(documents) - 1)) ** SLOPE
    loss: FloatArray = np.log((1 + odds * np.exp(-CEILING)) / (1 + odds)).astype(np.float32)
    return loss


class CorpusNovelty:
    """In how many documents of a corpus a unit recurs, near word for word or in meaning.

    A fingerprint here is the mean of the token vectors of a unit's words, encoded alone and by this object's
    encoder whatever the call's: in context, a transformer's vectors of one sentence differ from document to
    document, and marks, the same everywhere, draw all means together. Reads are thread-safe, writes are not.
    Needs faiss; ImportError without it.

    Parameters
    ----------
    encoder
        Makes the fingerprints; None takes the shipped static table.
    threshold
        Cosine from which units are copies. The default suits the static table, 0.85 all-MiniLM-L6-v2.
    exact
        Units up to which all are compared, see `Neighbours`.

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
        """Index a corpus, each chunk a document; see `add_chunks`."""
        made = cls(encoder)
        made.add_chunks(chunks)
        return made

    def __len__(self) -> int:
        """Documents that have a unit in the index."""
        return len(self._documents)

    def fingerprints(self, texts: Sequence[str]) -> FloatArray:
        """Mean vector of each text's words: (m, d) float32 of length 1; zeros for a text without any."""
        sums = np.zeros((len(texts), self._index.dimensions), np.float32)
        for start in range(0, len(texts), BATCH):
            batch = [_MARKS.sub(" ", text) for text in texts[start : start + BATCH]]
            for i, encoding in enumerate(encode(self.encoder, batch, [""] * len(batch)), start):
                sums[i] = encoding.vectors.sum(0)
        return unit_length(sums)

    def add_chunks(
        self, chunks: Sequence[Chunk], documents: Sequence[str] | None = None, segmenter: Segmenter = segment
    ) -> None:
        """Index the units of ``chunks``, of the documents named; by default a document is an id or a chunk.

        Name them where chunks overlap: what two chunks of one document share is no boilerplate.
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
        """Index fingerprints (m, d), each with the document (m,) that holds it."""
        vectors = self._check(vectors)
        if len(documents) != len(vectors):
            raise ValueError(f"every vector needs a document, got {len(documents)} for {len(vectors)}")
        numbers = [self._documents.setdefault(name, len(self._documents)) for name in documents]
        self._owner = np.concatenate([self._owner, np.array(numbers, np.int64)])
        self._index.add(vectors)

    def frequency(self, vectors: FloatArray, threshold: float | None = None) -> IntArray:
        """Count the documents that hold a copy of each unit: (m, d) -> (m,), each document once.

        ``threshold`` takes the place of the object's. ValueError where ``vectors`` do not fit the index.
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
        """`log_odds` of each unit: (m, d) -> (m,) float32, at most 0, higher = keep."""
        return log_odds(self.frequency(vectors), len(self))

    def __call__(self, problem: Problem) -> FloatArray:
        """Prior of each unit of a call, for adding to its score: (m,) float32, at most 0, higher = keep."""
        return self.prior(self.fingerprints([problem.text(i) for i in range(len(problem.units))]))

    def save(self, folder: str | Path) -> None:
        """Write the index and what it is of to ``folder``."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._index.save(folder / "units.faiss")
        np.save(folder / "owner.npy", self._owner, allow_pickle=False)
        about: dict[str, Any] = {"format": FORMAT, "encoder": self.encoder.name}
        about |= {"threshold": self.threshold, "exact": self.exact, "documents": list(self._documents)}
        (folder / "novelty.json").write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path, encoder: Encoder | None = None) -> CorpusNovelty:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            Where the files are foreign, of another version or encoder, or do not belong together.
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
