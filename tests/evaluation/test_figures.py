"""The script that draws the paper's figures."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from evaluation.report import figures
from semtoken_rag import SemToken

TEXTS = ["The tower opened in 1889. It rained that day. Nobody came.", "", "Cats sleep. Dogs bark at night."]
QUERY = "When did the tower open?"


def test_what_is_missing_is_left_out_and_said(tmp_path, capsys):
    missing = figures.draw(figures.Source(tmp_path, "static"), tmp_path / "out", ["figure1-density"])
    assert "FileNotFoundError" in missing["figure1-density"]
    assert "left out" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_what_can_be_drawn_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(
        figures.Source,
        "compress",
        lambda self, *args: SemToken(encoder="static").compress(TEXTS, QUERY, ratio=0.5),
    )
    assert figures.draw(figures.Source(tmp_path, "static"), tmp_path, ["figure4-surface"]) == {}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure4-surface.png"]
