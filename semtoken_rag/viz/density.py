"""Figures 1 and 4: density along the text and what is kept of it, and density as a surface."""

from __future__ import annotations

from typing import Any

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.types import Granularity
from semtoken_rag.viz.layout import positions, score, units_of
from semtoken_rag.viz.style import DARK, EDGE, LIGHT, SCALE, Figure, MaxNLocator, label, sheet

MANY = 300  # units; from here on outlines would hide the bars
STEPS = 60  # points along a chunk at which the surface is drawn


def density_profile(context: CompressedContext, threshold: float | None = None) -> Figure:
    """Draw density along the text, with the threshold between fine and coarse (the paper's figure 1).

    Bars start at the threshold: upwards for units above it, downwards for the others.

    Parameters
    ----------
    context
        A context of any strategy that scores ``density``.
    threshold
        The paper's delta; None draws the median of the units.

    Returns
    -------
    Figure
        The figure, not saved.

    Raises
    ------
    ValueError
        If the context passed unchanged, or its units have no density.
    """
    units = units_of(context)
    density = score(units, "density")
    line = float(np.median(density)) if threshold is None else threshold
    (start, end), base = positions(units)[0].T, positions(units)[1]
    kept = np.array([u.granularity > Granularity.DROPPED for u in units])

    figure = sheet(9, 3.6)
    top, strip = figure.subplots(2, 1, sharex=True, height_ratios=(8, 1))
    for dense, colour, name in ((True, DARK, "above"), (False, LIGHT, "at or below")):
        mine = (density > line) == dense
        top.bar(
            start[mine],
            (density - line)[mine],
            (end - start)[mine],
            bottom=line,
            align="edge",
            color=colour,
            edgecolor=EDGE if len(units) < MANY else colour,
            linewidth=0.3,
            label=f"{name} the threshold",
        )
    top.axhline(line, color="black", linestyle="--", linewidth=1.2, label=f"threshold {line:.2f}")
    low, high = min(float(density.min()), line), max(float(density.max()), line)
    room = 0.08 * max(high - low, 1e-3)
    top.set_ylim(low - room, high + room)
    label(top, "", "density Tr Cov (no unit)")
    top.legend(loc="upper center", ncols=3, fontsize=8, frameon=False, bbox_to_anchor=(0.5, 1.16))
    strip.broken_barh(
        list(zip(start[kept].tolist(), (end - start)[kept].tolist(), strict=True)), (0, 1), color="black"
    )
    strip.set_yticks([0.5], ["kept"])
    strip.set_ylim(0, 1)
    strip.tick_params(axis="y", length=0)
    for axes in (top, strip):
        for at in base[1:].tolist():
            axes.axvline(at, color=EDGE, linewidth=0.6, linestyle=":")
    label(strip, "place in the retrieved text (characters; dotted: next chunk)", "")
    strip.set_xlim(0, int(end.max()))
    return figure


def density_surface(context: CompressedContext) -> Figure:
    """Draw density over chunks and positions in a chunk, as a surface and as a map (the paper's figure 4).

    Parameters
    ----------
    context
        A context of any strategy that scores ``density``.

    Returns
    -------
    Figure
        The figure, not saved.

    Raises
    ------
    ValueError
        If the context passed unchanged, or its units have no density.
    """
    units = units_of(context)
    density = score(units, "density")
    chunk = np.array([u.chunk for u in units])
    rows = np.unique(chunk)
    place = (np.arange(STEPS) + 0.5) / STEPS  # (s,)
    height = np.empty((len(rows), STEPS), np.float32)
    for row, which in enumerate(rows.tolist()):
        mine = np.flatnonzero(chunk == which)
        ends = np.array([units[i].end for i in mine.tolist()], np.float64)
        height[row] = density[mine][np.searchsorted(ends / ends[-1], place)]

    figure = sheet(11, 4.4)
    grid = figure.add_gridspec(1, 2, width_ratios=(1.1, 1))
    space: Any = figure.add_subplot(grid[0], projection="3d")
    numbers = np.arange(1, len(rows) + 1)
    # Each chunk is drawn at both of its edges, so that the surface has a step between chunks.
    along, across = np.meshgrid(place * 100, np.stack([numbers - 0.45, numbers + 0.45], 1).ravel())
    step = {"rstride": 1, "cstride": 1, "linewidth": 0, "antialiased": False}
    space.plot_surface(along, across, np.repeat(height, 2, 0), cmap=SCALE, **step)
    space.set(xlabel="place in the chunk (%)", ylabel="chunk (place in the call)")
    space.set_zlabel("density (no unit)", labelpad=10)
    space.zaxis.set_major_locator(MaxNLocator(4))
    space.set(xlim=(0, 100), ylim=(len(rows) + 0.5, 0.5))
    space.view_init(elev=55, azim=-75)
    above = figure.add_subplot(grid[1])
    image = above.pcolormesh(
        np.linspace(0, 100, STEPS + 1), np.arange(len(rows) + 1) + 0.5, height, cmap=SCALE
    )
    above.invert_yaxis()
    label(above, "place in the chunk (%)", "chunk (place in the call)")
    figure.colorbar(image, ax=above, label="density Tr Cov (no unit)")
    for axes in (space, above):
        axes.set_yticks(numbers, [str(row + 1) for row in rows.tolist()], fontsize=8)
    return figure
