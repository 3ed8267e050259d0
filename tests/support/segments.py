"""What every parser of a notation promises, and texts that are none of their notations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from semtoken_rag.structure.base import HEADS, Segment

LONGEST = 1200

PROSE = "Well, it rained, and we left.\nThe road, wet as ever, was long.\nNobody, alas, had a map, or a lamp."
VERSE = "Red, green, blue\nSoft, warm, new\nLong, dark, through"
ADDRESSES = "12 High Street, Leeds, England\n4 Low Road, York, England\n9 Mill Lane, Hull, England"
LOG = (
    "2031-04-05 10:00:01,112  INFO   pump    started, all well\n"
    "2031-04-05 10:00:02,115  WARN   valve   slow, 3 retries, then ok\n"
    "2031-04-05 10:00:09,007  ERROR  pump    stopped, code 7, see manual"
)
PIPED_LOG = (
    "10:01:22 | INFO | the pump started\n10:01:25 | WARN | the valve is slow\n10:02:00 | INFO | all is ok"
)
CODE = "def area(a, b, c):\n    x, y = a, b\n    return f(x, y, c)\n\nprint(area(1, 2, 3))"
DECLARATIONS = "int     count;\nfloat   ratio;\nchar    name;"
SHELL = "cat a.txt | sort -u | wc -l\ncat b.txt | sort -u | wc -l\ncat c.txt | sort -u | wc -l"
SQL = "INSERT INTO pump VALUES (1,2,3);\nINSERT INTO pump VALUES (4,5,6);\nINSERT INTO pump VALUES (7,8,9);"
CHAT = "Anna: hi, are you there, or not?\nBen: yes, why, what is up?\nAnna: nothing, really, just asking."
THOUSANDS = "1,250,000\n3,400,000\n9,120,400"
DECIMALS = "Miete 1,5\nStrom 2,5\nWasser 0,7"
MARKDOWN = "# Pumps\n\nIncludes:\n- a hose, black\n- two seals, grey\n\nSee <b>there</b>."
MATHS = "If a < b and b < c, then a < c.\nLet |x| be its size; then |x| >= 0."
COLUMNS_OF_PROSE = (
    "The harbour was built by     A second pier was added\n"
    "the city between two wars    much later, after a storm\n"
    "and has been used by many    had taken the first one away"
)
NEGATIVES = {
    "prose": PROSE,
    "verse": VERSE,
    "addresses": ADDRESSES,
    "log": LOG,
    "piped log": PIPED_LOG,
    "code": CODE,
    "declarations": DECLARATIONS,
    "shell": SHELL,
    "sql": SQL,
    "chat": CHAT,
    "thousands": THOUSANDS,
    "decimals": DECIMALS,
    "markdown": MARKDOWN,
    "maths": MATHS,
    "columns of prose": COLUMNS_OF_PROSE,
    "blank": " \n\t ",
    "empty": "",
}

ODD = st.text(st.characters(codec=None), max_size=20)


def texts(bits: Sequence[str]) -> st.SearchStrategy[str]:
    """Strings made of the signs of a notation, of words and of anything."""
    any_bit = st.one_of(
        st.sampled_from([*bits, "Bolt", "3.5", " ", "\n", "\r\n", "\x00", "\ud800", "日本。"]), ODD
    )
    return st.one_of(
        st.lists(any_bit, max_size=25).map("".join), st.lists(any_bit, max_size=25).map(" ".join)
    )


def check(text: str, segments: Sequence[Segment]) -> None:
    """Assert what `Segment` promises."""
    at = 0
    for number, s in enumerate(segments):
        assert at <= s.start < s.end <= len(text)
        piece = text[s.start : s.end]
        assert piece == piece.strip()
        assert -1 <= s.parent < number
        assert s.kind in ("row", "entry") or len(piece) <= LONGEST
        at = s.end
    parents = {s.parent for s in segments}
    assert all(number in parents for number, s in enumerate(segments) if s.kind in HEADS)


def shown(text: str, segments: Sequence[Segment] | None) -> list[tuple[str, str, int]] | None:
    """Kind, text and parent of each segment."""
    return None if segments is None else [(s.kind, text[s.start : s.end], s.parent) for s in segments]


def chain(text: str, segments: Sequence[Segment], piece: str) -> list[str]:
    """The segment whose text begins with ``piece``, and all that it hangs on, innermost first."""
    number = next(n for n, s in enumerate(segments) if text[s.start : s.end].startswith(piece))
    found = []
    while number >= 0:
        found.append(text[segments[number].start : segments[number].end])
        number = segments[number].parent
    return found


def steps(call: Callable[[], object]) -> int:
    """How many lines of Python a call runs: a measure of its time that is the same on every machine."""
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
