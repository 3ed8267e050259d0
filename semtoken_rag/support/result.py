"""A source, and a sentence of an answer with what supports it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a source, ``text[start:end]``.

    Attributes
    ----------
    id
        Name of the source.
    text
        The source's whole text.
    start, end
        Character range of the slice.
    title
        The source's title, whose words count as if they stood in each of its sentences.
    """

    id: str
    text: str
    start: int
    end: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class SupportedSentence:
    """A sentence of an answer, and what supports it.

    Attributes
    ----------
    text
        The sentence, with the blanks behind it.
    sources
        Pairs of a source's name and range: (id, start, end), best first; empty if it is unsupported.
    missing
        Names and numbers of the sentence that no source has, as they are written.
    """

    text: str
    sources: tuple[tuple[str, int, int], ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether a source supports the sentence."""
        return bool(self.sources)
