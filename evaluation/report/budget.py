"""The table of docs/budget.md: what the own methods keep of each set at each budget."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.markdown import number, table
from evaluation.results import Result, ran

METHODS = {"semtoken": "default", "semtoken-static": "static"}
KINDS = {
    "nq_open_dev_20docs": "one chunk of twenty answers",
    "xquad_en": "one paragraph answers",
    "tatqa_dev400": "tables and their notes",
    "hotpotqa_dev200": "two chunks of ten are to be joined",
    "2wikimultihopqa_train300": "two to four chunks of ten are to be joined",
}


def curves(results: Sequence[Result]) -> str:
    """Return answer, or answer / chain, of the own methods by set and ratio; of several n the largest."""
    plain = sorted((r for r in ran(results) if r["transform"] == "none"), key=lambda r: r["n"])
    cells = {(r["set"], r["method"], r["ratio"]): r for r in plain if r["method"] in METHODS}
    ratios = sorted({ratio for _, _, ratio in cells})
    sets = [name for name in KINDS if any(key[0] == name for key in cells)]
    rows = [
        [f"{name}: {KINDS[name]}", encoder, *(_cell(cells.get((name, method, ratio))) for ratio in ratios)]
        for name in sets
        for method, encoder in METHODS.items()
    ]
    head = ["set and its questions", "encoder", *(f"{ratio:g}".removeprefix("0") for ratio in ratios)]
    return table(head, rows)


def _cell(result: Result | None) -> str:
    if result is None:
        return "-"
    answer, chain = result["means"]["answer"], result["means"]["chain"]
    return number(answer) if chain is None else f"{number(answer)} / {number(chain)}"
