"""One line of a log is one unit: whole or gone, and never joined with its neighbour."""

from __future__ import annotations

import pytest

DAEMON = """May  4 07:00:01 relay-2 ntpd[311]: clock set, offset 0.003 s
May  4 07:00:07 relay-2 kernel: usb 1-4: device k77 not found, error -71
May  4 07:00:09 relay-2 sshd[902]: session opened for user mira
May  4 07:00:15 relay-2 kernel: usb 1-4: device k77 gave up, code 12
May  4 07:00:21 relay-2 cron[77]: job rotate done, 14 files"""
APPLICATION = """2032-11-02 14:03:10,500 INFO  shop.cart order=5511 items=3, total=41.90
2032-11-02 14:03:11,020 WARN  shop.pay order=5512 card refused, retry=1
2032-11-02 14:03:11,870 INFO  shop.cart order=5513 items=1, total=8.00
2032-11-02 14:03:12,330 ERROR shop.pay order=5512 gateway timeout, retry=2
2032-11-02 14:03:13,001 INFO  shop.mail order=5511 sent"""
LEVELS = """INFO starting worker 4, queue=west
ERROR worker 4 lost lease z81, node=n3
INFO starting worker 5, queue=east
ERROR worker 4 stopped, lease z81 expired
DEBUG heap 210 MB, threads 18"""


@pytest.mark.parametrize(
    ("text", "question", "needle", "foreign"),
    [
        (DAEMON, "Why did device k77 fail?", "k77", "mira"),
        (APPLICATION, "Why was order 5512 not paid?", "order=5512", "order=5513"),
        (LEVELS, "Why did lease z81 expire?", "z81", "queue=east"),
    ],
    ids=["syslog", "application", "levels"],
)
def test_the_lines_that_answer_are_kept_whole(engine, sweep, text, question, needle, foreign):
    lines = text.splitlines()
    for kept in sweep(text, question):
        assert all(not line or line in lines for line in kept.splitlines()), kept
    kept = engine.compress([text], question, ratio=0.5).text
    assert [line for line in lines if needle in line] == [
        line for line in kept.splitlines() if needle in line
    ]
    assert foreign not in kept
    assert [u.end - u.start for u in engine.compress([text], question, ratio=0.5).units] == list(
        map(len, lines)
    )
