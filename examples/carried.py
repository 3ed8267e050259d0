"""Shared by the examples of vector stores: documents, an encoder that notes its work, and the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from common import Retrieved, load, passages, place, show, topics_of
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.types import Encoding

TITLES = ("assert", "break", "continue", "import", "try", "while", "with")
QUESTION = "Which exception does a failed assert statement raise?"


class NotingEncoder(OnnxEncoder):
    """The encoder in the wheel, which notes the texts that it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode, and note the texts."""
        self.encoded += texts
        return super().encode(texts, titles)


def documents(folder: Path | None) -> dict[str, str]:
    """Return titles and texts of a folder, or some topics of the Python reference."""
    return topics_of(*TITLES) if folder is None else load(folder)


def report(question: str, kept: Iterable[Retrieved], texts: dict[str, str], encoder: NotingEncoder) -> None:
    """Print what is kept for a question and from where, and what was encoded since the index was made."""
    alone = encoder.encoded == [question]
    print(question)
    for passage in passages(kept, texts):
        show(place(passage))
    print("encoded at query time:", "the question alone" if alone else f"{len(encoder.encoded)} texts")
    encoder.encoded.clear()
