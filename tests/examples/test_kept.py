from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("langchain_faiss")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "kept.py"


def test_it_needs_no_torch_and_says_what_is_kept_and_from_where(folder):
    asked = ["--question", "Where was the builder of the tower born?", "--ratio", ".5", "--llm", "any"]
    argv = ["kept.py", "--docs", str(folder), *asked]
    code = (
        "import runpy, sys; sys.modules['torch'] = None; "
        f"sys.path.insert(0, {str(EXAMPLE.parent)!r}); sys.argv = {argv!r}; "
        f"runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Where was the builder of the tower born?" in done.stdout
    assert " -> " in done.stdout
    assert "mara.txt[" in done.stdout
