"""Figure 2: the relevance of the same text to different questions."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import shorten

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.types import Granularity
from semtoken_rag.viz.layout import positions, score, units_of
from semtoken_rag.viz.style import DARK, EDGE, LIGHT, Figure, label, sheet


def importance_by_query(
    contexts: Mapping[str, CompressedContext], name: str = "relevance", unit: str = "log-odds"
) -> Figure:
    """Draw the score of every unit of the same chunks for several questions, and what is kept (figure 2).

    Parameters
    ----------
    contexts
        Question, or kind of question, to its context; at least one.
    name
        Score that is drawn.
    unit
        Unit of the score: ``relevance`` is in log-odds under the default rule, a cosine under the paper's.

    Returns
    -------
    Figure
        The figure, not saved.

    Raises
    ------
    ValueError
        If there is no context, one passed unchanged, or its units lack the score.
    """
    if not contexts:
        raise ValueError(f"contexts must hold at least one, got {contexts!r}")
    figure = sheet(9, 1.5 * len(contexts) + 0.7)
    rows = figure.subplots(len(contexts), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, (kind, context) in zip(rows, contexts.items(), strict=True):
        units = units_of(context)
        place, base = positions(units)
        value = score(units, name)
        kept = np.array([u.granularity > Granularity.DROPPED for u in units])
        for state, colour, said in ((True, DARK, "kept"), (False, LIGHT, "dropped")):
            start, end = place[kept == state].T
            axes.bar(
                start,
                value[kept == state],
                end - start,
                align="edge",
                color=colour,
                edgecolor=EDGE,
                linewidth=0.3,
                label=said,
            )
        axes.axhline(0, color=EDGE, linewidth=0.6)
        for at in base[1:].tolist():
            axes.axvline(at, color=EDGE, linewidth=0.6, linestyle=":")
        axes.set_title(shorten(kind, 110, placeholder=" ..."), loc="left", fontsize=9)
        label(axes, "", "")
        axes.set_xlim(0, int(place.max()))
    label(rows[-1], "place in the retrieved text (characters; dotted: next chunk)", "")
    figure.supylabel(f"{name} ({unit})", fontsize=10)
    figure.legend(*rows[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8)
    return figure
