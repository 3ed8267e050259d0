"""Figure 6: how the tokens' fingerprints move from stage to stage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from semtoken_rag.types import BoolArray, FloatArray
from semtoken_rag.viz.style import DARK, EDGE, LIGHT, Figure, label, sheet


def trajectory(stages: Mapping[str, FloatArray], kept: BoolArray | None = None) -> Figure:
    """Draw the fingerprints after every stage in the plane of the first stage's two principal directions.

    Parameters
    ----------
    stages
        Name of a stage to the vectors of all tokens after it, (n, d) float; at least two stages. A merged
        token has the mean of its cluster.
    kept
        Which tokens are kept at the end, (n,) bool; they are drawn dark in the last stage. None keeps all.

    Returns
    -------
    Figure
        The figure, not saved.

    Raises
    ------
    ValueError
        If there are fewer than two stages, or their shapes differ.
    """
    shapes = [vectors.shape for vectors in stages.values()]
    if len(shapes) < 2 or len(set(shapes)) > 1 or len(shapes[0]) != 2:
        raise ValueError(f"stages must be at least two arrays (n, d) of one shape, got {shapes}")
    points, share = project(list(stages.values()))
    figure = sheet(3.3 * len(stages), 3.7)
    panels = figure.subplots(1, len(stages), sharex=True, sharey=True)
    for i, (axes, (name, vectors)) in enumerate(zip(panels, stages.items(), strict=True)):
        here, last = points[i], i == len(stages) - 1
        if i:
            for a, b in zip(points[i - 1], here, strict=True):
                axes.plot(*np.stack([a, b], 1), color=EDGE, linewidth=0.7, zorder=1)
        dark = np.ones(len(here), bool) if kept is None or not last else kept
        for state, colour, said in ((False, LIGHT, "dropped"), (True, DARK, "kept")):
            axes.scatter(
                *here[dark == state].T,
                s=14,
                color=colour,
                edgecolor=EDGE,
                linewidth=0.3,
                zorder=2 + state,
                label=said,
            )
        places = len(np.unique(vectors[dark].round(5), axis=0))
        axes.set_title(f"{name}\n{int(dark.sum())} tokens in {places} places", fontsize=9)
        label(axes, f"direction 1 ({share[0]:.0%} of the variance)", "")
    if kept is not None:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    label(panels[0], panels[0].get_xlabel(), f"direction 2 ({share[1]:.0%} of the variance)")
    return figure


def project(stages: list[FloatArray]) -> tuple[list[FloatArray], FloatArray]:
    """Project stages onto the two principal directions of the first stage.

    Parameters
    ----------
    stages
        Vectors of all tokens after each stage, (n, d) each.

    Returns
    -------
    list of (n, 2) float32
        The projected stages.
    (2,) float32
        Share of the first stage's variance in each direction.
    """
    mean = stages[0].mean(0)
    centred = stages[0] - mean
    _, size, directions = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((2, mean.size), np.float32)
    plane[: len(directions[:2])] = directions[:2]
    largest = np.abs(plane).argmax(1)
    plane *= np.where(plane[[0, 1], largest] < 0, -1, 1)[:, None]  # the sign of a direction is arbitrary
    variance = np.append(size**2, [0, 0])
    share = (variance[:2] / max(float(variance.sum()), 1e-12)).astype(np.float32)
    return [((vectors - mean) @ plane.T).astype(np.float32) for vectors in stages], share
