"""Quality against kept tokens, one curve a method, one figure a set, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.bench.methods import METHODS, TITLED
from evaluation.results import Result, groups, interval

# Okabe and Ito's colours; with the line and the marker they stay apart in grey as well.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("-", "--", ":", "-.")
MARKERS = "osD^vP*X<>dph"
FIRST = ("semtoken", "semtoken-static", "semtoken-minilm", "oracle")
FIGURES = {"answer": "answer still in the text", "chain": "all gold sentences kept"}


def styles(methods: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return colour, line and marker of each method, the same whichever of them are drawn together."""
    listed = [*FIRST, *(name for name in METHODS if name not in FIRST)]
    names = [*listed, *sorted({m.removesuffix(TITLED) for m in methods} - set(listed))]
    pairs = list(product(LINES, COLOURS))
    made = {}
    for i, name in enumerate(names):
        line, colour = pairs[i % len(pairs)]
        made[name] = {"color": colour, "linestyle": line, "marker": MARKERS[i % len(MARKERS)]}
    return {m: made[m.removesuffix(TITLED)] for m in methods}


def curves(axes: Axes, results: Sequence[Result], name: str) -> None:
    """Draw one figure of all methods into ``axes``."""
    by_method = groups(results, "method")
    looks = styles([method for (method,) in by_method])
    for (method,), points in by_method.items():
        points = sorted((r for r in points if r["means"][name] is not None), key=lambda r: r["means"]["kept"])
        if not points:
            continue
        kept = [r["means"]["kept"] for r in points]
        low, high = zip(*(interval(r["values"][name]) or (0.0, 0.0) for r in points), strict=True)
        width = 2.2 if method in FIRST else 1.2
        label = method if points[0]["query_aware"] else f"{method} (no query)"
        axes.plot(
            kept,
            [r["means"][name] for r in points],
            label=label,
            linewidth=width,
            markersize=4,
            **looks[method],
        )
        axes.fill_between(kept, low, high, color=looks[method]["color"], alpha=0.06, linewidth=0)
    axes.set_xlabel("tokens kept / tokens in")
    axes.set_ylabel(FIGURES[name])
    axes.set_ylim(-0.02, 1.02)
    axes.grid(alpha=0.3)


def figure(title: str, results: Sequence[Result]) -> Figure:
    """Return the figure of one set: the answer and, where the set marks gold sentences, the chain."""
    names = [name for name in FIGURES if any(r["means"][name] is not None for r in results)]
    made = Figure(figsize=(4.6 * len(names) + 2.6, 5), layout="constrained")
    panels = made.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        curves(axes, results, name)
    made.suptitle(f"{title}, 95 % bootstrap bands")
    handles, labels = panels[0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside right center", fontsize=8, handlelength=3.5)
    return made


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write the figures of all sets, of methods without titles in the texts; the largest n of a method."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = sorted((r for r in results if r["transform"] == "none"), key=lambda r: r["n"])
    latest = {(r["method"], r["set"], r["ratio"]): r for r in plain}.values()
    written = []
    for (name,), mine in groups(latest, "set").items():
        if shown := [r for r in mine if not r["method"].endswith(TITLED)]:
            written.append(folder / f"{name}.png")
            figure(name, shown).savefig(written[-1], dpi=110)
    return written
