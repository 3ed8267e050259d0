"""YAML by indentation; INI and TOML by sections."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from semtoken_rag.stages.segment import segment
from semtoken_rag.structure.ini_text import parse_ini
from semtoken_rag.structure.yaml_text import parse_yaml
from tests.support.segments import NEGATIVES, chain, check, shown, steps, texts

BITS = (
    "a: 1\n", "b:\n", "  c: 2\n", "- x\n", "  - y: 1\n", "    z: |\n", "---\n", "[s]\n", "k = v\n",
    "[[t]]\n", "# r\n", "  ", "t = [\n", "]\n", '"""', "'200':\n", "    more\n", "{", "- ", ": ",
)  # fmt: skip

SERVICE = """\
# of the pump house
name: pump
ports:
  - 80
  - 443
limits:
  cpu: 2
  memory:
    soft: 1 GB
    hard: 2 GB
notice: |
  Switch it off: first
  the valve.

  Then the pump.
env:
- MODE
- PATH
empty:
"""


def parsed(text: str):
    segments = parse_yaml(text)
    assert segments is not None
    check(text, segments)
    return segments


def test_an_entry_hangs_on_its_keys():
    segments = parsed(SERVICE)
    assert chain(SERVICE, segments, "hard") == ["hard: 2 GB", "memory:", "limits:"]
    assert chain(SERVICE, segments, "- 443") == ["- 443", "ports:"]
    assert chain(SERVICE, segments, "- PATH") == ["- PATH", "env:"]
    assert chain(SERVICE, segments, "notice") == [
        "notice: |\n  Switch it off: first\n  the valve.\n\n  Then the pump."
    ]
    assert chain(SERVICE, segments, "empty") == ["empty:"]


def test_every_line_is_in_a_segment():
    kept = [line.strip() for s in parsed(SERVICE) for line in SERVICE[s.start : s.end].split("\n")]
    assert [line for line in kept if line] == [line.strip() for line in SERVICE.split("\n") if line.strip()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b: 1", [("key", "a:", -1), ("entry", "b: 1", 0)]),
        ("a:\r\n  b: 1\r\nc: 2\r\n", [("key", "a:", -1), ("entry", "b: 1", 0), ("entry", "c: 2", -1)]),
        ("---\na: 1\nb: 2\n...", [("entry", "a: 1", -1), ("entry", "b: 2", -1)]),
        (
            "tarife:\n  basis:\n    preis: 5 €\n    frist: '3 Monate'",
            [
                ("key", "tarife:", -1),
                ("key", "basis:", 0),
                ("entry", "preis: 5 €", 1),
                ("entry", "frist: '3 Monate'", 1),
            ],
        ),
        (
            "plans:\n  - name: team\n    fee: 5\n  - name: pro\n    fee: 9",
            [
                ("key", "plans:", -1),
                ("entry", "- name: team\n    fee: 5", 0),
                ("entry", "- name: pro\n    fee: 9", 0),
            ],
        ),
        (
            "paths:\n  /pets/{id}:\n    '200': OK\n    404: none",
            [
                ("key", "paths:", -1),
                ("key", "/pets/{id}:", 0),
                ("entry", "'200': OK", 1),
                ("entry", "404: none", 1),
            ],
        ),
        (
            "a: &x\n  b: {c: 1,\n    d: 2}\n  e: *x",
            [("key", "a: &x", -1), ("entry", "b: {c: 1,\n    d: 2}", 0), ("entry", "e: *x", 0)],
        ),
        (
            "a:\n  b: some words\n    that go on\n  c: 1",
            [("key", "a:", -1), ("entry", "b: some words\n    that go on", 0), ("entry", "c: 1", 0)],
        ),
        (
            "délai:\n  # en jours\n  min: 3",
            [("key", "délai:", -1), ("entry", "# en jours\n  min: 3", 0)],
        ),
        (
            "a:\n  x:\n    - - 1\n      - 2\nb: 1",
            [("key", "a:", -1), ("key", "x:", 0), ("entry", "- - 1\n      - 2", 1), ("entry", "b: 1", -1)],
        ),
    ],
)
def test_yaml(text, expected):
    assert shown(text, parsed(text)) == expected


def test_a_large_list_item_is_opened_with_its_first_line():
    text = f"plans:\n  - name: team\n    note: {'x ' * 150}\n    limits:\n      seats: 3\n  - name: pro\n"
    segments = parsed(text)
    assert chain(text, segments, "seats") == ["seats: 3", "limits:", "- name: team", "plans:"]
    assert chain(text, segments, "- name: pro") == ["- name: pro", "plans:"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[server]\nhost = a\nport=80\n[client]\nretry: 3",
            [
                ("heading", "[server]", -1),
                ("entry", "host = a", 0),
                ("entry", "port=80", 0),
                ("heading", "[client]", -1),
                ("entry", "retry: 3", 3),
            ],
        ),
        (
            "top = 1\n\n[a.b]\n# note\nx = [\n  1,\n  2,\n]\n",
            [
                ("entry", "top = 1", -1),
                ("heading", "[a.b]", -1),
                ("entry", "# note\nx = [\n  1,\n  2,\n]", 1),
            ],
        ),
        (
            '[t]\ns = """\none = 1\n[x]\n"""\nu = 2',
            [("heading", "[t]", -1), ("entry", 's = """\none = 1\n[x]\n"""', 0), ("entry", "u = 2", 0)],
        ),
        (
            '[[pump]]\nname = "P-1"\nhead = 3\n[[pump]]\nname = "P-2"\nhead = 4',
            [
                ("heading", '[[pump]]\nname = "P-1"', -1),
                ("entry", "head = 3", 0),
                ("heading", '[[pump]]\nname = "P-2"', -1),
                ("entry", "head = 4", 2),
            ],
        ),
        (
            "[Größe]\r\nBreite = 3\r\n  mm\r\n",
            [("heading", "[Größe]", -1), ("entry", "Breite = 3\r\n  mm", 0)],
        ),
        (
            '[remote "origin"]\n\turl = git@a.example:b.git\n',
            [("heading", '[remote "origin"]', -1), ("entry", "url = git@a.example:b.git", 0)],
        ),
    ],
)
def test_ini_and_toml(text, expected):
    assert shown(text, parsed(text)) == expected
    assert parse_ini(text) == parse_yaml(text)


@pytest.mark.parametrize(
    "text",
    [
        *NEGATIVES.values(),
        "a: 1\nb: 2",
        "From: Anna\nTo: Ben\nSubject: hi\n\nDear Ben,\nhow are you?",
        "Includes:\n- fire damage\n- water damage, if sudden",
        "class A:\n    try:\n        x: int = 3\n    finally:\n        pass",
        "p {\n  color: red;\n  margin: 0;\n}",
        "Note: the fee is 5.\n  Exception: on Mondays.",
        "What it covers:\n  Fire and water: yes\n  Theft of bikes: no",
        "- Anna: hi\n- Ben: hello\n- Anna: bye",
        "x = [1]\ny = [2]",
        "[1] Smith. A book.\n[2] Jones. A paper.",
        "[link](a)\ntext = more",
        "a:\n  b: [1,\n c: 2",
    ],
)
def test_other_texts_are_no_yaml(text):
    assert parse_yaml(text) is None


@settings(max_examples=400, deadline=None)
@given(text=texts(BITS))
def test_any_text_keeps_the_contract(text):
    if parse_yaml(text) is not None:
        parsed(text)


@pytest.mark.parametrize(
    "unit", ["a:\n  b: 1\n", "- a:\n", "a: [\n", "x:\n y:\n  z: |\n", "[a]\nb = 1\n", "[a]\nb = [\n", "- "]
)
def test_time_grows_as_the_text_does(unit):
    few, many = (steps(lambda n=n: parse_yaml(unit * n)) for n in (100, 400))
    assert many < 4.4 * few


@pytest.mark.parametrize(
    ("remark", "key"),
    [
        ("# deprecated: use listen", "port: 80"),
        ("# veraltet, gilt nur bis Mai", "frist: 30"),
        ("# plus valable, sauf à Brest", "tarif: 4"),
        ("# 已停用", "端口: 80"),
        ("# not for guests:\n  # ask at the desk", "- name: pier"),
    ],
)
def test_a_remark_right_above_a_key_is_in_one_with_it(remark, key):
    text = f"server:\n  host: a\n  {remark}\n  {key}\n  user: b\n"
    if key.startswith("-"):
        text = f"servers:\n  - name: a\n  {remark}\n  {key}\n  - name: b\nend: 1\n"
    segments = parsed(text)
    assert chain(text, segments, remark)[0] == f"{remark}\n  {key}"
    settings_of = f"[server]\nhost = a\n{remark.split(chr(10))[0]}\nport = 1\n"
    found = parse_ini(settings_of)
    assert found is not None
    assert chain(settings_of, found, "#")[0] == remark.split("\n")[0] + "\nport = 1"


def test_a_remark_limits_all_below_its_key():
    text = "# no longer sold\nold:\n  fee: 5\nnew:\n  fee: 9\n"
    assert chain(text, parsed(text), "fee: 5") == ["fee: 5", "# no longer sold\nold:"]
    assert chain(text, parsed(text), "fee: 9") == ["fee: 9", "new:"]


@pytest.mark.parametrize(
    "remark",
    [
        "# of the yard\n",
        "# Copyright of the yard, which owns " + "all the boats and " * 9,
        "# a\nb: 1\n# c\n",
    ],
)
def test_other_remarks_are_units_of_their_own(remark):
    text = f"{remark}\nserver:\n  port: 80\n  host: a\n"
    assert chain(text, parsed(text), "server:") == ["server:"]
    assert chain(text, parsed(text), "port")[1:] == ["server:"]


VARIABLES = (
    "# Staging only\nAPI_URL=http://stage.local\nAPI_KEY=none\n\nTOKEN=\n# Not for guests\n# or robots\n"
    "SHELL_ACCESS=1\nPORT=8080\n\n# Old\nexport MODE=slow\n"
)


@pytest.mark.parametrize(
    ("said", "above"),
    [
        ("API_KEY=none", "# Staging only"),
        ("TOKEN=", ""),
        ("# Not for guests\n# or robots\nSHELL_ACCESS=1", ""),
        ("PORT=8080", ""),
        ("# Old\nexport MODE=slow", ""),
    ],
)
def test_a_remark_on_one_variable_is_not_of_the_next(said, above):
    found = segment(VARIABLES)
    unit = next(u for u in found if VARIABLES[u.start : u.end] == said)
    head = found[unit.parent] if unit.parent >= 0 else None
    assert (VARIABLES[head.start : head.end] if head else "") == above


@pytest.mark.parametrize(
    "text", ["# Fees\nA boat costs 4 euros.\nFEE=4", "FEE=4\nTAX=2", "# One\nFEE=4\nfee is = low"]
)
def test_what_has_other_lines_is_no_list_of_variables(text):
    assert not any(unit.kind == "entry" and "#" in text[unit.start : unit.end] for unit in segment(text))
