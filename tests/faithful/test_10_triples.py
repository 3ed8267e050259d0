"""Cells that a converter wrote as "row, column = value." are units of their own."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

LAMPS = {"L-5": ("400", "3.1", "E14"), "L-7": ("806", "7.0", "E27"), "L-9": ("1521", "13.5", "E40")}
TOWNS = {
    "Lorn": ("48 200", "Ilse", "1212"),
    "Maden": ("9 750", "Warne", "1340"),
    "Prell": ("3 310", "Oste", "1501"),
}
TRAINS = {"IC 41": ("06:12", "4", "yes"), "IC 43": ("08:12", "7", "no"), "IC 45": ("10:12", "2", "yes")}


def written(rows: dict[str, tuple[str, ...]], columns: tuple[str, ...], name: str) -> str:
    return " ".join(
        f"{name}{row}, {column} = {value}."
        for row, values in rows.items()
        for column, value in zip(columns, values, strict=True)
    )


@pytest.mark.parametrize(
    ("text", "question", "triple"),
    [
        (written(LAMPS, ("Light (lm)", "Power (W)", "Socket"), "Lamp "), "What is the power of lamp L-7?",
         "Lamp L-7, Power (W) = 7.0"),
        (written(LAMPS, ("Light (lm)", "Power (W)", "Socket"), "Lamp "), "Which socket has lamp L-9?",
         "Lamp L-9, Socket = E40"),
        (written(TOWNS, ("People", "River", "Founded"), ""), "On which river lies Maden?", "Maden, River = Warne"),
        (written(TRAINS, ("Departure", "Platform", "Bikes"), ""), "From which platform does IC 43 leave?",
         "IC 43, Platform = 7"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ratio", [0.25, 0.3, 0.4])
def test_the_cell_that_answers_is_kept_whole(engine, text, question, triple, ratio):
    kept = engine.compress([text], question, ratio=ratio).text
    assert triple in kept
    cells = [part.strip() for line in text.split(". ") for part in [line.rstrip(".")]]
    left = kept
    for cell in sorted(cells, key=len, reverse=True):
        left = left.replace(cell, "")
    assert not left.strip(" .…\n"), kept
