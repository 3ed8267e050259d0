"""Figure 3: the gains that the paper predicts from the ratio, and measured gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from semtoken_rag.viz.style import EDGE, Figure, label, looks, sheet

LEAST = 0.1  # ratio at which the predictions begin


def efficiency_gains(
    measured: Mapping[str, Sequence[tuple[float, float]]], kernel_gain: float | None = None
) -> Figure:
    """Draw predicted and measured gains over the ratio r of tokens out to tokens in (the paper's figure 3).

    The paper (3.6) predicts 1/r for compute and memory. That holds for the KV cache and for layers that see
    one token at a time. Attention scores gain 1/r^2, so the gain of a prefill lies between the two, less the
    time of the compression.

    Parameters
    ----------
    measured
        Name of a measurement to its points (r, gain): r in (0, 1], gain = before / after.
    kernel_gain
        Gain of an attention kernel alone, the paper's g_attn; its product with 1/r is drawn too.

    Returns
    -------
    Figure
        The figure, not saved.

    Raises
    ------
    ValueError
        If a point is out of range.
    """
    figure = sheet(6.6, 4.2)
    axes = figure.subplots()
    ratio = np.geomspace(LEAST, 1, 100)
    predictions = {"1/r: KV cache, layers (the paper's)": 1 / ratio, "1/r²: attention scores": 1 / ratio**2}
    if kernel_gain is not None:
        predictions[f"{kernel_gain:g}/r: stacked with a kernel"] = kernel_gain / ratio
    for (name, gain), line in zip(predictions.items(), ("-", "--", ":"), strict=False):
        axes.plot(ratio, gain, color=EDGE, linestyle=line, linewidth=1.4, label=name)
    styles = looks()
    for name, points in measured.items():
        if bad := [p for p in points if not (0 < p[0] <= 1 and p[1] > 0)]:
            raise ValueError(f"measured must hold (r in (0, 1], gain > 0), got {bad[0]!r}")
        hollow = {**next(styles), "linestyle": "none", "markerfacecolor": "none", "markeredgewidth": 1.5}
        axes.plot(*zip(*points, strict=True), **hollow, markersize=8, label=f"measured: {name}")
    axes.set_yscale("log")
    ticks = (0.5, 1, 2, 3, 5, 10, 20, 50, 100)
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.set_xticks(np.arange(0.1, 1.01, 0.1))
    axes.grid(alpha=0.3)
    label(axes, "ratio r (tokens out / tokens in)", "gain (times, log scale)")
    axes.legend(fontsize=8)
    return figure
