"""The results of all jobs as numbers for the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluation.results import interval

Result = dict[str, Any]
Difference = tuple[float, tuple[float, float] | None]
CUT = ("qa", "kv_qa", "recall", "summaries")  # jobs whose contexts are cut to a length, not made of it


@dataclass(frozen=True, slots=True)
class Results:
    """The good results of all jobs, by the name of the job.

    Attributes
    ----------
    jobs
        Results of each job.
    few
        Why a job has few rows of a set, see `evaluation.paper.jobs.Job`.
    """

    jobs: Mapping[str, Sequence[Result]]
    few: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, job: str, **wanted: Any) -> list[Result]:
        """Return the results of a job that have these values."""
        return [r for r in self.jobs.get(job, ()) if all(r[k] == v for k, v in wanted.items())]

    def values(self, job: str, figure: str, **wanted: Any) -> list[float]:
        """Return a figure row by row, of all results of a job that have these values and the figure."""
        found = (r["values"].get(figure, ()) for r in self.of(job, **wanted))
        return [v for values in found for v in values if v is not None]

    def mean(self, job: str, figure: str, **wanted: Any) -> float | None:
        """Return the mean of `values`; None where there is none."""
        known = self.values(job, figure, **wanted)
        return float(np.mean(known)) if known else None

    def median(self, job: str, figure: str, **wanted: Any) -> float | None:
        """Return the median of `values`; None where there is none."""
        known = self.values(job, figure, **wanted)
        return float(np.median(known)) if known else None

    def perplexity(self, job: str, place: int = 0, **wanted: Any) -> float | None:
        """Return the perplexity of all tokens scored on a set of the job; the first is WikiText."""
        nats = self.mean(job, "nats", set=self.name(job, place), **wanted)
        return None if nats is None else float(np.exp(nats))

    def name(self, job: str, place: int = 0) -> str:
        """Return the name of a set by its place in the job; empty where there is none."""
        found = self.sets(job)
        return found[place] if place < len(found) else ""

    def difference(self, job: str, figure: str, arm: str, base: str, **wanted: Any) -> Difference | None:
        """Return the mean difference to another arm, row by row and over all ratios, and its interval.

        None where there is nothing to compare; no interval of a single row.
        """
        mine, other = (self._by_row(job, figure, arm=a, **wanted) for a in (arm, base))
        if arm == base or not mine or len(mine) != len(other):
            return None
        differences = [a - b for a, b in zip(mine, other, strict=True)]
        return float(np.mean(differences)), interval(differences) if len(differences) > 1 else None

    def _by_row(self, job: str, figure: str, **wanted: Any) -> list[float]:
        """Mean over the ratios of each row, set by set."""
        made: list[float] = []
        for name in dict.fromkeys(r["set"] for r in self.of(job, **wanted)):
            ratios = [r["values"][figure] for r in self.of(job, **{**wanted, "set": name})]
            made += [float(np.mean(v)) for v in zip(*ratios, strict=True) if None not in v]
        return made

    def share(self, job: str, figure: str, arm: str, base: str = "full", **wanted: Any) -> float | None:
        """Return the mean of a figure as a share of another arm's."""
        mine, other = (self.mean(job, figure, arm=a, **wanted) for a in (arm, base))
        return ratio_of(mine, other)

    def sets(self, job: str) -> list[str]:
        """Return the sets of a job, in their order."""
        return list(dict.fromkeys(r["set"] for r in self.jobs.get(job, ())))

    def rows(self, job: str) -> str:
        """Say what a job was measured on: sets, the length of their contexts, and how many rows."""
        found = dict.fromkeys(
            (r["set"], r["context"], len(next(iter(r["values"].values())))) for r in self.jobs.get(job, ())
        )
        most, few = "at most " if job in CUT else "", self.few.get(job, {})
        return "; ".join(
            f"{s}{f', {most}{c:,} tokens' if c else ''}, n = {n}{f' ({few[s]})' if s in few else ''}"
            for s, c, n in found
        )


def say(value: float | None, form: str = ".1f") -> str:
    """Write a number, ``-`` for None."""
    return "-" if value is None else format(value, form)


def ratio_of(value: float | None, base: float | None) -> float | None:
    """Divide, where both are known."""
    return value / base if value is not None and base else None


def pairs(*figures: str) -> list[str]:
    """Return two columns a figure: what the paper says, and what was measured."""
    return [f"{figure}, {who}" for figure in figures for who in ("paper says", "here")]


def saved(share: float | None) -> float | None:
    """Return what a share leaves out, in per cent."""
    return None if share is None else 100 - 100 * share


def percent(value: float | None) -> float | None:
    """Return a share in per cent."""
    return None if value is None else 100 * value


def signed(difference: Difference | None, places: int = 3) -> str:
    """Write a difference with its interval."""
    if difference is None:
        return "-"
    mean, bounds = difference
    written = ", ".join(f"{bound:+.{places}f}" for bound in bounds or ())
    return f"{mean:+.{places}f}" + (f" [{written}]" if written else "")
