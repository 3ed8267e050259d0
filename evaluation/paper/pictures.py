"""Charts: what of their ink is left in the share of the image tokens that the paper keeps."""

from __future__ import annotations

from typing import Any

from PIL import Image

from evaluation import charts, data
from evaluation.paper.jobs import Cell, Job
from evaluation.paper.reading import Values, columns
from evaluation.paper.world import World

ARMS = {name.partition(",")[0].lower(): name for name in charts.TOKENS if "tokens" in name}


def picturing(job: Job, cell: Cell, world: World) -> Values:
    """Measure the image tokens of a model's processor, see `evaluation.charts`; a set here is a folder."""
    read, side = charts.TOKENS[ARMS[cell.arm]]
    return columns([charts.measure(read(image), side, cell.ratio) for image in images(cell, world)])


def images(cell: Cell, world: World) -> list[Any]:
    """Return the pictures of a set."""
    if cell.set.startswith(data.HUB):
        return [row["image"].convert("RGB") for row in world.rows(cell.set)[: cell.n]]
    found = []
    for path in sorted((world.folder / cell.set).glob("*.png"))[: cell.n]:
        with Image.open(path) as image:
            found.append(image.convert("RGB"))
    return found
