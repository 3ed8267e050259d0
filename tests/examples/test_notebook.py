from __future__ import annotations

import ast
import json
from pathlib import Path

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "notebook.ipynb"


def run(source: str, names: dict) -> object:
    """Run a cell; give the value of its last line where that is an expression, as a notebook shows it."""
    *body, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        *body, last = ast.parse(f"{source}\nNone").body
    exec(compile(ast.Module(body, []), str(NOTEBOOK), "exec"), names)
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


def test_every_cell_runs_and_shows_what_its_text_says(capsys):
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    names: dict = {"__name__": "__main__"}
    shown = [run(cell, names) for cell in cells]
    printed = capsys.readouterr().out
    start = names["chunks"][1].text.index("born in Tolverne")
    assert f"Ada Brannock {start} {start + 16} born in Tolverne" in printed
    page = shown[1]._repr_html_()
    assert "iframe" in page
    assert "Tolverne" in page
    assert shown[3]["50%"]
    assert not all(shown[3].values())


def test_it_is_kept_without_outputs():
    cells = [c for c in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in cells)
