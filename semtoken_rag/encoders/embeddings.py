"""An encoder made of the embeddings that a RAG has already: those of LangChain or LlamaIndex.

Such embeddings have one vector for a text and none for its tokens. So each sentence is embedded by itself,
and each of its tokens gets the sentence's vector beside its own out of the static table. The cosine of two
tokens is then the weighted mean of both: of what their sentences mean, and of what they mean themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from semtoken_rag.arrays import unit_length
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.structure.segment import segment
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import Encoding, FloatArray, IntArray

WEIGHT = 0.5  # of the sentences' cosine, the rest is that of the tokens
METHODS = (
    ("embed_documents", "embed_query"),  # LangChain's Embeddings
    ("get_text_embedding_batch", "get_query_embedding"),  # LlamaIndex's BaseEmbedding
)
MODELS = ("model_name", "model", "model_id", "deployment")  # where embeddings name their model
ANY = "width"  # embedded where there is nothing to embed, for the width


class EmbeddingsEncoder:
    """Encode sentences with embeddings of LangChain or LlamaIndex, and tokens with the static table.

    All sentences of a call are embedded in one batch; a question by the method for questions. A title does
    not change the vectors of its text.

    Parameters
    ----------
    embeddings
        An object with ``embed_documents`` and ``embed_query``, or with ``get_text_embedding_batch`` and
        ``get_query_embedding``.
    name
        Name of the vectors in stats and in keys of stores: give new vectors a new name. None takes the class
        and the model that the object names.
    weight
        Of the sentences' cosine, in [0, 1]; the rest is that of the tokens.

    Raises
    ------
    ValueError
        If ``embeddings`` has neither pair of methods, or ``weight`` is out of range; and from `encode`, if it
        does not return as many vectors as texts, all of the width that it had before.
    FloatingPointError
        From `encode`, if a vector is not finite.
    """

    def __init__(self, embeddings: Any, *, name: str | None = None, weight: float = WEIGHT) -> None:
        if (methods := embedding_methods(embeddings)) is None:
            pairs = " or ".join(" and ".join(pair) for pair in METHODS)
            raise ValueError(f"embeddings must have {pairs}, got {embeddings!r:.80}")
        if not 0 <= weight <= 1:
            raise ValueError(f"weight must be in [0, 1], got {weight!r}")
        self._embeddings, (self._many, self._one) = embeddings, methods
        self._weight, self._width = weight, 0
        self._static = default_static_encoder()
        self.name = f"embeddings:{name or _name(embeddings)}"

    @property
    def fingerprint(self) -> str:
        """All that the vectors depend on, for the keys of a store: name, weight and table."""
        return f"{self.name}/{self._weight}/{self._static.fingerprint}"

    def count(self, text: str) -> int:
        """Return the number of WordPiece tokens of ``text``, without special tokens."""
        return self._static.count(text)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text; see `Encoder.encode`."""
        encoded = self._static.encode(texts, titles)
        cuts = [_sentences(text) if len(e.ids) else {} for text, e in zip(texts, encoded, strict=True)]
        wanted = [*(part for cut in cuts for part in cut.values()), *filter(str.strip, titles)]
        row = {part: i for i, part in enumerate(dict.fromkeys(wanted or [ANY]))}
        vectors = self._embed(list(row)) if texts else np.empty((0, 0), np.float32)
        return [
            Encoding(
                own.ids,
                own.offsets,
                self._joined(vectors[_rows(own.offsets, cut, row)], own.vectors),
                own.title_ids,
                self._joined(vectors[[row.get(title, 0)] * len(own.title_ids)], own.title_vectors),
            )
            for own, cut, title in zip(encoded, cuts, titles, strict=True)
        ]

    def encode_question(self, question: str) -> Encoding:
        """Encode a question, with the embeddings' own method for questions."""
        (own,) = self._static.encode([question], [""])
        asked = self._checked([getattr(self._embeddings, self._one)(encodable(question))], 1)
        vectors = self._joined(asked.repeat(len(own.ids), 0), own.vectors)
        return Encoding(own.ids, own.offsets, vectors, own.title_ids, vectors[:0])

    def _embed(self, texts: Sequence[str]) -> FloatArray:
        return self._checked(getattr(self._embeddings, self._many)(list(map(encodable, texts))), len(texts))

    def _checked(self, made: Sequence[Sequence[float]], n: int) -> FloatArray:
        """Return ``n`` embeddings as unit vectors (n, d), or raise if they are anything else."""
        try:
            rows = [np.asarray(vector, np.float32) for vector in made]
        except (TypeError, ValueError) as error:
            got = f"{type(made).__name__} {made!r:.60}"
            raise ValueError(f"{self.name} must return lists of numbers, got {got}") from error
        if deep := [row.shape for row in rows if row.ndim != 1]:
            raise ValueError(f"{self.name} must return a list of numbers for a text, got shape {deep[0]}")
        widths = {len(row) for row in rows}
        if len(rows) != n or len(widths) != 1 or 0 in widths or self._width not in (0, *widths):
            known = f", of {self._width} before" if self._width else ""
            raise ValueError(
                f"{self.name} returned {len(rows)} vectors of {sorted(widths)} numbers for {n} texts{known}"
            )
        vectors = np.array(rows)
        if not np.isfinite(vectors).all():
            raise FloatingPointError(f"{self.name} returned vectors that are not finite")
        self._width = vectors.shape[1]
        return unit_length(vectors)

    def _joined(self, sentences: FloatArray, tokens: FloatArray) -> FloatArray:
        """Lay the vectors of tokens (n, t) beside those of their sentences (n, d): (n, d + t)."""
        share, rest = np.float32(self._weight**0.5), np.float32((1 - self._weight) ** 0.5)
        return unit_length(np.concatenate([share * sentences, rest * tokens], 1))


def embedding_methods(given: Any) -> tuple[str, str] | None:
    """Return the names of an object's methods for texts and for a question; None if it has no such pair."""
    return next((m for m in METHODS if all(callable(getattr(given, name, None)) for name in m)), None)


def _name(embeddings: Any) -> str:
    """Return the class of embeddings, with the model if they name one."""
    named = (getattr(embeddings, attribute, None) for attribute in MODELS)
    return "/".join([type(embeddings).__qualname__, *[n for n in named if isinstance(n, str)][:1]])


def _sentences(text: str) -> dict[int, str]:
    """Return the sentences of a text by their starts; the whole text, if it has none."""
    return {s.start: text[s.start : s.end] for s in segment(text)} or {0: text}


def _rows(offsets: IntArray, cut: Mapping[int, str], row: Mapping[str, int]) -> IntArray:
    """Return the row of each token's sentence: (n,).

    Parameters
    ----------
    offsets
        Character range of each token, (n, 2).
    cut
        Sentences by their starts. A token is of the last one that starts before it, or of the first.
    row
        Row of each sentence.

    Returns
    -------
    IntArray
        The rows.
    """
    place = np.searchsorted(np.array([*cut], np.int64), offsets[:, 0], "right") - 1
    found: IntArray = np.array([row[part] for part in cut.values()], np.int64)[np.maximum(place, 0)]
    return found
