"""Segments: the sentences, rows, items, entries and lines that a text is cut into, and what each hangs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.chat import parse_chat
from semtoken_rag.structure.html import parse_html
from semtoken_rag.structure.ini_text import parse_ini
from semtoken_rag.structure.json_text import parse_json
from semtoken_rag.structure.language import guess_language
from semtoken_rag.structure.logs import parse_logs
from semtoken_rag.structure.outline import parse_outline
from semtoken_rag.structure.relations import relate
from semtoken_rag.structure.sentences import split_sentences
from semtoken_rag.structure.xml_text import parse_xml
from semtoken_rag.structure.yaml_text import parse_yaml

MAX_UNIT = 1200  # characters; a longer segment is cut at a blank, or hard where there is none
MAX_DEPTH = 16  # segments that one hangs on, one over the other; what lies deeper hangs on the last of them

Segmenter: TypeAlias = Callable[[str], Sequence[Segment]]


def segment(text: str, language: str | None = None) -> list[Segment]:
    r"""Cut a text into units.

    Parameters
    ----------
    text
        Any text, in any notation.
    language
        Language code of the sentence rules; unknown ones fall back to general rules. None finds it from the
        text.

    Returns
    -------
    list of Segment
        In source order, disjoint, without surrounding blanks, each with the one that it hangs on.

    Examples
    --------
    >>> text = "One. Two:\n- a\n- b"
    >>> [(s.kind, text[s.start : s.end], s.parent) for s in segment(text)]
    [('sentence', 'One.', -1), ('lead', 'Two:', -1), ('item', '- a', 1), ('item', '- b', 1)]
    """
    spoken = language or guess_language(text)

    def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        return split_sentences(text, start, end, spoken)

    found = parse_xml(text, sentences) or parse_html(text, sentences) or parse_json(text)
    if found is None and "\n" in text:
        found = parse_logs(text) or parse_chat(text, sentences) or parse_ini(text) or parse_yaml(text)
    found = parse_outline(text, sentences) if found is None else found
    return _bound(text, relate(text, found))


def _bound(text: str, segments: Sequence[Segment]) -> list[Segment]:
    """Strip blanks, cut what is longer than `MAX_UNIT`, and end chains at `MAX_DEPTH`.

    All parts of a segment hang on what the whole hangs on.
    """
    out: list[Segment] = []
    depths: list[int] = []
    first: list[int] = []  # of each segment, its first part; -1 if it has none
    for s in segments:
        parent = first[s.parent] if s.parent >= 0 else -1
        while parent >= 0 and depths[parent] >= MAX_DEPTH:
            parent = out[parent].parent
        first.append(-1)
        for start, end in _bounded(text, s.start, s.end):
            first[-1] = len(out) if first[-1] < 0 else first[-1]
            out.append(Segment(start, end, s.kind, parent))
            depths.append(depths[parent] + 1 if parent >= 0 else 1)
    return out


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Strip blanks and cut what is longer than `MAX_UNIT`, at a blank where there is one."""
    while start < end:
        stop = end
        if end - start > MAX_UNIT:
            stop = start + MAX_UNIT
            blank = max(text.rfind(mark, start + MAX_UNIT // 2, stop) for mark in " \n\t")
            stop = blank if blank > 0 else stop
        piece = text[start:stop]
        left = start + len(piece) - len(piece.lstrip())
        right = left + len(piece.strip())
        if left < right:
            yield left, right
        start = stop
