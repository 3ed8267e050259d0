"""Measure what the paper's tables need, then write the tables: ``python -m evaluation.paper``.

Takes up where it was interrupted. ``--public`` takes the paper's own sets from the Hugging Face hub, which
needs a network and the extra ``hub``; ``--most 2`` the first two rows of each set, for a trial with
another ``--out``.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from evaluation.config import ROOT
from evaluation.paper import keeping, pictures, reading, speed, summary, tables
from evaluation.paper.jobs import shipped
from evaluation.paper.run import ran, run
from evaluation.paper.world import World

MEASURES = {
    "continue": reading.following,
    "answer": reading.answering,
    "summarise": summary.summarising,
    "keep": keeping.keeping,
    "speed": speed.timing,
    "picture": pictures.picturing,
}


def main() -> None:
    """Measure and render."""
    jobs = shipped()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data", help="folder of the sets")
    parser.add_argument("--out", type=Path, default=ROOT / "results")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "paper.md", help="takes the tables")
    parser.add_argument("--only", nargs="+", choices=[j.name for j in jobs], metavar="JOB")
    parser.add_argument("--public", action="store_true")
    parser.add_argument("--most", type=int)
    parser.add_argument("--fresh", action="store_true", help="measure again what has a result")
    parser.add_argument("--tables", action="store_true", help="measure nothing")
    args = parser.parse_args()
    cells = {job.name: job.cells(args.public, args.most) for job in jobs}
    world = World(args.data)
    for job in jobs:
        if not args.tables and (not args.only or job.name in args.only):
            run(job, cells[job.name], args.out, partial(MEASURES[job.kind], job, world=world), args.fresh)
    tables.render(args.page, {job.name: ran(job, cells[job.name], args.out) for job in jobs})


if __name__ == "__main__":
    main()
