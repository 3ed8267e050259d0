"""Tables and plots of the results: ``python -m evaluation.report.tables``, or ``make tables``.

Writes docs/img/, and what stands between marks such as ``<!-- results -->`` and ``<!-- /results -->``: in
docs/results-tables.md ``results``, ``chain`` and ``readers``, in docs/results.md ``headline``, ``chain`` and
``readers``, in README.md ``results`` and ``chain``, in docs/budget.md ``budget``. A page without marks stays
as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.data import options
from evaluation.markdown import between, number, table
from evaluation.report import chain, readers
from evaluation.report.budget import curves
from evaluation.report.readme import headline, summary
from evaluation.results import (
    BENCH,
    CHAIN,
    READERS,
    ROOT,
    Result,
    failed,
    groups,
    interval,
    load,
    paired,
    ran,
)

OURS = "semtoken"
LEGEND = """\
Q: reads the question; T: reads the titles. answer: share of questions whose gold answer is still in the text;
chain: all gold sentences are; with 95 % bootstrap intervals over the questions. minus: paired difference of
`answer` to `semtoken`; bold if its interval is above 0. kept: tokens out / tokens in; over: the worst
overshoot of the budget in tokens. dangling: share of the kept sentences with a third-person pronoun whose
previous sentence is gone. whole: kept numbers and names that the source has in the same form. facts: distinct
gold facts in 100 tokens. ms: median of a call, all documents of a question; `-` if the peer remembered the
vectors of another ratio.
"""


def with_interval(result: Result, name: str) -> str:
    """Write a figure with its interval."""
    found = interval(result["values"][name])
    return f"{number(result['means'][name])} [{number(found[0])}, {number(found[1])}]" if found else "-"


def minus(result: Result, ours: Result | None) -> str:
    """Write the paired difference to ours; bold where the interval lies above 0."""
    if ours is None or result is ours or (found := paired(result, ours, "answer")) is None:
        return "-"
    mean, (low, high) = found
    said = f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"
    return f"**{said}**" if low > 0 else said


def quality(results: Sequence[Result]) -> str:
    """Return the table of one set, ratio and transform: best answer first."""
    ours = next((r for r in results if r["method"] == OURS), None)
    ordered = sorted(results, key=lambda r: (-r["means"]["answer"], -(r["means"]["chain"] or 0), r["method"]))
    head = ["method", "Q", "T", "answer", "minus", "chain", "support", "F2"]
    head += ["kept", "over", "dangling", "whole", "facts", "ms"]
    return table(head, ([*_row(r, ours)] for r in ordered))


def _row(r: Result, ours: Result | None) -> list[str]:
    means = r["means"]
    return [
        r["method"],
        "yes" if r["query_aware"] else "no",
        "yes" if r["titles"] else "no",
        with_interval(r, "answer"),
        minus(r, ours),
        with_interval(r, "chain"),
        *(number(means[name]) for name in ("support", "f2")),
        number(means["kept"], 3),
        f"{max(r['overshoot'], 0):.0f}",
        *(number(means[name]) for name in ("dangling", "integrity", "density")),
        "-" if r["warm_ms"] is None else f"{r['warm_ms']:.0f}",
    ]


def robustness(results: Sequence[Result], plain: Sequence[Result]) -> str:
    """Return the table of changed rows: answer by the gold chunk's place, facts with duplicates."""
    cells = {(r["method"], r["transform"]): r["means"] for r in (*plain, *results)}
    places = sorted(
        {r["transform"] for r in results if r["transform"] != "duplicates"}, key=lambda t: (len(t), t)
    )
    rows = []
    for (method,) in groups(results, "method"):
        found = [cells.get((method, place), {}).get("answer") for place in places]
        known = [a for a in found if a is not None]
        facts = [cells.get((method, t), {}).get("density") for t in ("none", "duplicates")]
        spread = max(known) - min(known) if known else None
        rows.append([method, *map(number, found), number(spread), *map(number, facts)])
    return table(["method", *places, "spread", "facts", "facts of duplicates"], rows)


def cost(results: Sequence[Result]) -> str:
    """Return the table of what each method is, its first call, its memory and what it ran on."""
    rows = []
    for (method,), mine in groups(results, "method").items():
        cold = [r["cold_ms"] for r in mine if r["cold_ms"] is not None]
        memory = [r["peak_mb"] for r in mine if r["peak_mb"] is not None]
        versions = ", ".join(f"{name} {version}" for name, version in mine[0]["versions"].items())
        rows.append(
            [
                method,
                mine[0]["about"],
                f"{max(cold):.0f}" if cold else "-",
                max(memory, default="-"),
                versions,
            ]
        )
    return table(["method", "what", "first call ms", "peak MB", "versions"], rows, "---")


def missing(results: Sequence[Result]) -> str:
    """Return the table of what could not be run, where and why."""
    rows = [
        [method, reason.replace("\n", " "), ", ".join(where) if len(where) < 4 else f"{len(where)} cells"]
        for method, reasons in sorted(failed(results).items())
        for reason, where in reasons.items()
    ]
    return table(["method", "reason", "where"], rows, "---") if rows else "Everything ran."


def details(results: Sequence[Result]) -> str:
    """Return all tables of docs/results.md."""
    good = ran(results)
    machines = sorted({f"{r['machine']['cpu']}, {r['machine']['cores']} cores" for r in good})
    parts = [LEGEND, f"Machine: {'; '.join(machines)}."]
    plain = [r for r in good if r["transform"] == "none"]
    for (name,), of_set in groups(plain, "set").items():
        parts += [f"### {name}", f"![quality against kept tokens on {name}](img/{name}.png)"]
        for (ratio, n), cell in groups(of_set, "ratio", "n").items():
            asked = "/".join(map(str, sorted({r["questions"] for r in cell})))
            parts += [f"At {ratio:g} of the tokens, {asked} of the first {n} questions:", quality(cell)]
    changed = [r for r in good if r["transform"] != "none"]
    for (name, ratio, n), cell in groups(changed, "set", "ratio", "n").items():
        parts.append(f"### {name}, rows changed, at {ratio:g} of the tokens, first {n} questions")
        same = [r for r in plain if (r["set"], r["ratio"], r["n"]) == (name, ratio, n)]
        parts.append(robustness(cell, same))
    parts += ["### Not run", missing(results), "### Cost and versions", cost(good)]
    return "\n\n".join(part.strip() for part in parts)


def render(results: Sequence[Result], root: Path) -> None:
    """Write the tables of the bench into README.md and the pages of docs/ under ``root`` that are there."""
    docs, place = root / "docs", "in [every set and budget](results-tables.md)"
    fill(docs / "results-tables.md", {"results": details(results)})
    fill(docs / "results.md", {"headline": headline(results, place=place)})
    fill(docs / "budget.md", {"budget": curves(results)})
    fill(root / "README.md", {"results": summary(results)})


def render_more(chains: Sequence[Result], answers: Sequence[Result], root: Path) -> None:
    """Write the tables of retrieval chains and of readers, and the picture of the former."""
    docs = root / "docs"
    if chains:
        fill(docs / "results-tables.md", {"chain": chain.details(chains)})
        fill(docs / "results.md", {"chain": chain.headline(chains)})
        fill(root / "README.md", {"chain": chain.headline(chains)})
        chain.draw(chains, docs / "img")
    if answers:
        fill(docs / "results-tables.md", {"readers": readers.details(answers)})
        fill(docs / "results.md", {"readers": readers.headline(answers)})


def fill(page: Path, parts: Mapping[str, str]) -> None:
    """Put each part between its markers, where the page is there and has them."""
    if page.exists():
        text = page.read_text(encoding="utf-8")
        for name, part in parts.items():
            text = between(text, part, name)
        page.write_text(text, encoding="utf-8")


def main() -> None:
    """Render."""
    parser = options.parser(__doc__)
    parser.add_argument(
        "--results", type=Path, default=ROOT / "results", help="folder with those of each kind"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of README.md and docs/")
    args = parser.parse_args()
    results = load(args.results / BENCH)
    if not ran(results):
        parser.error(f"no result in {args.results / BENCH}: make bench")
    render(results, args.root)
    render_more(load(args.results / CHAIN), load(args.results / READERS), args.root)
    from evaluation.report.plots import draw

    draw(ran(results), args.root / "docs" / "img")


if __name__ == "__main__":
    main()
