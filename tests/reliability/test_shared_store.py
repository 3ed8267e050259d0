from __future__ import annotations

import gzip
import json
import sys

import pytest

from evaluation.reliability import shared_store


@pytest.mark.slow
def test_threads_and_processes_on_one_store_get_what_one_alone_gets(tmp_path, monkeypatch, capsys):
    documents = [
        {"id": str(i), "text": f"Town {i} has {7 * i} towers. " + "It rains. " * 20} for i in range(8)
    ]
    asked = [
        {
            "id": str(i),
            "question": f"How many towers has town {i}?",
            "answers": [str(7 * i)],
            "documents": documents,
        }
        for i in range(8)
    ]
    (tmp_path / "qa").mkdir()
    with gzip.open(tmp_path / "qa" / "towns.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in asked)
    argv = ["soak", "--data", str(tmp_path), "--set", "towns", "--processes", "2", "--threads", "3"]
    monkeypatch.setattr(sys, "argv", [*argv, "--seconds", "8", "--share", "0.6"])
    with pytest.raises(SystemExit) as ended:
        shared_store.main()
    told = capsys.readouterr().out
    assert ended.value.code == 0, told
    assert "calls" in told
    assert "none read" in told or "some read" in told, "nothing ever left the store"
