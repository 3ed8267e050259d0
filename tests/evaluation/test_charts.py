"""Charts: as patches of an image, drawn here, and as the table that they show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from evaluation.readers import charts
from semtoken_rag import SemToken

PAPER, BAR = (255, 253, 247), (24, 32, 43)
TABLE = """\
Revenue by region, as shown in the chart:

| Region | Revenue (USD millions) |
| --- | --- |
| North | 42 |
| East | 57 |
| South | 49 |
| West | 68 |
"""


@pytest.fixture
def chart():
    """Bars that fill whole patches of 28, a line of one pixel, and a few letters."""
    made = Image.new("RGB", (280, 196), PAPER)
    draw = ImageDraw.Draw(made)
    draw.rectangle((28, 28, 83, 195), fill=BAR)
    draw.line((0, 20, 279, 20), fill=(200, 200, 200))
    draw.text((150, 100), "West 68", fill=BAR)
    return made


@pytest.mark.parametrize("read", [charts.qwen, charts.llava])
def test_a_page_has_the_colours_of_the_image(read, chart):
    page = read(chart)
    assert np.abs(255 * page.blank[0] - PAPER).max() < 1
    found = np.unique(np.round(255 * page.pixels).reshape(-1, 3), axis=0)
    assert np.abs(found - BAR).max(1).min() < 1


def test_a_page_has_the_pixels_of_the_image_in_their_places(chart):
    assert np.abs(255 * charts.qwen(chart).pixels - np.asarray(chart)).max() < 1


def test_padding_is_no_ink(chart):
    """Only the lines where padding and page run into each other are."""
    ink = charts.llava(chart).ink()
    assert ink.shape == (336, 336)
    assert not ink[:48].any()
    assert not ink[-48:].any()
    assert ink.mean() == pytest.approx(charts.qwen(chart).ink().mean() * 196 / 280, rel=0.1)


def test_patches_are_in_reading_order():
    values = np.arange(4 * 6).reshape(4, 6)
    assert charts.patches(values, 2)[1].tolist() == [2, 3, 8, 9]
    assert charts.patches(values, 2)[3].tolist() == [12, 13, 18, 19]


@pytest.mark.parametrize("different", [0, 1, 3, 10])
def test_the_cosine_of_fingerprints_is_the_share_of_equal_pixels(different):
    cells = np.full((2, 10, 3), 1.0, np.float32)
    cells[1, :different] = 0.25
    first, second = charts.fingerprints(cells)
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert cosine == pytest.approx(1 - different / 10)


def test_blank_and_repeated_patches_need_no_budget(chart):
    """Almost all is drawn right from fewer patches than have ink; with a place for each, all is inside."""
    page = charts.qwen(chart)
    few, many = (charts.measure(page, 14, ratio) for ratio in (0.15, 0.6))
    with_ink = charts.patches(page.ink(), 14).any(1).mean()
    assert few["distinct"] < 0.15 < with_ink
    assert few["kept"] == pytest.approx(0.15, abs=0.01)
    assert few["drawn"] > 0.99
    assert few["inside"] < few["bound"] < 1
    assert many["inside"] == many["bound"] == many["drawn"] == 1


def test_the_table_and_the_file_have_every_chart(chart, tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "chart").mkdir()
    for name in ("one", "two"):
        chart.save(tmp_path / "chart" / f"{name}.png")
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- charts -->\n<!-- /charts -->\nAfter.\n")
    arguments = ["--data", tmp_path, "--ratios", 0.5, "--out", tmp_path / "found.json", "--page", page]
    monkeypatch.setattr("sys.argv", ["charts", *map(str, arguments)])
    charts.main()
    found = json.loads((tmp_path / "found.json").read_text())["charts"]
    assert [(r["chart"], r["tokens"]) for r in found] == [
        (c, t) for c in ("one", "two") for t in charts.TOKENS
    ]
    printed = capsys.readouterr().out
    assert printed.strip() in page.read_text()
    assert all(name in printed for name in charts.TOKENS)


def test_a_charts_table_is_cut_by_rows_that_bring_their_header():
    context = SemToken(encoder="static").compress([TABLE], "What is the revenue of West?", max_tokens=34)
    assert [u.kind for u in context.units] == ["caption", "header", "row", "row", "row", "row"]
    assert "| Region | Revenue (USD millions) |" in context.text
    assert "| West | 68 |" in context.text
    assert "North" not in context.text
