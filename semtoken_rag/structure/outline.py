"""The outline of running text: headings, lists and their lead-ins, tables, code, paragraphs.

A line at a time. What stands below a heading hangs on it, what a lead-in announces hangs on that, and an
indented list item hangs on the item above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.headings import marked_level, plain_level

Range: TypeAlias = tuple[int, int]
Sentences: TypeAlias = Callable[[str, int, int], Iterable[Range]]
Table: TypeAlias = Callable[[str, int, int], Sequence[Segment] | None]

WRAPPED = 50  # a line of at least this many characters without a final mark goes on in the next
ITEM = 300  # characters from which a list item is cut into its sentences
CODE = 600  # characters from which a code block is cut at its definitions
LINE = 1200  # characters of a line that its kind is told from

_FENCE = r"\s*(`{3,}(?=[^`]*\Z)|~{3,})"  # no fence: a line with ``` at its end too
_ITEM = r"(\s*)(?:[-*+•‣◦▪–·]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|\[[ xX]\])\s+(?=\S)"
_CODE = (
    r"\s*(?:>>> |\.\.\. |(?:def|class|async def|function|fn|func|struct|enum|interface|impl) \w"
    r"|(?:import|package|using|namespace) [\w.*{},:\s]+(?:;\s*)?\Z|from [\w.]+ import |#include\b"
    r"|@\w+(?:\(|\s*\Z)"
    r"|(?:return|if|elif|else|for|while|try|except|with|switch|case)\b.*[:{;]\s*\Z|[})\]]+[;,]?\s*\Z)"
    r"|.*[;{]\s*\Z|\s*[\w.\[\]]+(?:: \w+)? = \S.*[\w)\]}'\"]\s*\Z"
)
_DEFINITION = (
    r"(?:export |public |private |static |async )*(?:def|class|function|fn|func|struct|enum|interface|impl)\b"
)
_KEY = r"\s*[\w.-]+(?: [\w.-]+){0,3}: "
_NOTE = r"\s*(\[\^?\w{1,12}\]|[¹²³⁴-⁹]|\*{1,3}(?=\s\S)):?\s*\S"  # [^1]: a footnote
_RULE = r"\s{0,3}(?:[-=*_~]\s*){3,}\Z"
_FINAL = tuple(".!?:;。！？।؟…")
_LEAD = (":", "：")


@dataclass(slots=True)
class _Block:
    """Lines of one kind; ``indent`` is that of a list item."""

    start: int
    end: int
    kind: str
    level: int = 0
    indent: int = 0


@dataclass(slots=True)
class _Outline:
    """The segments so far, and what the next block may hang on."""

    text: str
    sentences: Sentences
    table: Table
    segments: list[Segment] = field(default_factory=list)
    headings: list[tuple[int, int]] = field(default_factory=list)  # level, index
    items: list[tuple[int, int]] = field(default_factory=list)  # indent, index
    lead: int = -1  # what announces the next block
    list_lead: int = -1  # what announced the open list
    leads: set[int] = field(default_factory=set)  # what announced something

    @property
    def heading(self) -> int:
        return self.headings[-1][1] if self.headings else -1

    def add(self, start: int, end: int, kind: str, parent: int) -> int:
        self.segments.append(Segment(start, end, kind, parent))
        return len(self.segments) - 1

    def take(self, block: _Block) -> None:
        if block.kind == "rule":
            return
        lead, self.lead = self.lead, -1
        if lead >= 0:
            self.leads.add(lead)
        if block.kind != "item":
            self.items, self.list_lead = [], -1
        parent = lead if lead >= 0 else self.heading
        match block.kind:
            case "heading":
                self._heading(block)
            case "item":
                self._item(block, lead)
            case "table":
                self._table(block, parent)
            case "code":
                self._code(block, parent)
            case _:
                self._paragraph(block, parent)

    def _heading(self, block: _Block) -> None:
        while self.headings and self.headings[-1][0] >= block.level:
            self.headings.pop()
        self.headings.append((block.level, self.add(block.start, block.end, "heading", self.heading)))

    def _item(self, block: _Block, lead: int) -> None:
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

    def _table(self, block: _Block, parent: int) -> None:
        rows = self.table(self.text, block.start, block.end)
        if rows is None:
            self._paragraph(block, parent)
            return
        base = len(self.segments)
        for row in rows:
            self.add(row.start, row.end, row.kind, parent if row.parent < 0 else base + row.parent)

    def _code(self, block: _Block, parent: int) -> None:
        signature = -1
        for start, end, defines in _definitions(self.text, block.start, block.end):
            if defines:
                signature = self.add(start, end, "signature", parent)
            else:
                self.add(start, end, "code", signature if signature >= 0 else parent)

    def _paragraph(self, block: _Block, parent: int) -> None:
        note = re.match(_NOTE, self.text[block.start : min(block.end, block.start + 40)])
        if note and (marked := self._sentence_with(note.group(1))) >= 0:
            parent = marked
        for start, end in self.sentences(self.text, block.start, block.end):
            last = self.add(start, end, "sentence", parent)
            if self.text[start:end].rstrip("*_ \t").endswith(_LEAD):
                self.lead = last
            else:
                self.lead = -1

    def _sentence_with(self, mark: str) -> int:
        """Return the sentence that the footnote mark stands in, -1 if there is none."""
        for number, segment in enumerate(self.segments):
            if segment.kind in ("sentence", "item") and mark in self.text[segment.start + 1 : segment.end]:
                return number
        return -1


def parse_outline(text: str, sentences: Sentences, table: Table) -> list[Segment]:
    """Cut running text into segments.

    Parameters
    ----------
    text
        Any text.
    sentences
        Cuts a range of a text into sentences.
    table
        Cuts a range of lines into the rows of a table, or returns None if they are none.

    Returns
    -------
    list of Segment
        In source order and disjoint; their blanks and lengths are not bounded yet. A head that nothing hangs
        on is an ordinary sentence or row.
    """
    outline = _Outline(text, sentences, table)
    for block in _blocks(text):
        outline.take(block)
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
        elif number in leads:
            kind = "lead"
        named.append(Segment(s.start, s.end, kind, s.parent))
    return named


PLAIN = {
    "heading": "sentence", "lead": "sentence", "caption": "sentence", "header": "row", "key": "entry",
    "speaker": "sentence", "signature": "code", "stamp": "line",
}  # fmt: skip


def _lines(text: str) -> Iterator[Range]:
    """Return the character range of each line, without its line break."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _blocks(text: str) -> Iterator[_Block]:
    """Group lines into blocks of one kind."""
    lines = list(_lines(text))
    block: _Block | None = None
    fence = ""  # what closes the open code block
    above = True  # whether the line above is blank
    for number, (start, end) in enumerate(lines):
        line = text[start : min(end, start + LINE)]
        below = text[slice(*lines[number + 1])][:LINE] if number + 1 < len(lines) else ""
        mark = match.group(1) if (match := re.match(_FENCE, line)) else ""
        if fence:
            assert block is not None
            block.end = end
            if line.strip() and set(line.strip()) == set(fence) and len(line.strip()) >= len(fence):
                yield block
                fence, block = "", None
            continue
        new = _block(line, below, start, end, above) if not mark else _Block(start, end, "code")
        above = not line.strip()
        if block and new and not mark and _continues(text, block, new):
            block.end = end
            continue
        if block:
            yield block
        block, fence = new, mark
    if block:
        yield block


def _block(line: str, below: str, start: int, end: int, above: bool) -> _Block | None:
    """Return the block that a line begins, None for a blank line or a rule."""
    if not line.strip():
        return None
    if re.match(_RULE, line) and not re.search(r"\|", line):
        return _Block(start, end, "rule")
    if level := marked_level(line, below):
        return _Block(start, end, "heading", level)
    if re.search(r"\||\t", line.strip()) and len(line) < LINE:
        return _Block(start, end, "table")
    if match := re.match(_ITEM, line):
        level = plain_level(line, above and not below.strip())
        if level and re.match(r"\s*(?:\d{1,2}(?:\.\d{1,2})*|[IVX]+|[A-Z])\.\s", line):
            return _Block(start, end, "heading", level)
        return _Block(start, end, "item", indent=len(match.group(1).expandtabs(4)))
    if level := plain_level(line, above and not below.strip()):
        return _Block(start, end, "heading", level)
    return _Block(start, end, "code" if re.match(_CODE, line) else "sentence")


def _continues(text: str, block: _Block, new: _Block) -> bool:
    """Return whether a new line belongs to the open block."""
    if new.kind == "rule":  # under a heading, it is a part of it
        return block.kind == "heading"
    if block.kind in ("heading", "rule"):
        return False
    if block.kind == "table":
        return new.kind == "table"
    last = text.rfind("\n", block.start, block.end) + 1
    line = text[max(last, block.start) : block.end]
    indented = text[new.start : new.start + 1] in (" ", "\t")
    if block.kind == "code":
        return new.kind == "code" or (indented and new.kind != "table")
    wrapped = len(line) >= WRAPPED and not line.rstrip().endswith(_FINAL)
    if block.kind == "item":  # an indented line goes on with the item
        return new.kind == "sentence" and (wrapped or indented)
    return new.kind == "sentence" and wrapped and not re.match(_KEY, text[new.start : new.start + WRAPPED])


def _definitions(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Cut a long code block at its definitions: ranges, and whether each is the line of a definition."""
    if end - start <= CODE:
        yield start, end, False
        return
    open_at = start
    for a, b in _lines(text[start:end]):
        line = text[start + a : start + b]
        if re.match(_DEFINITION, line):
            if open_at < start + a:
                yield open_at, start + a, False
            yield start + a, start + b, True
            open_at = start + b
        elif not line.strip() and open_at < start + a:
            yield open_at, start + a, False
            open_at = start + b
    if open_at < end:
        yield open_at, end, False
