"""The outline of running text: headings, lists and their lead-ins, tables, code, paragraphs.

What stands below a heading hangs on it, what a lead-in announces hangs on that, and an indented list item
hangs on the item above it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.blocks import Block, Sentences, find_blocks, read_lines, split_caption
from semtoken_rag.structure.headings import TERM
from semtoken_rag.structure.paragraphs import join_lines
from semtoken_rag.structure.triple_tables import TripleTables, part_triples

ITEM = 300  # characters from which a list item is cut into its sentences
CODE = 600  # characters from which a code block is cut at its definitions
_DEFINITION = (
    r"(?:export |public |private |static |async )*(?:def|class|function|fn|func|struct|enum|interface|impl)\b"
)
_NOTE = r"\s*(\[\^?\w{1,12}\]|[¹²³⁴-⁹]|\*{1,3}(?=\s\S)):?\s*\S"  # [^1]: a footnote
_LEAD = (":", "：")


@dataclass(slots=True)
class _Outline:
    """The segments so far, and what the next block may hang on."""

    text: str
    sentences: Sentences
    segments: list[Segment] = field(default_factory=list)
    headings: list[tuple[int, int]] = field(default_factory=list)  # level, index
    items: list[tuple[int, int]] = field(default_factory=list)  # indent, index
    lead: int = -1  # what announces the next block
    list_lead: int = -1  # what announced the open list
    leads: set[int] = field(default_factory=set)  # what announced something
    triples: TripleTables = field(default_factory=TripleTables)

    @property
    def heading(self) -> int:
        return self.headings[-1][1] if self.headings else -1

    def add(self, start: int, end: int, kind: str, parent: int) -> int:
        self.segments.append(Segment(start, end, kind, parent))
        return len(self.segments) - 1

    def take(self, block: Block) -> None:
        if block.kind == "rule":
            return
        lead, self.lead = self.lead, -1
        if self.headings and self.headings[-1][0] == TERM and self._flush(block):
            self.headings.pop()
        if lead >= 0:
            self.leads.add(lead)
        if block.kind != "item":
            self.items, self.list_lead = [], -1
        parent = lead if lead >= 0 else self.heading
        if block.kind == "heading":
            self._heading(block)
        elif block.kind == "item":
            self._item(block, lead)
        else:
            self._take_text(block, parent)

    def _take_text(self, block: Block, parent: int) -> None:
        if block.kind == "table":
            self._attach(block.rows, parent)
        elif block.kind == "row":
            rows = [Segment(*line, "row") for line in read_lines(self.text, block.start, block.end)]
            self._attach(rows, parent)
        elif block.kind == "code":
            self._code(block, parent)
        elif block.kind == "caption":
            self.lead = self.add(block.start, block.end, "caption", parent)
        elif block.kind == "triples":
            self._paragraph(block.start, block.end, parent)
        else:
            self._prose(block, parent)

    def _flush(self, block: Block) -> bool:
        """Return whether a block begins at the left margin."""
        return self.text[block.start : block.start + 1] not in (" ", "\t")

    def _heading(self, block: Block) -> None:
        while self.headings and self.headings[-1][0] >= block.level:
            self.headings.pop()
        self.headings.append((block.level, self.add(block.start, block.end, "heading", self.heading)))

    def _item(self, block: Block, lead: int) -> None:
        if not self.items:
            self.list_lead = lead
        while self.items and self.items[-1][0] >= block.indent:
            self.items.pop()
        parent = self.items[-1][1] if self.items else max(self.list_lead, -1)
        parent = self.heading if parent < 0 else parent
        long = block.end - block.start > ITEM
        parts = list(self.sentences(self.text, block.start, block.end)) if long else []
        first = self.add(*(parts[0] if parts else (block.start, block.end)), "item", parent)
        for start, end in parts[1:]:
            self.add(start, end, "sentence", first)
        self.items.append((block.indent, first))
        if self.text[: block.end].rstrip().endswith(_LEAD):
            self.lead = first

    def _attach(self, rows: Sequence[Segment], parent: int) -> None:
        base = len(self.segments)
        for row in rows:
            self.add(row.start, row.end, row.kind, parent if row.parent < 0 else base + row.parent)

    def _code(self, block: Block, parent: int) -> None:
        signature = -1
        for start, end, defines in _definitions(self.text, block.start, block.end):
            if defines:
                signature = self.add(start, end, "signature", parent)
            else:
                self.add(start, end, "code", signature if signature >= 0 else parent)

    def _prose(self, block: Block, parent: int) -> None:
        for start, end in join_lines(self.text, block.start, block.end):
            self._paragraph(start, end, self.lead if self.lead >= 0 else parent)

    def _paragraph(self, start: int, end: int, parent: int) -> None:
        if parent == self.lead >= 0:
            self.leads.add(parent)
        above = (parent if parent != self.heading else -1, self.heading, len(self.segments))
        if found := self.triples.read(self.text, (start, end), self.sentences, above):
            self._attach(*found)
            self.lead = -1
            return
        note = re.match(_NOTE, self.text[start : min(end, start + 40)])
        if note and (marked := self._sentence_with(note.group(1))) >= 0:
            parent = marked
        for a, b in self.sentences(self.text, start, end):
            last = self.add(a, b, "sentence", parent)
            self.lead = last if self.text[a:b].rstrip("*_ \t").endswith(_LEAD) else -1

    def _sentence_with(self, mark: str) -> int:
        """Return the sentence that the footnote mark stands in, -1 if there is none."""
        for number, segment in enumerate(self.segments):
            if segment.kind in ("sentence", "item") and mark in self.text[segment.start + 1 : segment.end]:
                return number
        return -1


def parse_outline(text: str, sentences: Sentences) -> list[Segment]:
    """Cut running text into segments.

    Parameters
    ----------
    text
        Any text.
    sentences
        Cuts a range of a text into sentences.

    Returns
    -------
    list of Segment
        In source order and disjoint; their blanks and lengths are not bounded yet. A head that nothing hangs
        on is an ordinary sentence or row.
    """
    outline = _Outline(text, sentences)
    blocks = list(part_triples(text, find_blocks(text, sentences)))
    for block, following in zip_longest(blocks, blocks[1:]):
        named = following and following.kind in ("table", "triples")
        for part in split_caption(text, block) if named else (block,):
            outline.take(part)
    return name_heads(outline.segments, outline.leads)


def name_heads(segments: Sequence[Segment], leads: Container[int] = ()) -> list[Segment]:
    """Give each segment the kind that it has by what hangs on it.

    Parameters
    ----------
    segments
        Those of a text.
    leads
        Which of them announce what stands below them.

    Returns
    -------
    list of Segment
        A head that nothing hangs on has an ordinary kind.
    """
    parents = {segment.parent for segment in segments}
    named = []
    for number, s in enumerate(segments):
        kind = s.kind
        if number not in parents:
            kind = PLAIN.get(kind, kind)
        elif number in leads and kind != "caption":
            kind = "lead"
        named.append(Segment(s.start, s.end, kind, s.parent))
    return named


PLAIN = {
    "heading": "sentence", "lead": "sentence", "caption": "sentence", "header": "row", "key": "entry",
    "speaker": "sentence", "signature": "code", "stamp": "line",
}  # fmt: skip


def _definitions(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Cut a long code block at its definitions: ranges, and whether each is the line of a definition."""
    if end - start <= CODE:
        yield start, end, False
        return
    open_at = start
    for a, b in read_lines(text, start, end):
        line = text[a:b]
        if re.match(_DEFINITION, line):
            if open_at < a:
                yield open_at, a, False
            yield a, b, True
            open_at = b
        elif not line.strip() and open_at < a:
            yield open_at, a, False
            open_at = b
    if open_at < end:
        yield open_at, end, False
