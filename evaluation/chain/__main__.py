"""At the same prompt size, how many answers reach the reader? ``python -m evaluation.chain --set n=20``.

A whole retrieval chain. The documents of the first n questions of a set are pooled into one corpus and cut by
a splitter, as a user would cut them; dense retrieval (all-MiniLM-L6-v2, cosine) takes the best k chunks of it
for each question; a method brings them to a budget of tokens. Scored on the joined text as in
`evaluation.judge.retention`: answer, chain (all gold sentences). ``whole`` passes on the best chunks as they
are, while they fit.

Writes one line for each set, splitter, titles, k and budget into the file of each method. What is there
already is not measured again, what failed is tried again. ``--sample`` does what sample.yaml says, and keeps
nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from evaluation.bench.methods import Method, get
from evaluation.bench.run import interpreter, start
from evaluation.chain.config import Config, key, parse
from evaluation.data.options import parser
from evaluation.results import ROOT, Result, load, ran, write

CONFIG, SAMPLE = (ROOT / "evaluation" / "chain" / f"{name}.yaml" for name in ("config", "sample"))
WORKER = "evaluation.chain.worker"


def run(config: Config, fresh: bool = False) -> list[Result]:
    """Measure what is pending.

    Parameters
    ----------
    config
        What to measure.
    fresh
        Measure again what has a result.

    Returns
    -------
    list of dict
        The results of this configuration, measured now or before.
    """
    found = []
    for method in map(get, config.methods):
        _measure(config, method, fresh)
        wanted = {each for pool in config.pools() for each in config.keys(pool)}
        found += [r for r in load(config.out_folder, {method.name}) if key(r) in wanted]
    return found


def _measure(config: Config, method: Method, fresh: bool) -> None:
    out = config.out_folder
    done = set() if fresh else {key(r) for r in ran(load(out, {method.name}))}
    left = {pool: [each for each in config.keys(pool) if each not in done] for pool in config.pools()}
    pools = [(asdict(pool), keys) for pool, keys in left.items() if keys]
    if not pools:
        return
    write(out, method.name, [], without={each for _, keys in pools for each in keys}, key=key)
    job: dict[str, Any] = {"method": method.name, "pools": pools}
    job |= {"data": str(config.data_folder), "out": str(out)}
    if code := start(interpreter(config.interpreters, method), job, WORKER):
        raise RuntimeError(f"{method.name}: the worker ended with exit code {code}")


def say(result: Result) -> str:
    """Return the line of a result."""
    where = [str(result[name]) for name in ("method", "set", "splitter", "k", "budget")]
    return " ".join(
        [*where, *(["titles"] if result["titles"] else []), f"{result.get('reason') or result['means']}"]
    )


def run_sample(overrides: Sequence[str] = ()) -> list[Result]:
    """Measure on the sample, and keep nothing."""
    config = parse(SAMPLE.read_text(encoding="utf-8"), overrides)
    with tempfile.TemporaryDirectory() as folder:
        return run(replace(config, out=folder))


def main() -> None:
    """Measure, then say what there is."""
    made = parser(__doc__)
    made.add_argument("--config", type=Path, default=CONFIG)
    made.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=VALUE", help="replace a key, value in YAML"
    )
    made.add_argument("--data", metavar="FOLDER", help="folder of the sets, as --set data=FOLDER")
    made.add_argument("--fresh", action="store_true", help="measure again what has a result")
    made.add_argument("--sample", action="store_true", help="the sample in the repository; keeps no result")
    args = made.parse_args()
    overrides = [*args.set, *([f"data={args.data}"] if args.data else [])]
    config = parse(args.config.read_text(encoding="utf-8"), overrides)
    if not args.sample and not config.data_folder.is_dir():
        made.error(f"no sets in {config.data_folder}: --data FOLDER, or --sample")
    for result in run_sample(args.set) if args.sample else run(config, args.fresh):
        print(say(result))


if __name__ == "__main__":
    main()
