"""What explaining a call takes: ``python -m evaluation.timing.explain --data FOLDER``.

Prints, for one question of a set with twenty documents: the median time from a result to its page, the page's
size, and the number of units.
"""

from __future__ import annotations

import statistics
import time

from evaluation.data import options
from evaluation.data.sets import chunks, rows
from semtoken_rag import SemToken
from semtoken_rag.explain import explain, page


def main() -> None:
    """Measure and print."""
    parser = options.data_parser(__doc__, set="nq_open_dev_20docs", n=20)
    args = parser.parse_args()
    compressor = SemToken(encoder="static", on_error="raise")
    taken, size, units = [], [], []
    for row in rows(args.data, args.set)[: args.n]:
        context = compressor.compress(chunks(row), row["question"], ratio=0.2)
        start = time.perf_counter()
        made = page(explain(context))
        taken.append(time.perf_counter() - start)
        size.append(len(made.encode()))
        units.append(len(context.units))
    print(f"first     {1000 * taken[0]:.0f} ms")
    print(f"median    {1000 * statistics.median(taken):.0f} ms, at most {1000 * max(taken[1:]):.0f} ms")
    print(f"size      {statistics.median(size) / 1000:.0f} kB, at most {max(size) / 1000:.0f} kB")
    print(f"units     {statistics.median(units):.0f}, at most {max(units)}")


if __name__ == "__main__":
    main()
