"""An encoder that looks each WordPiece up in a table distilled from a transformer: no torch, no network."""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from semtoken_rag._internal.forks import renew_in_child
from semtoken_rag.arrays import unit_length
from semtoken_rag.encoders.tokenizer import TextTokenizer, Tokenized
from semtoken_rag.types import Encoding, FloatArray, IntArray

FOLDER = Path(__file__).parent / "static"


class StaticEncoder:
    """Encode each token by itself, from a quantised table.

    Parameters
    ----------
    folder
        Folder of ``table.npy`` (v, d) int8, ``scale.npy`` (d,) float32 and ``vocab.txt``; by default the
        shipped one. ``evaluation/distill.py`` makes such a folder.
    """

    device = "cpu"  # for the stats

    def __init__(self, folder: str | Path = FOLDER) -> None:
        folder = Path(folder)
        self.name = f"static:{folder.name}"
        self._table = np.load(folder / "table.npy", mmap_mode="r", allow_pickle=False)
        self._scale = np.load(folder / "scale.npy", allow_pickle=False)
        self._tokenizer = TextTokenizer(wordpiece(folder / "vocab.txt"))

    @property
    def fingerprint(self) -> str:
        """All that the vectors depend on, for the keys of a store: name and table."""
        return f"{self.name}/{zlib.crc32(self._scale.tobytes()):08x}/{len(self._table)}"

    @property
    def unknown(self) -> int:
        """Token id of what the vocabulary lacks."""
        return self._tokenizer.unknown

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        """Return the tokens of each text."""
        return self._tokenizer(texts)

    def count(self, text: str) -> int:
        """Return the number of tokens of ``text``, without special tokens."""
        return self._tokenizer.count(text)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Look up each token; see `Encoder.encode`. A title does not change the vectors of its text."""
        tokens = self.tokenize([*texts, *titles])
        lengths = [len(t.ids) for t in tokens]
        every = self._vectors(np.concatenate([*(t.ids for t in tokens), np.empty(0, np.int64)]))
        vectors = np.split(every, np.cumsum(lengths)[:-1]) if tokens else []
        n = len(texts)
        return [
            Encoding(t.ids, t.offsets, own, title.ids, above)
            for t, own, title, above in zip(tokens[:n], vectors[:n], tokens[n:], vectors[n:], strict=True)
        ]

    def _vectors(self, ids: IntArray) -> FloatArray:
        return unit_length(self._table[ids].astype(np.float32) * self._scale)


def wordpiece(vocabulary: Path) -> Tokenizer:
    """Build BERT's uncased tokenizer, without special tokens, from its vocabulary file."""
    tokenizer = Tokenizer(WordPiece.from_file(str(vocabulary), unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


_lock = threading.Lock()
renew_in_child(sys.modules[__name__], "_lock", threading.Lock)


@cache
def _shared() -> StaticEncoder:
    return StaticEncoder()


def default_static_encoder() -> StaticEncoder:
    """Return the encoder of the shipped table, which is loaded once in a process."""
    with _lock:
        return _shared()
