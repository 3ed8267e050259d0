"""An encoder that takes a question's vectors from a table, and the chunks' from a transformer.

If all chunks are in a store, the transformer is not needed, so it is loaded when the first new chunk comes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from semtoken_rag._internal.forks import renew_in_child
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.quantize import restore
from semtoken_rag.encoders.static import FOLDER, wordpiece
from semtoken_rag.encoders.tokenizer import TextTokenizer
from semtoken_rag.types import Encoding

TABLE = Path(__file__).parent / "questions.npy"


class LookupEncoder:
    """Encode chunks with a transformer, and questions with a table of one vector for each WordPiece.

    Parameters
    ----------
    make
        Makes the transformer encoder when the first chunk is to be encoded.
    name
        Name of the transformer encoder's weights; the table's digest is added to it.
    table
        File of the codes (v, d / 4) uint8 of each WordPiece's vector, see
        `semtoken_rag.encoders.quantize`; ``evaluation/distill.py`` makes it.
    kind
        What else the chunks' vectors depend on, for the keys of a store.
    """

    def __init__(
        self, make: Callable[[], Encoder], name: str, table: Path = TABLE, *, kind: str = ""
    ) -> None:
        self._make, self._lock = make, threading.Lock()
        renew_in_child(self, "_lock", threading.Lock)
        self._encoder: Encoder | None = None
        self._codes = np.load(table, mmap_mode="r", allow_pickle=False)
        digest = hashlib.blake2b(self._codes.tobytes(), digest_size=4)
        self.name = f"{name}-lookup:{digest.hexdigest()}"
        self.fingerprint = f"{self.name}/{kind}"
        self._tokenizer = TextTokenizer(wordpiece(FOLDER / "vocab.txt"))

    @property
    def encoder(self) -> Encoder:
        """The transformer encoder, loaded on first use."""
        with self._lock:
            if self._encoder is None:
                self._encoder = self._make()
            return self._encoder

    @property
    def device(self) -> str:
        """What the transformer encoder runs on, if it is loaded; the table is read on the CPU."""
        return str(getattr(self._encoder, "device", "cpu"))

    def count(self, text: str) -> int:
        """Return the number of tokens of ``text``, without special tokens."""
        return self._tokenizer.count(text)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode texts with the transformer; see `Encoder.encode`."""
        return self.encoder.encode(texts, titles) if len(texts) else []

    def encode_question(self, question: str) -> Encoding:
        """Look up the vectors (q, d) float32 of a question's tokens, of unit length."""
        (tokens,) = self._tokenizer([question])
        vectors = restore(self._codes[tokens.ids], 4 * self._codes.shape[1])
        return Encoding(tokens.ids, tokens.offsets, vectors, tokens.ids[:0], vectors[:0])
