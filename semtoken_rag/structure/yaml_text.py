"""YAML: every value hangs on the keys that lead to it by indentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.ini_text import deeper, parse_ini
from semtoken_rag.structure.remarks import belongs
from semtoken_rag.structure.slices import finish, lines

ITEM = 200  # characters of a list item that stays whole
HEAD = 200  # characters of a line that its kind is told from

_KEY = (
    r"(\s*(?:- +)*)(\"[^\"]{1,100}\"|'[^']{1,100}'|[\w$/.<][\w$/.*{}()<>@+-]*(?: [\w$/.()-]+){0,3})"
    r" *:(?=\s|\Z)(\s*)(.*)"
)
_DASH = r"(\s*(?:- +)+|\s*-\Z)"
_PYTHON = (
    r"\s*(?:try|else|finally|(?:class|if|elif|for|while|with|except|def|match|case) +\S.*):\s*(?:#.*)?\Z"
)
_SCALAR = r"(?:[!&]\S+ +)*[|>][-+\d]{0,2}\s*(?:#.*)?\Z"
_OPEN = r"(?:(?:[!&]\S+)\s*)*(?:#.*)?\Z"  # nothing behind the colon but an anchor, a tag or a remark


@dataclass(slots=True)
class _Line:
    """A line that begins something; ``indent`` is that of its key, ``dash`` that of its first dash or -1."""

    start: int
    end: int
    indent: int
    dash: int = -1
    key: bool = False
    opens: bool = False

    @property
    def outer(self) -> int:
        return self.dash if self.dash >= 0 else self.indent


def parse_yaml(text: str) -> list[Segment] | None:
    r"""Cut YAML, or INI and TOML, into its values, each of which hangs on the keys that lead to it.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    list of Segment or None
        A ``key`` is a line such as ``plans:``, or the first line of a large list item. Each ``entry`` is a
        key with its value, a block of text whole; small list items are entries. Remarks right above a key
        or item are in one with it. None where less than four lines in five look like YAML, or nothing is
        nested. INI and TOML: see `parse_ini`.

    Examples
    --------
    >>> text = "plans:\n  team:\n    fee: 5\n    users: 10\n"
    >>> [(s.kind, s.parent, text[s.start : s.end]) for s in parse_yaml(text)]
    [('key', -1, 'plans:'), ('key', 0, 'team:'), ('entry', 1, 'fee: 5'), ('entry', 1, 'users: 10')]
    """
    made = parse_ini(text)
    if made is not None:
        return made
    found = _read(text)
    return None if found is None else finish(text, _segments(_with_remarks(text, found)))


def _with_remarks(text: str, found: list[_Line]) -> list[_Line]:
    """Put remarks right above a key or list item into one with it."""
    kept: list[_Line] = []
    for line in found:
        remark = kept and not kept[-1].key and kept[-1].dash < 0
        if remark and belongs(text, (kept[-1].start, kept[-1].end), (line.start, line.end)):
            line.start = kept.pop().start
        kept.append(line)
    return kept


def _read(text: str) -> list[_Line] | None:
    """Lines that begin something, each with its continuation; None where the text is no YAML."""
    found: list[_Line] = []
    body, depth = -1, 0  # indentation of the key whose block of text is open; brackets that are open
    foreign = marks = 0
    for start, end in lines(text, 0, len(text)):
        line = text[start : min(end, start + HEAD)]
        inner = line.strip()
        indent = len(line) - len(line.lstrip())
        if depth > 0 or not inner or (found and body >= 0 and indent > body):
            if inner:
                found[-1].end = end
            depth += deeper(text, start, end) if depth > 0 else 0
            continue
        body = -1
        if inner in ("---", "..."):
            marks += 1
        elif made := _line(line, start, end, indent):
            found.append(made)
            value = line[made.indent :].partition(":")[2].strip() if made.key else line[made.indent :].strip()
            body = made.outer if re.match(_SCALAR, value) and (made.key or made.dash >= 0) else -1
            depth = deeper(text, start, end) if value[:1] in ("[", "{") else 0
        elif found and indent > found[-1].outer and not found[-1].opens:
            found[-1].end = end
        else:
            foreign += 1
            found.append(_Line(start, end, indent))
    return found if depth <= 0 and _likely(text, found, foreign, marks) else None


def _line(line: str, start: int, end: int, indent: int) -> _Line | None:
    """Return the key, list item or remark that a line begins."""
    if line.lstrip().startswith("#"):
        return _Line(start, end, indent)
    key = re.match(_KEY, line)
    dashes = re.match(_DASH, line)
    if (not key and not dashes) or re.match(_PYTHON, line):
        return None
    value = key.group(4) if key else ""
    if value.rstrip().endswith((";", ",")) and not value.startswith(("[", "{", '"', "'")):
        return None
    at = len(key.group(1)) if key else len(dashes.group(1)) if dashes else indent
    opens = key is not None and re.match(_OPEN, value) is not None
    return _Line(start, end, at, indent if dashes else -1, key is not None, opens)


def _likely(text: str, found: list[_Line], foreign: int, marks: int) -> bool:
    """Return whether lines are YAML and not prose, a chat or code."""
    keys = [line for line in found if line.key]
    remarks = sum(not line.key and line.dash < 0 for line in found) - foreign
    listed = sum(not line.key and line.dash >= 0 for line in found)
    if len(keys) < 2 or 5 * foreign > len(found) or 2 * remarks > len(found):
        return False
    if marks:
        return True
    made = [line for line in found if line.key or line.dash >= 0]
    names = [text[line.start : line.end].partition(":")[0].strip(" -") for line in keys]
    nested = any(
        b.key and ((a.opens and b.indent > a.indent) or (a.dash >= 0 > b.dash and b.indent == a.indent))
        for a, b in pairwise(made)
        if a.key
    )
    return nested and listed <= 2 * len(keys) and 2 * sum(" " in name for name in names) <= len(names)


def _segments(found: list[_Line]) -> Iterator[Segment]:
    """Segments of the lines, with their parents."""
    ends = _ends(found)
    stack: list[tuple[int, bool, int]] = []  # indentation, whether that of a dash, index
    made = number = 0
    while number < len(found):
        line, last = found[number], ends[number]
        while stack and not _within(line, stack[-1]):
            stack.pop()
        parent = stack[-1][2] if stack else -1
        start = line.start
        if line.dash >= 0 and found[last].end - start <= ITEM:
            yield Segment(start, found[last].end, "entry", parent)
            number = last
        elif last > number and (line.opens or line.dash >= 0):
            yield Segment(start, line.end, "key", parent)
            if line.dash >= 0:
                stack.append((line.dash, True, made))
            if line.opens:
                stack.append((line.indent, False, made))
        else:
            yield Segment(start, line.end, "entry", parent)
        made += 1
        number += 1


def _within(line: _Line, above: tuple[int, bool, int]) -> bool:
    """Return whether a line stands below the open key or list item."""
    indent, dash, _ = above
    return line.outer > indent or (line.outer == indent and line.dash >= 0 and not dash)


def _ends(found: list[_Line]) -> list[int]:
    """Last line of what each line begins: a key's value, a list item."""
    ends = list(range(len(found)))
    open_lines: list[int] = []
    for number, line in enumerate(found):
        while open_lines:
            above = found[open_lines[-1]]
            listed = above.key and above.opens and above.dash < 0 and line.dash == above.indent
            if line.outer > above.outer or listed:
                break
            ends[open_lines.pop()] = number - 1
        open_lines.append(number)
    for number in open_lines:
        ends[number] = len(found) - 1
    return ends
