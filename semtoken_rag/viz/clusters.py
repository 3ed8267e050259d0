"""Figure 7: cluster sizes in texts of different kinds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from semtoken_rag.types import FloatArray, IntArray
from semtoken_rag.viz.style import EDGE, Figure, label, shades, sheet

CLASSES = {"1 (nothing merged)": 1, "2": 2, "3 to 4": 4, "5 to 8": 8, "more than 8": np.inf}


def cluster_distribution(sizes: Mapping[str, Mapping[str, IntArray]]) -> Figure:
    """Draw the share of the tokens in clusters of each size, by kind of text and level of compression.

    Parameters
    ----------
    sizes
        Level to kind of text to the tokens of each cluster, (m,) int. A level, such as a tau, is one panel;
        every level has the same kinds.

    Returns
    -------
    Figure
        The figure, not saved.

    Raises
    ------
    ValueError
        If the levels have different kinds, or there is no level or no kind.
    """
    kinds = [tuple(by_kind) for by_kind in sizes.values()]
    if not kinds or not kinds[0] or len(set(kinds)) > 1:
        raise ValueError(f"sizes must have the same kinds of text at every level, got {kinds!r}")
    figure = sheet(2.5 + 2.4 * len(sizes), 1.4 + 0.42 * len(kinds[0]))
    figure.set_layout_engine("constrained", wspace=0.06)  # between the 100 of one axis and the 0 of the next
    panels = figure.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for axes, (level, by_kind) in zip(panels, sizes.items(), strict=True):
        parts = 100 * np.stack([shares(s) for s in by_kind.values()])  # (kinds, classes)
        left = np.cumsum(parts, 1) - parts
        for i, (name, colour) in enumerate(zip(CLASSES, reversed(shades(len(CLASSES))), strict=True)):
            axes.barh(
                list(by_kind),
                parts[:, i],
                left=left[:, i],
                color=colour,
                edgecolor=EDGE,
                linewidth=0.4,
                label=name,
            )
        axes.set_title(level, fontsize=10)
        axes.set_xlim(0, 100)
        label(axes, "tokens (%)", "")
    panels[0].invert_yaxis()
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=len(CLASSES),
        fontsize=8,
        title="tokens in the cluster",
        title_fontsize=8,
    )
    return figure


def shares(sizes: IntArray) -> FloatArray:
    """Return the share of the tokens in each class of `CLASSES`: (m,) -> (5,), summing to 1.

    >>> shares(np.array([1, 1, 2, 4])).tolist()
    [0.25, 0.25, 0.5, 0.0, 0.0]
    """
    where = np.searchsorted(list(CLASSES.values()), sizes)
    total = np.bincount(where, sizes, len(CLASSES))
    share: FloatArray = (total / max(float(total.sum()), 1.0)).astype(np.float32)
    return share
