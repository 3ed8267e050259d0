"""Shared by the figures: an empty sheet, colours that differ in grey too, labelled axes, and saving."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from semtoken_rag._internal.optional import require

require("matplotlib", extra="viz")

from matplotlib import colormaps, rc_context  # noqa: E402  (the check above names the extra)
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import MaxNLocator  # noqa: E402

__all__ = ["DARK", "EDGE", "LIGHT", "SCALE", "Figure", "MaxNLocator"]
__all__ += ["label", "looks", "save", "shades", "sheet"]

DARK, LIGHT = "#08306b", "#fdb863"  # of two states, far apart in lightness
EDGE = "#404040"
SCALE = colormaps["cividis"]  # its lightness grows evenly, also for the colour-blind

# Okabe and Ito's colours; each curve also has its own line and marker.
_COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_LINES = ("-", "--", ":", "-.")
_MARKERS = "osD^vP*X"


def sheet(width: float, height: float) -> Figure:
    """Return an empty figure of ``width`` x ``height`` inches."""
    return Figure(figsize=(width, height), layout="constrained")


def label(axes: Axes, x: str, y: str) -> None:
    """Label both axes, and remove the frame at the top and at the right.

    Parameters
    ----------
    axes
        The axes.
    x
        Label of the horizontal axis, with its unit.
    y
        Label of the vertical axis, with its unit.
    """
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)


def looks() -> Iterator[dict[str, Any]]:
    """Yield colour, line and marker of each curve; the first 56 curves differ in at least one."""
    for colour, line, marker in zip(cycle(_COLOURS), cycle(_LINES), cycle(_MARKERS)):
        yield {"color": colour, "linestyle": line, "marker": marker}


def shades(count: int) -> list[tuple[float, float, float, float]]:
    """Return the colours of ``count`` ordered classes, from dark to light.

    >>> len(shades(3))
    3
    """
    return [SCALE(i / max(count - 1, 1)) for i in range(count)]


def files(folder: str | Path, name: str) -> list[Path]:
    """Return the two files that `save` writes."""
    return [Path(folder) / f"{name}.png", Path(folder) / f"{name}.svg"]


def save(figure: Figure, folder: str | Path, name: str, dpi: int = 130) -> list[Path]:
    """Save a figure as PNG and as SVG; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        The figure.
    folder
        Folder of the files; it is made if it does not exist.
    name
        Name of the files, without a suffix.
    dpi
        Pixels per inch of the PNG.

    Returns
    -------
    list of Path
        The two files, ``name.png`` and ``name.svg``.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    png, svg = files(folder, name)
    with rc_context({"svg.hashsalt": name}):
        figure.savefig(png, dpi=dpi)
        figure.savefig(svg, metadata={"Date": None})
    return [png, svg]
