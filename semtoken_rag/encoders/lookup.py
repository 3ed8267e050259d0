"""Questions by lookup: the shipped encoder's chunks, and a table of its vectors for the question's tokens.

With a warm store nothing is left for the transformer to do, so that it is loaded only where a chunk is new.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.quantize import restore
from semtoken_rag.encoders.static import FOLDER, wordpiece
from semtoken_rag.encoders.tokenizer import TextTokenizer
from semtoken_rag.types import Encoding

TABLE = Path(__file__).parent / "questions.npy"


class LookupEncoder:
    """Token vectors of chunks from a transformer, those of questions from a table of each WordPiece alone.

    Parameters
    ----------
    make
        Makes the transformer encoder, when the first chunk is to be encoded.
    name
        Of the transformer encoder; names the weights and the vectors.
    table
        Codes (v, d / 4) of each WordPiece's vector, see `quantize`; ``evaluation/distill.py`` makes it.
    """

    def __init__(self, make: Callable[[], Encoder], name: str, table: Path = TABLE) -> None:
        self._make, self._lock = make, threading.Lock()
        self._encoder: Encoder | None = None
        self._codes = np.load(table, mmap_mode="r", allow_pickle=False)
        digest = hashlib.blake2b(self._codes.tobytes(), digest_size=4)
        self.name = f"{name}-lookup:{digest.hexdigest()}"
        self._tokenizer = TextTokenizer(wordpiece(FOLDER / "vocab.txt"))

    @property
    def encoder(self) -> Encoder:
        """The transformer encoder, loaded on first use."""
        with self._lock:
            if self._encoder is None:
                self._encoder = self._make()
            return self._encoder

    def count(self, text: str) -> int:
        """Tokens of ``text``, without special tokens."""
        return self._tokenizer.count(text)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text with its title in front as context; see `TransformerEncoder.encode`."""
        return self.encoder.encode(texts, titles) if len(texts) else []

    def encode_question(self, question: str) -> Encoding:
        """Look up each token of a question: vectors (q, d) float32 of unit length."""
        (tokens,) = self._tokenizer([question])
        vectors = restore(self._codes[tokens.ids], 4 * self._codes.shape[1])
        return Encoding(tokens.ids, tokens.offsets, vectors, tokens.ids[:0], vectors[:0])
