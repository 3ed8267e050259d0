"""An explanation for a terminal: rich text that is complete without colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from semtoken_rag.explain.outcome import duration, encoder, percent, saved, sentences
from semtoken_rag.explain.views import SHADES, DocumentView, Explanation, UnitView
from semtoken_rag.text.visible import printable, visible
from semtoken_rag.types import Granularity

MARKS = {Granularity.DROPPED: "○", Granularity.COARSE: "◐", Granularity.FINE: "●"}
BARS = "▁▂▃▄▅▆▇█"
WIDTH = 40  # columns of the budget bar


@dataclass(frozen=True, slots=True)
class Report:
    """Print a call with rich: its numbers, then each document with a mark and a bar at each unit."""

    explanation: Explanation

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _head(self.explanation)
        for document in self.explanation.documents:
            yield from _document(document)


def _head(explanation: Explanation) -> Iterator[Text]:
    stats = explanation.stats
    if explanation.query:
        yield Text(visible(explanation.query), style="bold")
    yield _budget(explanation)
    yield from map(Text, sentences(stats))
    stages = ", ".join(f"{name} {duration(seconds)}" for name, seconds in stats.seconds.items())
    yield Text(f"{duration(stats.total_seconds)} in all: {stages}", style="dim")
    yield Text(visible(f"{encoder(stats)}, counted by {stats.counter}"), style="dim")
    if stats.fallback:
        yield Text(visible(f"The call fell back: {stats.fallback}"))
    chances = any(unit.probability for unit in explanation.units)
    said = ", % the chance that it is wanted" if chances else ""
    yield Text(f"{_legend()}, {BARS[0]} to {BARS[-1]} by score{said}", style="dim")


def _legend() -> str:
    said = {Granularity.FINE: "kept", Granularity.COARSE: "kept in part", Granularity.DROPPED: "dropped"}
    return ", ".join(f"{MARKS[grain]} {name}" for grain, name in said.items())


def _budget(explanation: Explanation) -> Text:
    stats = explanation.stats
    most = max(stats.tokens_before, stats.budget, 1)
    kept, limit = (round(WIDTH * tokens / most) for tokens in (stats.tokens_after, stats.budget))
    bar = "".join("█" if i < kept else "░" if i < limit else "·" for i in range(WIDTH))
    text = Text(bar, style="blue")
    text.append(
        f" {stats.tokens_after:,} of {stats.tokens_before:,} tokens, budget {stats.budget:,}; {saved(stats)}",
        "default",
    )
    return text


def _document(document: DocumentView) -> Iterator[Text]:
    yield Text()
    head = Text(f"{document.number} {visible(document.name)}", style="bold")
    head.append(f"  {document.tokens_after:,} of {document.tokens_before:,} tokens", "not bold dim")
    yield head
    body, end = Text(), 0
    for unit in document.units:
        body.append(printable(document.text[end : unit.start]))
        body.append_text(_unit(document.text, unit))
        end = unit.end
    body.append(printable(document.text[end:]))
    yield body


def _unit(text: str, unit: UnitView) -> Text:
    bar = BARS[unit.shade * len(BARS) // SHADES] if unit.scores else ""
    out, chance = Text(), f"{percent(unit.probability)} " if unit.probability else ""
    out.append(
        f"{MARKS[unit.granularity]}{bar} {chance}",
        "dim" if unit.granularity == Granularity.DROPPED else "blue",
    )
    start, end = unit.part
    for a, b, style in ((unit.start, start, "dim"), (start, end, "underline"), (end, unit.end, "dim")):
        out.append(printable(text[a:b]), style)
    if unit.reason is not None and unit.reason.quoted:
        out.append(f" [{visible(str(unit.reason)).rstrip('.')}]", "italic blue")
    return out
