"""Every method in a few columns, losers and failures too: the tables of the README and of docs/results.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.markdown import number, table
from evaluation.results import Result, failed, ran

# The columns: set and ratio.
HEADLINE = (
    ("hotpotqa_dev200", 0.1),
    ("hotpotqa_dev200", 0.2),
    ("hotpotqa_dev200", 0.4),
    ("2wikimultihopqa_train300", 0.2),
    ("xquad_en", 0.1),
    ("tatqa_dev400", 0.2),
    ("nq_open_dev_20docs", 0.1),
)

LEGEND = "Answer / chain; (+k): exceeds the budget by up to k tokens; Q: reads the question."


def headline(
    results: Sequence[Result],
    columns: Sequence[tuple[str, float]] = HEADLINE,
    place: str = "in docs/results.md",
) -> str:
    """Return the table of all methods: answer / chain of those on the most questions, best first.

    Parameters
    ----------
    results
        Of the bench.
    columns
        Set and ratio of each; those without a result are left out.
    place
        Where the page has the rows that this table leaves out.
    """
    board = _Board.of(results, columns)
    notes = [LEGEND]
    if board.fewer:
        named = ", ".join(f"{method} ({n})" for method, n in sorted(board.fewer.items()))
        notes.append(f"On fewer questions, {place}: {named}.")
    if board.failed:
        notes.append(f"Not run, reasons {place}: {', '.join(board.failed)}.")
    return "\n\n".join([board.table(board.ranked), *notes])


def summary(results: Sequence[Result], columns: Sequence[tuple[str, float]] = HEADLINE) -> str:
    """Return the README's table: `headline` with one row for each method, the better one of its two forms.

    The forms are ``method`` and ``method+title``, which gets the titles in the text.
    """
    board = _Board.of(results, columns)
    forms: dict[str, str] = {}
    for method in board.ranked:
        forms.setdefault(method.removesuffix("+title"), method)
    left = f"Not run: {', '.join(board.failed)}." if board.failed else ""
    return "\n\n".join(filter(None, [board.table(forms.values()), LEGEND, left]))


@dataclass(frozen=True)
class _Board:
    """Results by method and column."""

    columns: Sequence[tuple[str, float]]
    cells: Mapping[tuple[str, str, float], Result]  # by method, set, ratio
    known: Mapping[str, Result]  # any result of each method
    fewer: Mapping[str, int]  # methods that ran on fewer questions only, and on how many
    failed: Sequence[str]

    @classmethod
    def of(cls, results: Sequence[Result], columns: Sequence[tuple[str, float]]) -> _Board:
        every = [r for r in ran(results) if r["transform"] == "none"]
        most = max(r["n"] for r in every)
        plain = [r for r in every if r["n"] == most]
        cells = {(r["method"], r["set"], r["ratio"]): r for r in plain}
        known = {r["method"]: r for r in plain}
        fewer = {r["method"]: r["n"] for r in every if r["method"] not in known}
        return cls(
            columns=[c for c in columns if any(key[1:] == c for key in cells)],
            cells=cells,
            known=known,
            fewer=fewer,
            failed=sorted(set(failed(results)) - set(known) - set(fewer)),
        )

    @property
    def ranked(self) -> list[str]:
        """Methods, the most answers first."""

        def rank(method: str) -> tuple[float, str]:
            found = [r["means"]["answer"] for c in self.columns if (r := self.cells.get((method, *c)))]
            return -sum(found) / max(len(found), 1), method

        return sorted(self.known, key=rank)

    def table(self, methods: Iterable[str]) -> str:
        rows = [
            [
                method,
                "yes" if self.known[method]["query_aware"] else "no",
                *(_show(self.cells.get((method, *c))) for c in self.columns),
            ]
            for method in methods
        ]
        names = [f"{name.partition('_')[0]} {ratio:g}".replace("0.", ".") for name, ratio in self.columns]
        return table(["method", "Q", *names], rows)


def _show(r: Result | None) -> str:
    if r is None:
        return "-"
    chain = r["means"]["chain"]
    said = number(r["means"]["answer"]) + ("" if chain is None else f" / {number(chain)}")
    return said + (f" (+{r['overshoot']:.0f})" if r["overshoot"] >= 1 else "")
