"""``semtoken calibrate``: make the file that ``keep`` needs of one's own questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from semtoken_rag import SemToken, __version__
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder, Threads
from semtoken_rag.cli.outputs import check_output
from semtoken_rag.cli.streams import echo
from semtoken_rag.encoders.registry import check_name
from semtoken_rag.examples import read_examples

if TYPE_CHECKING:
    from semtoken_rag.calibrate.check import Report
    from semtoken_rag.calibrate.pose import Posed

KEEPS = (0.8, 0.9, 0.95, 0.99)


def calibrate(
    questions: Annotated[Path, typer.Argument(help="JSON Lines: question, chunks, and gold or answers.")],
    out: Annotated[Path, typer.Option(help="The file to write, for Config(calibration=).")] = Path(
        "calibration.json"
    ),
    encoder: Encoder = "auto",
    threads: Threads = None,
    keep: Annotated[
        list[float] | None, typer.Option(help=f"Chances to report, one each time; by default {KEEPS}.")
    ] = None,
) -> None:
    """Calibrate an encoder on QUESTIONS: what share of them loses nothing, and for how many tokens."""
    with one_line():
        posed, report = _calibrate(questions, out, encoder, keep or KEEPS)
    _print(posed, report)
    echo(f"{out}: SemToken(config=Config(calibration={str(out)!r})) uses it.")


def _calibrate(questions: Path, out: Path, encoder: str, keeps: Sequence[float]) -> tuple[Posed, Report]:
    for keep in keeps:
        if not 0 < keep < 1:
            raise ValueError(f"--keep must be in (0, 1), got {keep!r}")
    check_name(encoder)
    check_output("--out", out, [questions, encoder])
    examples = read_examples(questions)

    from semtoken_rag.calibrate.check import check
    from semtoken_rag.calibrate.pose import pose

    engine = SemToken(encoder=encoder, store="memory://")  # a chunk of several questions is encoded once
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Questions", total=len(examples))
        posed = pose(examples, engine, lambda done: bar.update(task, completed=done))
    made = posed.calibrate()
    report = check(posed, made, keeps)
    about = {"semtoken": __version__, "unanswered": len(posed.without_answer)}
    made.save(out, questions=len(posed.answered), made=about)
    return posed, report


def _print(posed: Posed, report: Report) -> None:
    n, console = len(posed.answered), Console()
    console.print(f"{n} questions, encoder {posed.encoder}", markup=False, highlight=False)
    console.print(_levels(report))
    console.print(
        f"Each question is judged by a calibration on the others. With {n} questions, the share that loses "
        "nothing is at least keep on average over all such calibrations, and at least the last column in 19 "
        "of 20 of them.\n",
        highlight=False,
    )
    console.print(_bins(report))
    console.print(
        f"The expected calibration error is {report.error:.3f}: the mean distance between the two.\n",
        highlight=False,
    )
    console.print(_answerable(posed, report), highlight=False)


def _levels(report: Report) -> Table:
    table = Table()
    for column in ("keep", "tokens kept", "questions that lost nothing", "at least"):
        table.add_column(column, justify="right")
    for each in report.levels:
        if each.tokens is None:
            table.add_row(f"{each.keep:g}", f"needs {each.needs} questions")
        else:
            table.add_row(f"{each.keep:g}", *(f"{v:.1%}" for v in (each.tokens, each.saved, each.at_least)))
    return table


def _bins(report: Report) -> Table:
    table = Table()
    for column in ("chance that nothing is lost", "share that lost nothing", "cases"):
        table.add_column(column, justify="right")
    for told, true, cases in report.bins:
        table.add_row(f"{told:.1%}", f"{true:.1%}", str(cases))
    return table


def _answerable(posed: Posed, report: Report) -> str:
    if report.auroc is None or report.caught is None:
        return (
            f"{len(posed.without_answer)} questions have chunks that hold no gold, too few to fit the chance "
            "that chunks answer: that of the shipped calibration is kept."
        )
    return (
        f"The chance that chunks answer has an AUROC of {report.auroc:.3f}. At 5% false alarms it finds "
        f"{report.caught:.1%} of the questions whose chunks with gold were taken away."
    )
