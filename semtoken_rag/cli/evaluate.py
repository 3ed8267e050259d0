"""``semtoken evaluate``: how many answers each budget keeps on one's own questions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from semtoken_rag import Budget, __version__
from semtoken_rag.budget import DEFAULT_RATIO
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder, Store, Threads, open_store
from semtoken_rag.cli.outputs import STDIN, check_apart, check_output
from semtoken_rag.cli.sources import PIPED, check_stdin, read_sources
from semtoken_rag.cli.streams import read_stdin
from semtoken_rag.encoders.registry import check_name
from semtoken_rag.evaluate.asking import FULL, Answers, ask, with_answers
from semtoken_rag.evaluate.curve import METHODS, RATIOS, SEMTOKEN, Curve, Point, measure
from semtoken_rag.examples import Example, parse_examples
from semtoken_rag.readers import resolve_reader
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.text.visible import visible

RETRIEVED = 20  # passages of files for a question


def evaluate(
    questions: Annotated[
        str,
        typer.Argument(
            help="JSON Lines: question, chunks, and gold, answers or answer; - is standard input."
        ),
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, patterns: a question without chunks gets their "
            f"{RETRIEVED} likeliest passages."
        ),
    ] = None,
    encoder: Encoder = "auto",
    store: Store = None,
    threads: Threads = None,
    want: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the answers that a budget has to keep.")
    ] = 0.95,
    llm: Annotated[
        str | None, typer.Option(help="Ask this reader too: openai:URL#MODEL, folder, hub name or .gguf.")
    ] = None,
    tokenizer: Annotated[str | None, typer.Option(help="Of a server that counts no tokens.")] = None,
    out: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures to a file as well.")
    ] = None,
) -> None:
    """Measure on QUESTIONS how many answers are kept, by budget and method, and find the cheapest budget."""
    with one_line():
        examples = _read(questions, files or [], encoder, want, out)
        kept = open_store(store) or MemoryStore()
        asked = with_answers(examples) if llm else []
        reader = resolve_reader(llm, tokenizer=tokenizer) if llm else None
        counter = reader.tokenizer if reader else None
        with _bar("Questions", len(examples)) as on_step:
            curve = measure(examples, encoder, token_counter=counter, store=kept, on_step=on_step)
        cheapest = curve.cheapest(want)
        figures = _figures(curve, cheapest, want)
        _write(out, figures)  # before the reader is asked, who may fail
        _print(curve, cheapest, want)
        if reader is None:
            return
        budgets = [FULL, cheapest.budget if cheapest else Budget(ratio=DEFAULT_RATIO)]
        with _bar("Answers", len(asked)) as on_step:
            answers = ask(reader, asked, encoder=encoder, budgets=budgets, store=kept, on_step=on_step)
        _write(out, figures | {"reader": [_of_reader(reader.name, asked, each) for each in answers]})
        _print_answers(reader.name, answers)


def _read(questions: str, files: list[str], encoder: str, want: float, out: Path | None) -> list[Example]:
    """Check what can be checked before a model is loaded, and read the questions."""
    if not 0 < want <= 1:
        raise ValueError(f"--want must be in (0, 1], got {want!r}")
    check_name(encoder)
    if out is not None:
        check_output("--json", out, [questions, encoder, *files])
    check_stdin([questions, *files])
    data, name = (read_stdin(), PIPED) if questions == STDIN else (Path(questions).read_bytes(), questions)
    sources = read_sources(files) if files else None
    if out is not None and sources:
        check_apart("--json", out, sources.documents)  # a file of a folder
    retrieve = partial(sources.retrieve, number=RETRIEVED) if sources else None
    return parse_examples(data, name, retrieve=retrieve)


@contextmanager
def _bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar if there is a terminal; yield what sets how much is done."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=total)
        yield lambda done: bar.update(task, completed=done)


def _print(curve: Curve, cheapest: Point | None, want: float) -> None:
    console = Console()
    _say(
        console, f"Questions: {len(curve.examples)}, encoder: {curve.encoder}, token counter: {curve.counter}"
    )
    console.print(_by_ratio(curve))
    if promises := [point for point in curve.of(SEMTOKEN) if point.budget.keep is not None]:
        console.print(_by_promise(promises))
    _say(console, _advice(curve, cheapest, want))


def _advice(curve: Curve, cheapest: Point | None, want: float) -> str:
    """Return the cheapest budget in words, or the best if none keeps enough."""
    found = cheapest or max(curve.of(SEMTOKEN), key=lambda point: point.share)
    low, high = found.interval
    said = (
        f"No budget here keeps {want:.0%} of the answers. The best"
        if cheapest is None
        else f"The cheapest budget that keeps {want:.0%} of the answers"
    )
    return (
        f"{said}: {_name(found.budget)}. It keeps {sum(found.kept)} of {len(found.kept)} in "
        f"{found.mean_tokens:.0%} of the tokens; of more questions like these, {low:.0%} to {high:.0%} (95% "
        "confidence)."
    )


def _by_ratio(curve: Curve) -> Table:
    table = Table("answers kept in")
    for budget in RATIOS:
        table.add_column(f"{budget.ratio:.0%}", justify="right")
    for method in METHODS:
        if points := curve.of(method):  # an encoder that is the static one is not compared with it
            table.add_row(method, *(f"{point.share:.2f}" for point in points if point.budget in RATIOS))
    return table


def _by_promise(promises: Sequence[Point]) -> Table:
    table = Table()
    for column in ("keep", "tokens kept", "answers kept"):
        table.add_column(column, justify="right")
    for point in promises:
        table.add_row(f"{point.budget.keep:g}", f"{point.mean_tokens:.0%}", f"{point.share:.2f}")
    return table


def _print_answers(reader: str, answers: Sequence[Answers]) -> None:
    console, table = Console(), Table("context")
    for column in ("tokens", "seconds", "answers right"):
        table.add_column(column, justify="right")
    for each in answers:
        n = len(each.right)
        means = f"{sum(each.tokens) / n:.0f}", f"{sum(each.seconds) / n:.2f}"
        table.add_row("full" if each.budget == FULL else _name(each.budget), *means, _share(each))
    _say(console, f"Reader: {reader}")
    console.print(table)
    for each in answers:
        if refused := [message for message in each.refused if message]:
            _say(console, f"{len(refused)} of {len(each.right)} were refused, the first since {refused[0]}")


def _say(console: Console, text: str) -> None:
    console.print(visible(text), markup=False, highlight=False, soft_wrap=True)


def _name(budget: Budget) -> str:
    """Return a budget as `SemToken.compress` takes it."""
    return f"ratio={budget.ratio:g}" + ("" if budget.keep is None else f", keep={budget.keep:g}")


def _share(found: Answers) -> str:
    """Return a share with the interval that it may lie in."""
    low, high = found.interval
    return f"{found.share:.2f} ({low:.2f} to {high:.2f})"


def _figures(curve: Curve, cheapest: Point | None, want: float) -> dict[str, Any]:
    return {
        "semtoken": __version__,
        "questions": len(curve.examples),
        "encoder": curve.encoder,
        "counter": curve.counter,
        "points": [_of_point(curve, point) for point in curve.points],
        "want": want,
        "cheapest": None if cheapest is None else _of_point(curve, cheapest),
    }


def _of_point(curve: Curve, point: Point) -> dict[str, Any]:
    return {
        "method": point.method,
        "ratio": point.budget.ratio,
        "keep": point.budget.keep,
        "tokens": point.mean_tokens,
        "kept": point.share,
        "interval": point.interval,
        "lost_lines": curve.lost(point),
    }


def _of_reader(name: str, examples: Sequence[Example], answers: Answers) -> dict[str, Any]:
    n = len(examples)
    return {
        "reader": name,
        "questions": n,
        "ratio": answers.budget.ratio,
        "keep": answers.budget.keep,
        "tokens": sum(answers.tokens) / n,
        "seconds": sum(answers.seconds) / n,
        "right": answers.share,
        "interval": answers.interval,
        "wrong_lines": [e.line for e, right in zip(examples, answers.right, strict=True) if not right],
        "refused": sum(map(bool, answers.refused)),
    }


def _write(out: Path | None, figures: dict[str, Any]) -> None:
    if out is not None:
        out.write_text(json.dumps(figures) + "\n", encoding="utf-8")
