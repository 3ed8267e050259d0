"""Charts: what of their ink is left in the share of the image tokens that the paper keeps."""

from __future__ import annotations

from typing import Any

from PIL import Image

from evaluation.data import sets
from evaluation.paper.jobs import Cell, Job
from evaluation.paper.measure_reader import Values, columns
from evaluation.paper.resources import Resources
from evaluation.readers import charts

ARMS = {name.partition(",")[0].lower(): name for name in charts.TOKENS if "tokens" in name}


def measure(job: Job, cell: Cell, resources: Resources) -> Values:
    """Measure the image tokens of a model's processor; a set here is a folder of charts."""
    read, side = charts.TOKENS[ARMS[cell.arm]]
    return columns([charts.measure(read(image), side, cell.ratio) for image in images(cell, resources)])


def images(cell: Cell, resources: Resources) -> list[Any]:
    """Return the pictures of a set."""
    if cell.set.startswith(sets.HUB):
        return [row["image"].convert("RGB") for row in resources.rows(cell.set)[: cell.n]]
    found = []
    for path in sorted((resources.folder / cell.set).glob("*.png"))[: cell.n]:
        with Image.open(path) as image:
            found.append(image.convert("RGB"))
    return found
