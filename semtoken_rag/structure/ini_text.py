"""INI, TOML and variables: every setting hangs on the header of its section, or the remark of its block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.remarks import belongs
from semtoken_rag.structure.slices import Range, finish, lines

LEAST = 2  # variables of an environment
HEAD = 200  # characters of a line that its kind is told from

_SECTION = r"\s*(\[\[?)\s*[\w\"'][^\[\]\n]{0,150}\]\]?\s*(?:[#;].*)?\Z"
_VARIABLE = r"(?:export )?[A-Z][A-Z0-9_]*=(?!=)"
_SETTING = r"\s*(?:[\w.$/@*-]+|\"[^\"]{1,100}\"|'[^']{1,100}')(?: [\w.-]+){0,3}\s*[=:](?:\s|(?=[^=>/\s]))(.*)"


def parse_ini(text: str) -> list[Segment] | None:
    r"""Cut INI or TOML into its settings.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    list of Segment or None
        A ``heading`` is the line of a section (of an array of tables, with its first setting, which names
        it), an ``entry`` a setting with all its lines, or a remark. None where there is no section with a
        setting, or less than four lines in five are of these kinds.

    Examples
    --------
    >>> text = "[plan.team]\nfee = 5\n[plan.business]\nfee = 9"
    >>> [(s.kind, s.parent, text[s.start : s.end]) for s in parse_ini(text)][2:]
    [('heading', -1, '[plan.business]'), ('entry', 2, 'fee = 9')]
    """
    if _is_environment(text):
        return finish(text, _variables(text))
    if "[" not in text:
        return None
    found, foreign = _read(text)
    kinds = [kind for _, kind in found]
    sections = kinds.count("[") + kinds.count("[[")
    if not sections or kinds.count("=") < max(1, sections // 2) or 5 * foreign > len(found):
        return None
    kept: list[tuple[Range, str]] = []
    for place, kind in found:
        begin = place[0]
        if kept and kept[-1][1] == "#" and belongs(text, kept[-1][0], place, "#;"):
            begin = kept.pop()[0][0]
        kept.append(((begin, place[1]), kind))
    return finish(text, _segments(kept))


def _is_environment(text: str) -> bool:
    """Return whether all lines are variables of an environment (``NAME=value``) and remarks, some of each.

    A first or last one may have been cut off.
    """
    if "=" not in text or "#" not in text:
        return False
    found = [line.strip() for line in text.splitlines() if line.strip()]
    variables = sum(re.match(_VARIABLE, line) is not None for line in found)
    cut = sum(line[0] != "#" and not re.match(_VARIABLE, line) for line in (found[0], found[-1]))
    return variables >= LEAST and variables + sum(line[0] == "#" for line in found) + cut >= len(found)


def _variables(text: str) -> Iterator[Segment]:
    """Hang the variables of a block on the remark above it, if it is the only one of the block.

    Any other remark is of the variable below it alone.
    """
    made = 0
    for block in _blocks(text):
        remarks = [text[start : start + 1] == "#" for start, _ in block]
        named = remarks[0] and sum(remarks) == 1 and len(block) > LEAST
        head, begin = made if named else -1, -1  # where the remarks begin that are of the next variable
        for (start, end), remark in zip(block, remarks, strict=True):
            begin = start if begin < 0 else begin
            if named and remark:
                yield Segment(start, end, "heading")
            elif not remark or end == block[-1][1]:
                yield Segment(begin, end, "entry", head)
            else:
                continue
            made, begin = made + 1, -1


def _blocks(text: str) -> Iterator[list[Range]]:
    """Lines between blank ones, each without the blanks in front."""
    block: list[Range] = []
    for start, end in [*lines(text, 0, len(text)), (len(text), len(text))]:
        line = text[start:end]
        if line.strip():
            block.append((start + len(line) - len(line.lstrip()), end))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _read(text: str) -> tuple[list[tuple[Range, str]], int]:
    """Parts of the text and their kinds ("[", "[[", "=", "#"), and how many lines are of none."""
    found: list[tuple[Range, str]] = []
    close, depth, foreign = "", 0, 0  # what ends the open value
    for start, end in lines(text, 0, len(text)):
        line = text[start : min(end, start + HEAD)]
        if close or depth > 0:
            found[-1] = ((found[-1][0][0], end), "=")
            depth += deeper(text, start, end) if not close else 0
            close = "" if close and text.find(close, start, end) >= 0 else close
        elif match := re.match(_SECTION, line):
            found.append(((start, end), match.group(1)))
        elif line.lstrip()[:1] in ("#", ";"):
            found.append(((start, end), "#"))
        elif match := re.match(_SETTING, line):
            found.append(((start, end), "="))
            value = match.group(1)
            close = next(
                (sign for sign in ('"""', "'''") if value.startswith(sign) and sign not in value[3:]), ""
            )
            depth = deeper(text, start, end) if value[:1] in ("[", "{") else 0
        elif line.strip() and found and found[-1][1] == "=" and line[0] in " \t":
            found[-1] = ((found[-1][0][0], end), "=")
        elif line.strip():
            foreign += 1
            found.append(((start, end), "#"))
    if close or depth > 0:
        foreign += len(found)
    return found, foreign


def deeper(text: str, start: int, end: int) -> int:
    """Return how many brackets a line opens and does not close.

    Parameters
    ----------
    text
        Any text.
    start
        Where the line begins, in characters.
    end
        Where it ends, exclusive.

    Returns
    -------
    int
        Opened less closed brackets; below 0 if more are closed.
    """
    return sum(text.count(sign, start, end) for sign in "[{") - sum(
        text.count(sign, start, end) for sign in "]}"
    )


def _segments(found: list[tuple[Range, str]]) -> Iterator[Segment]:
    section = -1
    made = 0
    named = False
    for number, ((start, end), kind) in enumerate(found):
        if named:
            named = False
            continue
        if kind in ("[", "[["):
            following = found[number + 1 : number + 3]
            named = kind == "[[" and [k for _, k in following] == ["=", "="]
            yield Segment(start, following[0][0][1] if named else end, "heading")
            section = made
        else:
            yield Segment(start, end, "entry", section)
        made += 1
