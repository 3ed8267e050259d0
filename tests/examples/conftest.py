from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))  # they import what they share


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two documents; the answer to the second question is in the second one."""
    (tmp_path / "tower.md").write_text(
        "# The tower\n\nThe tower on the hill is made of red brick. Its builder was Mara Lindqvist. "
        "Crowds come every summer. The stairs have two hundred steps.\n",
        encoding="utf-8",
    )
    (tmp_path / "mara.txt").write_text(
        "Mara Lindqvist drew her first plan at fourteen. She was born in the port of Vessel. "
        "Her brother sold rope. Her garden had nine apple trees.\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture
def reader(packaged_reader, monkeypatch):
    """Let the examples have the reader that is loaded already."""
    from common import load_reader
    from semtoken_rag.llm.generate import SemTokenLLM

    monkeypatch.setattr(SemTokenLLM, "load", lambda name: packaged_reader)
    return load_reader("smollm2")
