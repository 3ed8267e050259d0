"""Measure what the paper's tables need, then write the tables: ``python -m evaluation.paper``.

Takes up where it was interrupted. ``--public`` takes the paper's own sets from the Hugging Face hub, which
needs a network and the extra ``hub``; ``--most 2`` the first two rows of each set, for a trial with
another ``--out``.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from evaluation.data import options
from evaluation.paper import (
    measure_charts,
    measure_reader,
    measure_retention,
    measure_speed,
    measure_summaries,
    tables,
)
from evaluation.paper.jobs import shipped
from evaluation.paper.numbers import Results
from evaluation.paper.resources import Resources
from evaluation.paper.run import ran, run
from evaluation.results import PAPER, ROOT

MEASURES = {
    "continue": measure_reader.measure_continuation,
    "answer": measure_reader.measure_answers,
    "summarise": measure_summaries.measure,
    "keep": measure_retention.measure,
    "speed": measure_speed.measure,
    "picture": measure_charts.measure,
}


def main() -> None:
    """Measure and render."""
    jobs = shipped()
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / PAPER)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "paper.md", help="takes the tables")
    parser.add_argument("--only", nargs="+", choices=[j.name for j in jobs], metavar="JOB")
    parser.add_argument("--public", action="store_true")
    parser.add_argument("--most", type=int)
    parser.add_argument("--fresh", action="store_true", help="measure again what has a result")
    parser.add_argument("--tables", action="store_true", help="measure nothing")
    args = parser.parse_args()
    cells = {job.name: job.cells(args.public, args.most) for job in jobs}
    resources = Resources(args.data)
    for job in jobs:
        if not args.tables and (not args.only or job.name in args.only):
            run(
                job,
                cells[job.name],
                args.out,
                partial(MEASURES[job.kind], job, resources=resources),
                args.fresh,
            )
    found = {job.name: ran(job, cells[job.name], args.out) for job in jobs}
    tables.render(args.page, Results(found, {job.name: job.few for job in jobs}))


if __name__ == "__main__":
    main()
