"""The files of results: a line a cell, sorted, written in one step."""

from __future__ import annotations

import json

import pytest

from evaluation.results import ROOT, key, load, read_document, write, write_document

FOLDER = ROOT / "results" / "bench"


def cell(ratio: float, n: int = 5, **more: object) -> dict:
    return {"method": "lead", "set": "toy", "ratio": ratio, "transform": "none", "n": n, **more}


def test_what_is_written_is_read_sorted_by_cell(tmp_path):
    write(tmp_path, "lead", [cell(0.4), cell(0.1, 20), cell(0.1)])
    write(tmp_path, "b", [cell(0.2, status="ok")])
    assert load(tmp_path) == [cell(0.2, status="ok"), cell(0.1), cell(0.1, 20), cell(0.4)]
    assert load(tmp_path, {"lead"}) == load(tmp_path)[1:]
    assert load(tmp_path / "none") == []


def test_a_new_result_replaces_that_of_its_cell_and_others_stay(tmp_path):
    write(tmp_path, "lead", [cell(0.1, status="failed"), cell(0.2)])
    write(tmp_path, "lead", [cell(0.1, status="ok")])
    assert load(tmp_path) == [cell(0.1, status="ok"), cell(0.2)]
    write(tmp_path, "lead", [], without={key(cell(0.2))})
    assert load(tmp_path) == [cell(0.1, status="ok")]
    assert [path.name for path in tmp_path.iterdir()] == ["lead.jsonl"]


def test_a_document_has_a_line_a_key(tmp_path):
    values = {"a": [1, 2], "b": {"c": "\u00e9\n"}}
    write_document(tmp_path / "x" / "one.json", values)
    assert read_document(tmp_path / "x" / "one.json") == values
    assert len((tmp_path / "x" / "one.json").read_text(encoding="utf-8").splitlines()) == 4
    assert read_document(tmp_path / "two.json") == {}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda p: p.stem)
def test_the_committed_results_are_as_they_would_be_written(path, tmp_path):
    results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {r["method"] for r in results} == {path.stem}
    write(tmp_path, path.stem, reversed(results))
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
