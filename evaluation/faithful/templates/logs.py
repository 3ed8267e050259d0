"""Logs: one line one event, or an event with lines of its own below it; the id says which one."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "log"
EACH = {1: 6, 2: 4, 3: 3, 4: 3}  # parcels and jobs a chunk, by number of chunks
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
# (message, what it says, question)
EVENTS = {
    "en": (
        (
            "WARN lane jammed, cleared after {n} s",
            "{n} s",
            "After how many seconds was the jam of parcel {id} cleared?",
        ),
        ("INFO weighed at {n} g", "{n} g", "What did parcel {id} weigh?"),
        (
            "ERROR scanner gave up with code {n}",
            "code {n}",
            "With what code did the scanner give up on parcel {id}?",
        ),
    ),
    "de": (
        (
            "WARN Stau auf der Bahn, behoben nach {n} s",
            "{n} s",
            "Nach wie vielen Sekunden war der Stau bei Paket {id} behoben?",
        ),
        ("INFO gewogen mit {n} g", "{n} g", "Wie schwer war Paket {id}?"),
        (
            "ERROR Leser gab auf mit Code {n}",
            "Code {n}",
            "Mit welchem Code gab der Leser bei Paket {id} auf?",
        ),
    ),
    "fr": (
        (
            "WARN voie bloquée, libérée après {n} s",
            "{n} s",
            "Après combien de secondes la voie du colis {id} fut-elle libérée ?",
        ),
        ("INFO pesé à {n} g", "{n} g", "Combien pesait le colis {id} ?"),
        (
            "ERROR lecteur abandonné avec le code {n}",
            "code {n}",
            "Avec quel code le lecteur a-t-il abandonné le colis {id} ?",
        ),
    ),
    "zh": (
        ("WARN 通道堵塞，{n}秒后疏通", "{n}秒", "包裹{id}的堵塞多少秒后疏通？"),
        ("INFO 称重{n}克", "{n}克", "包裹{id}重多少？"),
        ("ERROR 扫描器放弃，代码{n}", "代码{n}", "扫描器以什么代码放弃了包裹{id}？"),
    ),
}
JOBS = {
    "en": (
        ("cause: quota of {n} files reached", "{n} files", "What quota was reached in job {id}?"),
        ("host: rack {n}", "rack {n}", "On which rack did job {id} run?"),
    ),
    "de": (
        (
            "Ursache: Grenze von {n} Dateien erreicht",
            "{n} Dateien",
            "Welche Grenze wurde in Auftrag {id} erreicht?",
        ),
        ("Rechner: Schrank {n}", "Schrank {n}", "In welchem Schrank lief Auftrag {id}?"),
    ),
    "fr": (
        (
            "cause : quota de {n} fichiers atteint",
            "{n} fichiers",
            "Quel quota fut atteint dans la tâche {id} ?",
        ),
        ("machine : baie {n}", "baie {n}", "Dans quelle baie tournait la tâche {id} ?"),
    ),
    "zh": (
        ("原因：已达到{n}个文件的配额", "{n}个文件", "任务{id}达到了多少文件的配额？"),
        ("主机：{n}号机柜", "{n}号机柜", "任务{id}在几号机柜运行？"),
    ),
}


def _name(draw: Draw) -> str:
    """Draw an id such as K7Q2."""
    a, b = draw.random.choice(LETTERS), draw.random.choice(LETTERS)
    return f"{a}{draw.random.randint(2, 9)}{b}{draw.number(10, 99)}"


def _clock(draw: Draw) -> str:
    return f"2031-0{draw.random.randint(1, 9)}-1{draw.random.randint(0, 9)} 0{draw.random.randint(1, 9)}:{draw.random.randint(10, 59)}"


def lines(draw: Draw) -> Sheet:
    """One line an event, several parcels."""
    names, facts, made = [_name(draw) for _ in range(EACH[draw.count])], [], []
    clock, second = _clock(draw), 10
    for name in names:
        others = tuple(n for n in names if n != name)
        for message, short, ask in draw.random.sample(EVENTS[draw.lang], 2):
            n, second = draw.number(101, 999), second + draw.random.randint(1, 5)
            made.append(
                f"{clock}:{second} sorter[{draw.number(1000, 9999)}] parcel={name} {message.format(n=n)}"
            )
            facts.append(Fact(ask.format(id=name), short.format(n=n), (name,), rivals=others))
    return Sheet("\n".join(made), facts, [f.text for f in facts])


def blocks(draw: Draw) -> Sheet:
    """Write events with indented lines below it that do not repeat their id."""
    names, facts, made = [_name(draw) for _ in range(EACH[draw.count])], [], []
    clock, second = _clock(draw), 10
    for name in names:
        others, second = tuple(n for n in names if n != name), second + draw.random.randint(1, 9)
        made.append(f"[{clock}:{second}] ERROR scheduler job {name} failed")
        for message, short, ask in JOBS[draw.lang]:
            n = draw.number(101, 999)
            made.append(f"    {message.format(n=n)}")
            facts.append(Fact(ask.format(id=name), short.format(n=n), (name,), rivals=others))
        made.append(f"[{clock}:{second + 1}] INFO heartbeat pulse={draw.number(2000, 9999)} queue idle")
    return Sheet("\n".join(made), facts)


TEMPLATES = {"log-lines": lines, "log-blocks": blocks}
