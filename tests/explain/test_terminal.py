from __future__ import annotations

import re
from io import StringIO

import pytest
from typer.testing import CliRunner

pytest.importorskip("rich")
from rich.console import Console

from semtoken_rag.cli import app
from semtoken_rag.explain.outcome import duration, percent
from semtoken_rag.text.visible import visible
from tests.explain.samples import DOCUMENTS, HOSTILE, QUESTION, call, hostile


def shown(context, **kwargs) -> str:
    out = StringIO()
    Console(file=out, width=10_000, **kwargs).print(context)
    return out.getvalue()


@pytest.fixture
def files(tmp_path):
    paths = []
    for chunk in DOCUMENTS:
        paths.append(tmp_path / f"{chunk.title}.txt")
        paths[-1].write_text(chunk.text, encoding="utf-8")
    return [str(path) for path in paths]


def run(*arguments: str, stdin: str | None = None):
    return CliRunner().invoke(app, ["explain", "--encoder", "static", *arguments], input=stdin)


def test_marks_tell_kept_part_and_dropped_without_colours():
    context = call(max_tokens=50)
    text = shown(context)
    body = text[text.index("1 Dijon") :]
    for mark, grain in (("○", 0), ("◐", 1), ("●", 2)):
        assert body.count(mark) == sum(u.granularity == grain for u in context.units)
    assert "\x1b" not in text


def test_the_words_of_a_bridge_are_named():
    assert "[Kept because it explains Gustave Eiffel, named in document 3]" in shown(call(max_tokens=40))


def test_figures_and_stages_are_told():
    context = call(max_tokens=50)
    text = shown(context)
    assert f"{context.stats.tokens_after} of {context.stats.tokens_before} tokens, budget 50" in text
    assert f"{context.stats.saved} saved ({context.stats.factor:.1f} times fewer)" in text
    assert f"{duration(context.stats.total_seconds)} in all: " in text
    assert all(stage in text for stage in context.stats.seconds)
    assert f"{context.stats.encoder} on cpu, counted by" in text


def test_each_unit_has_its_chance_and_the_call_says_how_sure_it_is():
    context = call(ratio=1, keep=0.5)
    text = shown(context)
    assert f"{percent(context.stats.confidence)} sure that nothing wanted is lost, cut by keep=0.5." in text
    assert f"answer the question (chance {percent(context.answerable)})." in text
    for unit in context.units:
        start = DOCUMENTS[unit.chunk].text[unit.start : unit.end]
        assert re.search(rf"[○◐●][▁-█] {percent(unit.probability)} {re.escape(start)}", text)


def test_nothing_is_said_of_chances_where_there_are_none():
    text = shown(call(max_tokens=50, strategy="lead"))
    assert "Cut by max_tokens." in text
    assert "%" not in text


def test_a_document_steers_no_terminal():
    text = shown(hostile())
    assert not {c for c in text if c < " " and c != "\n"}
    assert visible(HOSTILE[-1]) in text


def test_colours_are_the_console_s_own():
    text = shown(hostile(), force_terminal=True, color_system="standard")
    assert "\x1b[" in text
    assert "\x1b[31m" not in text


def test_the_command_shows_the_files(files):
    result = run("--query", QUESTION, "--max-tokens", "50", *files)
    assert result.exit_code == 0, result.output
    assert QUESTION in result.stdout
    assert "named in document 3" in " ".join(result.stdout.split())


def test_the_command_reads_standard_input():
    result = run("-q", "Which number is odd?", "--ratio", "0.6", stdin="One is odd. Two is even. Three too.")
    assert result.exit_code == 0, result.output
    assert "1 stdin" in result.stdout


def test_the_command_keeps_what_a_promise_takes(files):
    result = run("--query", QUESTION, "--keep", "0.5", *files)
    assert result.exit_code == 0, result.output
    assert "cut by keep=0.5" in " ".join(result.stdout.split())


def test_the_command_writes_a_page(files, tmp_path):
    path = tmp_path / "out.html"
    result = run("--query", QUESTION, "--ratio", "0.5", "--html", str(path), *files)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert QUESTION in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--ratio", "2"], "2"),
        (["--keep", "2.5"], "2.5"),
        (["--max-tokens", "x"], "x"),
        (["--ratio", ".5", "none.txt"], "none.txt"),
    ],
)
def test_bad_arguments_are_one_line_that_shows_the_value(arguments, told):
    result = run(*arguments, stdin="A text.")
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
