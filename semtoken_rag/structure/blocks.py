"""Blocks: the lines of running text that belong together, by their notation."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.captions import CAPTION, NAMED
from semtoken_rag.structure.headings import marked_level, plain_level
from semtoken_rag.structure.html import find_html_tables, parse_html
from semtoken_rag.structure.markers import EAST, ITEM, OPTION, Marker, has_neighbour, markers_of, read_marker
from semtoken_rag.structure.tables import find_tables, parse_table
from semtoken_rag.structure.titles import Title, find_titles
from semtoken_rag.structure.unfinished import goes_on, wants_more

Range: TypeAlias = tuple[int, int]
Sentences: TypeAlias = Callable[[str, int, int], Iterable[Range]]

WRAPPED = 50  # a line of at least this many characters without a final mark goes on in the next
COMMENT = 2000  # characters of a comment in code
LINE = 1200  # characters of a line that its kind is told from
_FENCE = r"\s*(`{3,}(?=[^`]*\Z)|~{3,})"  # no fence: a line with ``` at its end too
_CODE = (
    r"\s*(?:>>> |\.\.\. |(?:def|class|async def|function|fn|func|struct|enum|interface|impl) \w"
    r"|(?:import|package|using|namespace) [\w.*{},:\s]+(?:;\s*)?\Z|from [\w.]+ import |#include\b"
    r"|@\w+(?:\(|\s*\Z)|/\*"
    r"|(?:return|if|elif|else|for|while|try|except|with|switch|case)\b.*[:{;]\s*\Z|[})\]]+[;,]?\s*\Z)"
    r"|\s*[\w.\[\]]+(?:: \w+)? = \S.*[\w)\]}'\"]\s*\Z"
)
_HEADED = rf"\s*(?:(?:\d{{1,2}}(?:\.\d{{1,2}})*|[IVX]+|[A-Z])\.\s|{EAST})"  # an item, or a heading
_RULE = r"\s{0,3}(?:[-=*_~]\s*){3,}\Z"
_ROW = r"\s*\||[^|\n]*\S(?:\s+\||\|\s+|\t)[^|]*\S"  # of a table whose other lines are elsewhere
_FINAL = tuple(".!?:;。！？।؟…")
_CAPTION = NAMED + r"|.*[:：]\Z|(?!.*[.!?。]\Z)"


@dataclass(slots=True)
class Block:
    """Lines of one kind.

    ``level`` is that of a heading, ``indent`` that of a list item, ``rows`` those of a table, ``mark``
    the number or letter that a heading or item begins with.
    """

    start: int
    end: int
    kind: str
    level: int = 0
    indent: int = 0
    rows: Sequence[Segment] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is known of a whole text before its lines are looked at one by one."""

    titles: dict[int, Title]
    markers: frozenset[Marker]


def split_caption(text: str, block: Block) -> Iterator[Block]:
    """Part a block in front of a table into what it says and its last line, if that is the caption.

    A heading is one only if it calls itself a table: it would hang on the heading before it.
    """
    start = max(text.rfind("\n", block.start, block.end) + 1, block.start)
    line = text[start : block.end].strip()
    pattern = {"sentence": _CAPTION, "heading": NAMED}.get(block.kind)
    if pattern and len(line) <= CAPTION and re.match(pattern, line):
        if start > block.start:
            yield Block(block.start, start - 1, block.kind, block.level)
        yield Block(start, block.end, "caption")
    else:
        yield block


def read_lines(text: str, start: int, end: int) -> Iterator[Range]:
    """Yield the character range of each line, without its line break.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.

    Yields
    ------
    (int, int)
        Character range of a line, in source order.
    """
    while start <= end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _islands(text: str, sentences: Sentences) -> list[Block]:
    """Find the tables in running text, in source order and disjoint."""
    found = []
    if "<" in text:
        for start, end in find_html_tables(text):
            if rows := parse_html(text, sentences, start=start, end=end):
                found.append(Block(start, end, "table", rows=rows))
    if "\n" in text:
        for start, end in find_tables(text, 0, len(text)):
            if all(end <= b.start or b.end <= start for b in found) and (
                rows := parse_table(text, start, end)
            ):
                found.append(Block(start, end, "table", rows=rows))
    return sorted(found, key=lambda block: block.start)


def find_blocks(text: str, sentences: Sentences) -> Iterator[Block]:
    """Group lines into blocks of one kind, with the tables among them."""
    start, fence = 0, ""
    whole = _Whole(find_titles(text), markers_of(text)) if "\n" in text else _Whole({}, frozenset())
    for island in [*_islands(text, sentences), None]:
        end = len(text) if island is None else island.start
        if end < start:
            continue
        fence = yield from _linefind_blocks(text, start, end, fence, whole)
        if island is not None and not fence:
            yield island
            start = island.end
        else:
            start = end


def _linefind_blocks(
    text: str, start: int, end: int, fence: str, whole: _Whole
) -> Generator[Block, None, str]:
    """Group the lines of a range into blocks; ``fence`` closes a code block that is open, and is returned."""
    lines = list(read_lines(text, start, end))
    block = Block(start, start, "code") if fence else None
    above = ""
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
        new = _block(whole, a, b, (above, line, below)) if not mark else Block(a, b, "code")
        above = line
        if block and new and not mark and _continues(text, block, new):
            block.end = b
            continue
        if block:
            yield block
        block, fence = new, mark
    if block:
        yield block
    return fence


def _block(whole: _Whole, start: int, end: int, lines: tuple[str, str, str]) -> Block | None:
    """Return the block that a line begins, None for a blank line; ``lines``: that above, it, that below."""
    above, line, below = lines
    if not line.strip():
        return None
    if re.match(_RULE, line) and not re.search(r"\|", line):
        return Block(start, end, "rule")
    if level := marked_level(line, below):
        return Block(start, end, "heading", level)
    if title := whole.titles.get(start):
        return Block(start, end, "heading", title.level, mark=title.mark)
    if len(line) < LINE and ("|" in line or "\t" in line) and re.match(_ROW, line):
        return Block(start, end, "row")
    match = re.match(ITEM, line)
    mark = (match.group(2) or "") if match else ""
    level = plain_level(line, not above.strip() and not below.strip())
    if match and _is_item(whole, mark, above) and not (level and re.match(_HEADED, line)):
        indent = len(match.group(1).expandtabs(4))
        if re.match(OPTION, line[match.end() :]):
            indent = min(indent, 1)  # the long ones stand further to the right
        return Block(start, end, "item", indent=indent, mark=mark)
    if level:
        return Block(start, end, "heading", level, mark=mark)
    code = line.rstrip().endswith((";", "{")) or re.match(_CODE, line)
    return Block(start, end, "code" if code else "sentence")


def _is_item(whole: _Whole, mark: str, above: str) -> bool:
    """Return whether a line with this marker is an item: no initial of a name, no number of a date."""
    initial = len(mark) == 2 and mark[0].isupper() and mark[1] == "."
    middle = mark[:1].isdigit() and wants_more(above.rstrip())
    if not initial and not middle:
        return True
    return any(has_neighbour(marker, whole.markers) for marker in read_marker(mark))


def _in_comment(text: str, start: int, end: int) -> bool:
    """Return whether a comment begins in a range and does not end."""
    return text.rfind("/*", start, end) > text.rfind("*/", start, end)


def _continues(text: str, block: Block, new: Block) -> bool:
    """Return whether a new line belongs to the open block."""
    if new.kind == "rule":  # under a heading, it is a part of it
        return block.kind == "heading"
    if block.kind in ("heading", "rule"):
        return False
    if block.kind in ("row", "sentence"):
        return new.kind == block.kind
    indented = text[new.start : new.start + 1] in (" ", "\t")
    if block.kind == "code" and _in_comment(text, max(block.start, block.end - COMMENT), block.end):
        return True
    if block.kind == "code":
        return new.kind == "code" or (indented and new.kind != "row")
    last = text.rfind("\n", block.start, block.end) + 1
    line = text[max(last, block.start) : block.end]
    wrapped = len(line) >= WRAPPED and not line.rstrip().endswith(_FINAL)
    if new.kind != "sentence":
        return False
    below = text[new.start : min(new.end, new.start + WRAPPED)].strip()
    return wrapped or indented or goes_on(line.strip(), below)  # goes on with the list item
