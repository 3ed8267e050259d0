from __future__ import annotations

import sys

import pytest

pytest.importorskip("typer")
from semtoken_rag.cli import ui


def test_without_torch_auto_finds_no_reader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ui, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "semtoken_rag.llm.gguf", None)  # an import of it would raise
    assert ui.load_reader("auto") is None
    assert ui.load_reader("none") is None
    with pytest.raises(ValueError, match=r"--tokenizer is for a server .*: got 'org/model'"):
        ui.load_reader("auto", "org/model")
