"""Logs: each line an event of its own, and what follows a line without a stamp hangs on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semtoken_rag.structure.base import Segment

LEAST = 3  # lines with a stamp that make a log
REACH = 200  # characters of a line that are looked at

# Strings: re compiles them at their first use and not at import.
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
_LEVEL = (
    "(?:TRACE|DEBUG|INFO|INFORMATION|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|ALERT|FATAL|SEVERE|PANIC"
    "|EMERG|FINE)"
)
_STAMPED = (
    rf"\W{{0,2}}\d{{4}}[-/.]\d{{2}}[-/.]\d{{2}}[T _,-]{{1,2}}{_CLOCK}"  # 2024-05-01T10:00:01.123Z
    rf"|\W{{0,2}}\d{{1,2}}[-/.]\d{{1,2}}(?:[-/.]\d{{2,4}})?[T ,]{{1,2}}{_CLOCK}"  # 05-01 10:00:01
    rf"|(?:<\d{{1,3}}>)?(?:\w{{3}} )?{_MONTH} {{1,2}}\d{{1,2}},? (?:\d{{4}},? )?{_CLOCK}"  # syslog
    rf"|\[?\d{{1,2}}[/ -]{_MONTH}[/ -]\d{{4}}[: ]{_CLOCK}"
    rf"|\S{{1,64}} \S{{1,64}} \S{{1,64}} \[\d{{1,2}}/{_MONTH}/\d{{4}}:"  # of a web server
    rf"|[\[(]?{_CLOCK}[\])]?[\s|,-]"
    r"|[\[(]?1\d{9}(?:\.\d{1,9}|\d{3})?[\])]?[\s|:,]"  # seconds or milliseconds since 1970
    r"|\[ {0,6}\d{1,7}\.\d{4,6}\] "  # of the kernel
    rf"|[IWEF]\d{{4}} {_CLOCK}"
    rf"|{_LEVEL}(?:\s*[\[:|(-]|\s+\S)|[\[<(]\s?(?i:{_LEVEL})\s?[\])>]"
    r"|(?:ts|time|timestamp|level|lvl)=\S"
    r"|\{\"(?:ts|time|timestamp|@timestamp|level|severity)\":"
    rf"|\S{{1,40}}\s{{1,8}}\| (?:\d{{4}}-\d{{2}}-\d{{2}}|{_LEVEL}\b)"  # of containers
)
_SPOKEN = (
    rf"[\[(]?{_CLOCK}[\])]?\s*(?:-\s*)?(?!{_LEVEL}\b)[^\W\d_][\w.]{{0,20}}(?: [^\W\d_][\w.]{{0,20}})?:\s"
)
_CONTINUED = (
    r"(?:Caused by|Traceback|at|File|\.{3}|---|\^)\b|[A-Za-z_][\w.]{0,80}(?:Error|Exception|Warning)\b"
)


def parse_logs(text: str) -> list[Segment] | None:
    r"""Cut a log into its lines.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    list of Segment or None
        Each line but blank ones, of kind ``line``, however long and however it ends. Lines without a stamp of
        their own, such as a stack trace, hang on the stamped line before, which then is a ``stamp``. None
        where fewer than `LEAST` lines, or not most of them, begin with a time or a level.

    Examples
    --------
    >>> made = parse_logs("INFO up\nERROR down\n  at db.open\nINFO up")
    >>> [(s.kind, s.parent) for s in made]
    [('line', -1), ('stamp', -1), ('line', 1), ('line', -1)]
    """
    lines = list(_lines(text))
    if len(lines) < LEAST:
        return None
    heads = [text[start : min(end, start + REACH)] for start, end in lines]
    pattern, spoken = re.compile(_STAMPED), re.compile(_SPOKEN)
    stamped = [pattern.match(head) is not None for head in heads]
    loose = sum(
        not mark and (text[start - 1 : start] in (" ", "\t") or re.match(_CONTINUED, head) is not None)
        for mark, head, (start, _) in zip(stamped, heads, lines, strict=True)
    )
    if sum(stamped) < LEAST or 2 * sum(stamped) <= len(lines) - loose:
        return None
    if 2 * sum(spoken.match(head) is not None for head in heads) > sum(stamped):
        return None  # people who talk
    return _segments(lines, stamped)


def _segments(lines: list[tuple[int, int]], stamped: list[bool]) -> list[Segment]:
    segments: list[Segment] = []
    head = -1  # the last line with a stamp
    for i, (start, end) in enumerate(lines):
        if stamped[i]:
            head = i
        goes_on = stamped[i] and i + 1 < len(lines) and not stamped[i + 1]
        segments.append(Segment(start, end, "stamp" if goes_on else "line", -1 if stamped[i] else head))
    return segments


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Lines that are not blank, without surrounding blanks."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if stripped := line.strip():
            left = start + len(line) - len(line.lstrip())
            yield left, left + len(stripped)
        start = end + 1
