"""What readers answer, relative to the full context: tables of docs/results.md and docs/results-tables.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evaluation.markdown import number, table
from evaluation.readers.contexts import FULL, NONE
from evaluation.results import RESAMPLES, Result, groups

ABOUT = """\
F1: mean over the questions. choice: share of the questions whose gold answer is the likeliest beside nine
answers of other questions. relative: divided by that with the full context; gain: (method - no context) /
(full - no context); with 95 % bootstrap intervals over the questions. nats: per token of the gold answer,
lower is better.\
"""


def headline(results: Sequence[Result]) -> str:
    """Return the table of relative F1, sets in order, in each of them the weakest reader first."""
    factors = sorted({r["factor"] for r in results if r["method"] not in (FULL, NONE)})
    rows = []
    asked = sorted(_compared(results), key=lambda cell: (cell[1]["set"], cell[1]["means"]["f1"]))
    for found, full, none in asked:
        for (method,), mine in groups(found, "method").items():
            by_factor = {r["factor"]: r for r in mine}
            if method in (FULL, NONE):
                continue
            shares = (
                relative(by_factor[f]["values"]["f1"], full["values"]["f1"]) if f in by_factor else "-"
                for f in factors
            )
            f1s = (number(r["means"]["f1"]) for r in (none, full))
            rows.append([full["set"], str(full["questions"]), full["reader"], method, *f1s, *shares])
    head = ["set", "questions", "reader", "method", "F1 with nothing", "F1 with all"]
    return table([*head, *(f"{f:g} times fewer" for f in factors)], rows)


def details(results: Sequence[Result]) -> str:
    """Return a table a reader and set."""
    parts = [ABOUT]
    for found, full, none in _compared(results):
        parts.append(
            f"### {full['reader']}, {full['set']}, {full['questions']} of the first {full['n']} questions"
        )
        rows = [_row(r, full, none) for r in sorted(found, key=_order)]
        head = ["context", "tokens", "F1", "EM", "relative F1", "gain in F1"]
        parts.append(table([*head, "choice", "relative choice", "nats"], rows))
    return "\n\n".join(parts)


def _compared(results: Sequence[Result]) -> Iterator[tuple[list[Result], Result, Result]]:
    """Yield the results of each reader and set, with those of the full context and of none among them."""
    for found in groups(results, "reader", "set", "n").values():
        by_method = {r["method"]: r for r in found}
        if FULL in by_method and NONE in by_method:
            yield found, by_method[FULL], by_method[NONE]


def relative(values: Sequence[float], full: Sequence[float], none: Sequence[float] | None = None) -> str:
    """Return the mean of figures divided by that of the full context, less that of no context from both.

    Parameters
    ----------
    values, full, none
        Figures (q,) of the same questions; without ``none`` nothing is taken off.

    Returns
    -------
    str
        With its interval; ``-`` if the full context gains nothing.
    """
    given, whole = np.array(values, float), np.array(full, float)
    floor = np.zeros_like(whole) if none is None else np.array(none, float)
    if whole.mean() <= floor.mean():
        return "-"
    drawn = np.random.default_rng(0).integers(0, len(whole), (RESAMPLES, len(whole)))
    below = whole[drawn].mean(1) - floor[drawn].mean(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (given[drawn].mean(1) - floor[drawn].mean(1)) / below
    low, high = np.quantile(shares[below > 0], (0.025, 0.975))
    share = (given.mean() - floor.mean()) / (whole.mean() - floor.mean())
    return f"{share:.2f} [{low:.2f}, {high:.2f}]"


def _order(result: Result) -> tuple[float, float]:
    return result["factor"] if result["method"] != NONE else -1.0, -result["means"]["f1"]


def _row(r: Result, full: Result, none: Result) -> list[str]:
    def share(name: str, floor: bool) -> str:
        values = [x["values"][name] for x in (r, full, none)]
        if any(None in column for column in values):
            return "-"
        return relative(*values[:2], values[2] if floor else None)

    means = r["means"]
    name = r["method"] if r["method"] in (FULL, NONE) else f"{r['method']}, {r['factor']:g} times fewer"
    return [
        name,
        f"{means['tokens']:.0f}",
        *(number(means[figure]) for figure in ("f1", "em")),
        share("f1", False),
        share("f1", True),
        number(means["choice"]),
        share("choice", False),
        number(means["nats"]),
    ]
