"""Does what is kept say what the source says: ``python -m evaluation.faithful --method semtoken lead bm25``.

Prints for each method and ratio: share of cases whose answer is kept; that say something without what limits
or names it; that do the first and not the second; that hold a part of a number, date or link; that hold a
unit without what it hangs on; tokens used of the budget. While developing, look at ``--split dev`` alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from evaluation.faithful.figures import breakdown, measure, overview
from evaluation.faithful.generate import SPLITS, generate
from evaluation.faithful.methods import get

RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5)


def arguments() -> argparse.ArgumentParser:
    """Return the options."""
    parser = argparse.ArgumentParser("python -m evaluation.faithful", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--method", nargs="+", default=["semtoken"], help="names of evaluation.faithful.methods"
    )
    parser.add_argument("--ratios", nargs="+", type=float, default=RATIOS)
    parser.add_argument("--n", type=int, default=3, help="cases of each template in each language")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=SPLITS, default="all")
    parser.add_argument("--peers", type=Path, default=Path("../shared/bench"), help="folder of peers.py")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument("--by", action="store_true", help="also print tables by kind and by language")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Run the methods one after the other; one whose package is missing is named and left out."""
    args = arguments().parse_args(argv)
    cases = generate(args.n, args.seed, args.split)
    results: list[dict[str, Any]] = []
    for name in args.method:
        try:
            method = get(name, args.peers)
            rows = [measure(cases, method, ratio) for ratio in args.ratios]
        except ImportError as error:
            print(f"{name} is not installed: {error}")
            continue
        results.append({"method": name, "seed": args.seed, "n": args.n, "split": args.split, "rows": rows})
    print(f"{len(cases)} cases, split {args.split}, seed {args.seed}\n\n{overview(results)}")
    for result in results if args.by else ():
        print(f"\n{breakdown(result, 'by_kind')}\n\n{breakdown(result, 'by_lang')}")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(json.dumps(result, ensure_ascii=False) for result in results)
        args.out.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
