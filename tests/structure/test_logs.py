"""Logs of many programs, and texts that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.structure.logs import parse_logs

LOGS = [
    "2025-02-03T08:00:00Z INFO web start\n2025-02-03T08:00:05Z WARN web slow. Very "
    "slow.\n2025-02-03T08:00:09Z INFO web stop",
    "2025-02-03 08:00:00,120 [main] INFO a.b.C - up\n2025-02-03 08:00:01,120 [main] INFO a.b.C - ok\n"
    "2025-02-03 08:00:02,120 [main] INFO a.b.C - down",
    "Feb  3 08:00:00 box kernel: eth0 up\nFeb  3 08:00:04 box kernel: eth0 down\nFeb 13 08:00:09 box "
    "cron[7]: job",
    '192.0.2.7 - - [03/Feb/2025:08:00:00 +0100] "GET /a HTTP/1.1" 200 12\n'
    '192.0.2.8 - eve [03/Feb/2025:08:00:01 +0100] "POST /b HTTP/1.1" 500 0\n'
    '192.0.2.9 - - [03/Feb/2025:08:00:02 +0100] "GET /c HTTP/2" 304 -',
    "[03/Feb/2025:08:00:00 +0000] a\n[03/Feb/2025:08:00:01 +0000] b\n[03/Feb/2025:08:00:02 +0000] c",
    "08:00:00.123 open\n08:00:01.456 read\n08:00:02.789 close",
    "1738569600 a\n1738569601 b\n1738569602 c",
    "1738569600123 a\n1738569601123 b\n1738569602123 c",
    "INFO one\nERROR two\nDEBUG three",
    "INFO: one\nWARNING: two\nCRITICAL: three",
    "[error] one\n[info] two\n[warn] three",
    "[    0.000001] cpu0\n[    1.200000] usb 1-1\n[   12.345678] done",
    "I0203 08:00:00.123456 1 a.go:1] x\nE0203 08:00:01.123456 1 a.go:2] y\nI0203 08:00:02.123456 1 a.go:3] z",
    "time=2025 level=info msg=a\ntime=2026 level=info msg=b\ntime=2027 level=info msg=c",
    '{"ts": 1, "msg": "a"}\n{"ts": 2, "msg": "b"}\n{"ts": 3, "msg": "c"}',
    "web-1  | 2025-02-03 up\nweb-1  | 2025-02-04 up\ndb-1   | 2025-02-05 up",
    "2025/02/03 08:00:00 a\n2025/02/03 08:00:01 b\n2025/02/03 08:00:02 c",
    "03.02.2025 08:00:00 a\n03.02.2025 08:00:01 b\n03.02.2025 08:00:02 c",
    "02-03 08:00:00.100 D/app: x\n02-03 08:00:01.100 E/app: y\n02-03 08:00:02.100 D/app: z",
]


@pytest.mark.parametrize("text", LOGS)
def test_each_line_is_a_unit(text: str) -> None:
    found = parse_logs(text)
    assert found is not None
    assert [text[s.start : s.end] for s in found] == text.split("\n")
    assert {(s.kind, s.parent) for s in found} == {("line", -1)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INFO one\nERROR two",
        "The meeting began at 10:00:00.\nIt went on.\nIt ended at noon.",
        "[08:00:00] Ann: hello\n[08:00:04] Ben: hi there\n[08:00:09] Ann: how are you?",
        "2025-02-03 The council met in the old hall.\n2025-02-04 It met again.\n2025-02-05 It rested.",
        "Information is power.\nErrors happen.\nWarnings help.",
        "a\nb\nc\nd",
        "name: x\nage: 5\nlevel: 9",
        "INFO a\nINFO b\nINFO c\nThen a long text.\nIt is prose.\nIt goes on.\nAnd on.",
        "1. one\n2. two\n3. three",
    ],
)
def test_other_texts_are_no_logs(text: str) -> None:
    assert parse_logs(text) is None


def test_a_stack_trace_hangs_on_its_line() -> None:
    text = (
        "2025-02-03 08:00:00 ERROR no\n\nTraceback (most recent call last):\n  File 'a.py', line 3\n    f()\n"
        "KeyError: 'x'\n2025-02-03 08:00:01 INFO on\n2025-02-03 08:00:02 INFO off"
    )
    found = parse_logs(text)
    assert found is not None
    assert [(s.kind, s.parent) for s in found] == [
        ("stamp", -1),
        *[("line", 0)] * 4,
        ("line", -1),
        ("line", -1),
    ]


def test_traces_may_outnumber_stamps() -> None:
    trace = "08:00:00.1 boom\n" + "    at a.b.c(D.java:1)\n" * 9
    found = parse_logs(trace * 3)
    assert found is not None
    assert len(found) == 30


def test_a_line_is_whole_however_long() -> None:
    text = "INFO a\nINFO " + "word. " * 5000 + "\nINFO b"
    found = parse_logs(text)
    assert found is not None
    assert len(found) == 3


@given(
    st.lists(
        st.sampled_from(["INFO a", "\n", "08:00:00.1 b", "  at x", "text", " ", "\r\n", "\ud800", "\x00"])
    )
)
def test_segments_keep_the_contract(bits: list[str]) -> None:
    text, at = "".join(bits), 0
    for i, s in enumerate(parse_logs(text) or ()):
        assert at <= s.start < s.end
        assert not text[at : s.start].strip()
        assert -1 <= s.parent < i
        assert "\n" not in text[s.start : s.end]
        at = s.end
