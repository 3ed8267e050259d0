"""The outline of running text: headings, lists and their lead-ins, tables, code, paragraphs.

A line at a time. What stands below a heading hangs on it, what a lead-in announces hangs on that, and an
indented list item hangs on the item above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.headings import TERM, marked_level, plain_level
from semtoken_rag.structure.html import find_html_tables, parse_html
from semtoken_rag.structure.paragraphs import join_lines
from semtoken_rag.structure.tables import find_tables, parse_table
from semtoken_rag.structure.triples import find_triples, parse_triples

Range: TypeAlias = tuple[int, int]
Sentences: TypeAlias = Callable[[str, int, int], Iterable[Range]]

WRAPPED = 50  # a line of at least this many characters without a final mark goes on in the next
ITEM = 300  # characters from which a list item is cut into its sentences
CAPTION = 200  # characters of a caption
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
_ROW = r"\s*\||[^|\n]*\S(?:\s+\||\|\s+|\t)[^|]*\S"  # of a table whose other lines are elsewhere
_NOTE = r"\s*(\[\^?\w{1,12}\]|[¹²³⁴-⁹]|\*{1,3}(?=\s\S)):?\s*\S"  # [^1]: a footnote
_CAPTION = (
    r"(?i:\W*(?:table|tab\.|tabelle|übersicht|tableau|tabla|tabella|tabela|exhibit|schedule|figure|liste?)\W*\w{0,6}\b)"
    r"|\W*[表图圖]|.*[:：]\Z|(?!.*[.!?。]\Z)"
)
_RULE = r"\s{0,3}(?:[-=*_~]\s*){3,}\Z"
_FINAL = tuple(".!?:;。！？।؟…")
_LEAD = (":", "：")


@dataclass(slots=True)
class _Block:
    """Lines of one kind.

    ``level`` is that of a heading, ``indent`` that of a list item, ``rows`` those of a table.
    """

    start: int
    end: int
    kind: str
    level: int = 0
    indent: int = 0
    rows: Sequence[Segment] = ()


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
        if self.headings and self.headings[-1][0] == TERM and self._flush(block):
            self.headings.pop()
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
                self._attach(block.rows, parent)
            case "row":
                self._attach(
                    [Segment(*line, "row") for line in _lines(self.text, block.start, block.end)], parent
                )
            case "code":
                self._code(block, parent)
            case "caption":
                self.lead = self.add(block.start, block.end, "caption", parent)
            case _:
                self._prose(block, parent)

    def _flush(self, block: _Block) -> bool:
        """Return whether a block begins at the left margin."""
        return self.text[block.start : block.start + 1] not in (" ", "\t")

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

    def _attach(self, rows: Sequence[Segment], parent: int) -> None:
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

    def _prose(self, block: _Block, parent: int) -> None:
        for start, end in join_lines(self.text, block.start, block.end):
            self._paragraph(start, end, self.lead if self.lead >= 0 else parent)

    def _paragraph(self, start: int, end: int, parent: int) -> None:
        if parent == self.lead >= 0:
            self.leads.add(parent)
        if next(find_triples(self.text, start, end), None) and (rows := parse_triples(self.text, start, end)):
            self._attach(rows, parent)
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
    blocks = list(_blocks(text, sentences))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        for part in _captioned(text, block) if following and following.kind == "table" else (block,):
            outline.take(part)
    return name_heads(outline.segments, outline.leads)


def _captioned(text: str, block: _Block) -> Iterator[_Block]:
    """Part a block in front of a table into what it says and its last line, if that is the table's caption."""
    start = max(text.rfind("\n", block.start, block.end) + 1, block.start)
    line = text[start : block.end].strip()
    if block.kind in ("sentence", "heading") and len(line) <= CAPTION and re.match(_CAPTION, line):
        if start > block.start:
            yield _Block(block.start, start - 1, block.kind, block.level)
        yield _Block(start, block.end, "caption")
    else:
        yield block


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


def _lines(text: str, start: int, end: int) -> Iterator[Range]:
    """Return the character range of each line, without its line break."""
    while start <= end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _islands(text: str, sentences: Sentences) -> list[_Block]:
    """Find the tables in running text, in source order and disjoint."""
    found = []
    if "<" in text:
        for start, end in find_html_tables(text):
            if rows := parse_html(text, sentences, start=start, end=end):
                found.append(_Block(start, end, "table", rows=rows))
    if "\n" in text:
        for start, end in find_tables(text, 0, len(text)):
            if all(end <= b.start or b.end <= start for b in found) and (
                rows := parse_table(text, start, end)
            ):
                found.append(_Block(start, end, "table", rows=rows))
    return sorted(found, key=lambda block: block.start)


def _blocks(text: str, sentences: Sentences) -> Iterator[_Block]:
    """Group lines into blocks of one kind, with the tables among them."""
    start, fence = 0, ""
    for island in [*_islands(text, sentences), None]:
        end = len(text) if island is None else island.start
        if end < start:
            continue
        fence = yield from _line_blocks(text, start, end, fence)
        if island is not None and not fence:
            yield island
            start = island.end
        else:
            start = end


def _line_blocks(text: str, start: int, end: int, fence: str) -> Generator[_Block, None, str]:
    """Group the lines of a range into blocks; ``fence`` closes a code block that is open, and is returned."""
    lines = list(_lines(text, start, end))
    block = _Block(start, start, "code") if fence else None
    above = True  # whether the line above is blank
    for number, (a, b) in enumerate(lines):
        line = text[a : min(b, a + LINE)]
        below = text[slice(*lines[number + 1])][:LINE] if number + 1 < len(lines) else ""
        mark = match.group(1) if (match := re.match(_FENCE, line)) else ""
        if fence and block:
            block.end = b
            if line.strip() and set(line.strip()) == set(fence) and len(line.strip()) >= len(fence):
                yield block
                fence, block = "", None
            continue
        new = _block(line, below, a, b, above) if not mark else _Block(a, b, "code")
        above = not line.strip()
        if block and new and not mark and _continues(text, block, new):
            block.end = b
            continue
        if block:
            yield block
        block, fence = new, mark
    if block:
        yield block
    return fence


def _block(line: str, below: str, start: int, end: int, above: bool) -> _Block | None:
    """Return the block that a line begins, None for a blank line or a rule."""
    if not line.strip():
        return None
    if re.match(_RULE, line) and not re.search(r"\|", line):
        return _Block(start, end, "rule")
    if level := marked_level(line, below, above):
        return _Block(start, end, "heading", level)
    if len(line) < LINE and re.match(_ROW, line):
        return _Block(start, end, "row")
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
    if block.kind in ("row", "sentence"):
        return new.kind == block.kind
    indented = text[new.start : new.start + 1] in (" ", "\t")
    if block.kind == "code":
        return new.kind == "code" or (indented and new.kind != "row")
    last = text.rfind("\n", block.start, block.end) + 1
    line = text[max(last, block.start) : block.end]
    wrapped = len(line) >= WRAPPED and not line.rstrip().endswith(_FINAL)
    return new.kind == "sentence" and (wrapped or indented)  # goes on with the list item


def _definitions(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Cut a long code block at its definitions: ranges, and whether each is the line of a definition."""
    if end - start <= CODE:
        yield start, end, False
        return
    open_at = start
    for a, b in _lines(text, start, end):
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
