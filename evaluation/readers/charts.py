"""Patches of charts kept against ink kept: ``python -m evaluation.readers.charts``.

The patches are those that Qwen2-VL's and LLaVA's image processors make of each PNG; no vision model reads
them. A patch's fingerprint is the patch itself: each channel of each pixel coded over `LEVELS` levels, so
that the cosine of two patches is the share of their pixels that have about the same colour. What this says is
which patches are blank or repeated, not what a vision model makes of them.

Ink is every pixel whose colour is not the page's commonest one, nor that of the processor's padding. Of it,

- ``inside`` lies inside kept patches, and ``bound`` would at most, in as many patches of any choice;
- ``drawn`` is right when each patch is drawn as the one that stands for it, and as page where none does;
- ``distinct`` is the share of patches that no other stands for, all of which a budget of that size keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from transformers import LlavaImageProcessorPil, Qwen2VLImageProcessorPil

from evaluation.data import options
from evaluation.markdown import between, number, table
from evaluation.results import PAPER, ROOT, write_document
from evaluation.system import machine, versions
from semtoken_rag.arrays import unit_length
from semtoken_rag.types import BoolArray, FloatArray
from semtoken_rag.vectors import compress_vectors, find_anchors

RATIOS = (0.1, 0.2, 0.39)  # 39 % is the paper's
LEVELS = 5
SAME = 0.995  # patches with as many pixels alike fold
TOLERANCE = 16 / 255  # a pixel less apart from the page, or from what it should be, is taken for it
FIGURES = ("inside", "bound", "drawn", "distinct")


@dataclass(frozen=True, slots=True)
class Page:
    """An image as its processor hands it on: pixels (h, w, 3) in [0, 1] and colours (c, 3) without ink."""

    pixels: FloatArray
    blank: FloatArray

    @classmethod
    def of(cls, pixels: FloatArray, *padding: Sequence[float]) -> Page:
        """Find the commonest colour, padding apart."""
        flat = np.round(255 * pixels.reshape(-1, 3)).astype(np.int64)
        for colour in padding:
            flat = flat[~_near(flat / 255, np.array(colour))]
        colours, count = np.unique(flat, axis=0, return_counts=True)
        return cls(pixels, np.array([colours[count.argmax()] / 255, *padding], np.float32))

    def ink(self) -> BoolArray:
        """Pixels (h, w) of none of the blank colours."""
        return ~np.any([_near(self.pixels, colour) for colour in self.blank], 0)


def _near(pixels: FloatArray, colour: FloatArray) -> BoolArray:
    near: BoolArray = np.abs(pixels - colour).max(-1) <= TOLERANCE
    return near


def qwen(image: Image.Image) -> Page:
    """Read an image as Qwen2-VL does: at its own size, to the next 28 pixels."""
    processor = Qwen2VLImageProcessorPil()
    made = processor(images=image, return_tensors="np")
    _, rows, columns = made["image_grid_thw"][0].tolist()
    merge, size, times = processor.merge_size, processor.patch_size, processor.temporal_patch_size
    cells = made["pixel_values"].reshape(rows // merge, columns // merge, merge, merge, 3, times, size, size)[
        ..., 0, :, :
    ]  # both frames of an image are the same
    pixels = cells.transpose(0, 2, 5, 1, 3, 6, 4).reshape(rows * size, columns * size, 3)
    return Page.of(_plain(pixels, processor))


def llava(image: Image.Image) -> Page:
    """Read an image as LLaVA-1.5 does: padded to a square, 336 by 336 pixels."""
    size = {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}}
    processor = LlavaImageProcessorPil(do_pad=True, **size)
    pixels = processor(images=image, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
    return Page.of(_plain(pixels, processor), processor.image_mean)


def _plain(pixels: FloatArray, processor: Any) -> FloatArray:
    """Undo the normalisation."""
    back: FloatArray = np.clip(
        pixels * np.array(processor.image_std, np.float32) + np.array(processor.image_mean, np.float32), 0, 1
    )
    return back


# What a token is: how the image is read, and the side of a patch. Qwen2-VL merges 2 x 2 patches to a token.
TOKENS: Mapping[str, tuple[Callable[[Image.Image], Page], int]] = {
    "Qwen2-VL, patches of 14": (qwen, 14),
    "Qwen2-VL, tokens of 28": (qwen, 28),
    "LLaVA-1.5, tokens of 14": (llava, 14),
}


def patches(values: np.ndarray, side: int) -> np.ndarray:
    """Cut (h, w, ...) into patches in reading order: (n, side * side, ...)."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    cells = values.reshape(rows, side, columns, side, *values.shape[2:]).swapaxes(1, 2)
    return cells.reshape(rows * columns, side * side, *values.shape[2:])


def fingerprints(cells: FloatArray) -> FloatArray:
    """Code patches (n, p, 3) so that their cosine is the share of pixels of about the same colour.

    A channel lies between two of the levels and has the roots of its shares of both, so that equal values
    have the product 1 and those a level or more apart 0.
    """
    place = cells * (LEVELS - 1)
    below = np.minimum(place.astype(np.int64), LEVELS - 2)[..., None]
    share = (place[..., None] - below).astype(np.float32)
    out = np.zeros((*cells.shape, LEVELS), np.float32)
    np.put_along_axis(out, below, np.sqrt(1 - share), -1)
    np.put_along_axis(out, below + 1, np.sqrt(share), -1)
    return out.reshape(len(cells), -1)


def measure(page: Page, side: int, ratio: float) -> dict[str, float]:
    """Keep a share of a page's patches; return the share kept and `FIGURES`."""
    cells, ink = patches(page.pixels, side), patches(page.ink(), side)  # (n, p, 3), (n, p)
    n, grid = len(cells), (page.pixels.shape[0] // side, page.pixels.shape[1] // side)
    vectors = fingerprints(cells)
    found = compress_vectors(vectors, None, int(ratio * n), grid=grid, tau=SAME)
    drawn = np.where(found.merged_into[:, None, None] < 0, page.blank[0], cells[found.merged_into])
    right = np.abs(drawn - cells).max(-1) <= TOLERANCE
    amount, total = ink.sum(1), ink.sum()
    return {
        "kept": len(found.kept) / n,
        "inside": amount[found.kept].sum() / total,
        "bound": np.sort(amount)[::-1][: len(found.kept)].sum() / total,
        "drawn": (right & ink).sum() / total,
        "distinct": len(np.unique(find_anchors(unit_length(vectors), SAME))) / n,
    }


def run(folder: Path, ratios: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Measure every chart of a folder, with every kind of token, at every ratio."""
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            for name, (read, side) in TOKENS.items():
                page = read(image)
                for ratio in ratios:
                    figures = {k: round(float(v), 5) for k, v in measure(page, side, ratio).items()}
                    yield {"chart": path.stem, "tokens": name, "ratio": ratio, **figures}


def report(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the means over the charts, and of ``inside`` and ``drawn`` the least too."""
    rows = []
    for name, ratio in dict.fromkeys((r["tokens"], r["ratio"]) for r in results):
        mine = [r for r in results if (r["tokens"], r["ratio"]) == (name, ratio)]
        mean = {figure: number(float(np.mean([r[figure] for r in mine])), 3) for figure in ("kept", *FIGURES)}
        least = {f: number(min(r[f] for r in mine), 3) for f in ("inside", "drawn")}
        said = [f"{mean[f]} ({least[f]})" if f in least else mean[f] for f in FIGURES]
        rows.append([name, mean["kept"], *said])
    rows.sort(key=lambda row: [*TOKENS].index(row[0]))
    head = ["tokens", "kept", "ink inside (least)", "at most", "ink drawn right (least)", "distinct patches"]
    return table(head, rows)


def main() -> None:
    """Measure, print the table, and write it down."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--ratios", nargs="+", type=float, default=RATIOS)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / PAPER / "charts.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "paper.md", help="takes the table")
    args = parser.parse_args()
    folder = args.data / "chart"
    results = [*run(folder, args.ratios)]
    if not results:
        parser.error(f"no PNG in {folder}")
    about = {"command": "python -m evaluation.readers.charts", "levels": LEVELS, "same": SAME}
    about |= {"machine": machine(), "versions": versions(("pillow",))}
    write_document(args.out, {**about, "charts": results})
    made = report(results)
    print(made)
    args.page.write_text(between(args.page.read_text(encoding="utf-8"), made, "charts"), encoding="utf-8")


if __name__ == "__main__":
    main()
