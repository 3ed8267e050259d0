"""Figure 5: methods compared by several metrics at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from semtoken_rag.viz.style import Figure, looks, sheet


def radar(profiles: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw one closed line per method over its metrics in [0, 1], 1 = best (the paper's figure 5).

    The area means nothing, since it depends on the order of the metrics. Compare along one axis at a time.

    Parameters
    ----------
    profiles
        Method to metric to value; the same metrics for every method, at least three.

    Returns
    -------
    Figure
        The figure, not saved.

    Raises
    ------
    ValueError
        If methods have different metrics, there are fewer than three, or a value is out of range.
    """
    names = [list(profile) for profile in profiles.values()]
    if not names or len(names[0]) < 3 or any(set(n) != set(names[0]) for n in names):
        raise ValueError(f"profiles must have the same metrics, at least three, got {names!r}")
    metrics = names[0]
    angle = np.linspace(0, 2 * np.pi, len(metrics), endpoint=False)
    figure = sheet(8, 5)
    figure.set_layout_engine("constrained", rect=(0.1, 0.02, 0.9, 0.96))  # room for the names
    axes: Any = figure.add_subplot(projection="polar")
    axes.set_theta_offset(np.pi / 2)
    axes.set_theta_direction(-1)
    for (method, profile), style in zip(profiles.items(), looks(), strict=False):
        values = [float(profile[name]) for name in metrics]
        if bad := [v for v in values if not 0 <= v <= 1]:
            raise ValueError(f"{method} must have values in [0, 1], got {bad[0]!r}")
        axes.plot(
            [*angle, angle[0]], [*values, values[0]], **style, markersize=5, linewidth=1.5, label=method
        )
    axes.set_ylim(0, 1)
    axes.set_yticks([0.25, 0.5, 0.75, 1], ["0.25", "0.5", "0.75", "1"], fontsize=7)
    axes.set_rlabel_position(180 / len(metrics))  # between two rays
    axes.set_xticks(angle, metrics, fontsize=9)
    for text, at in zip(axes.get_xticklabels(), np.sin(angle).tolist(), strict=True):
        text.set_horizontalalignment("center" if abs(at) < 0.1 else "left" if at > 0 else "right")
    figure.legend(loc="outside right lower", fontsize=8, handlelength=3.5)
    return figure
