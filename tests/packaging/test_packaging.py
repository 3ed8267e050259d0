from __future__ import annotations

import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest

import semtoken_rag

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(semtoken_rag.__file__).parent
OPTIONAL = (
    "torch",
    "transformers",
    "pydantic",
    "langchain_core",
    "llama_index",
    "faiss",
    "typer",
    "haystack",
    "mcp",
)
OPTIONAL += ("ray", "redis", "pyarrow", "sqlite3", "matplotlib", "onnxruntime", "huggingface_hub")


@pytest.mark.parametrize("folder", ["", "llama_index", "llama_index/postprocessor"])
def test_namespace_folders_have_no_init(folder: str):
    assert not (ROOT / "integrations" / folder / "__init__.py").exists()


def test_our_part_of_the_namespace_hides_no_other():
    core = pytest.importorskip("llama_index.core")
    ours = import_module("llama_index.postprocessor.semtoken")
    for name in ("llama_index", "llama_index.postprocessor"):
        assert sys.modules[name].__file__ is None
    assert Path(ours.__file__).is_relative_to(ROOT / "integrations" / "llama_index")
    assert not Path(core.__file__).is_relative_to(ROOT / "integrations")


def test_import_loads_nothing_optional():
    code = f"import sys, semtoken_rag; print([m for m in {OPTIONAL!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("missing", "module", "extra"),
    [
        ("langchain_core", "langchain_semtoken", "langchain"),
        ("langchain", "langchain_semtoken.middleware", "agents"),
        ("llama_index.core", "llama_index.postprocessor.semtoken", "llama-index"),
        ("pydantic", "semtoken_rag.adapters.settings", "langchain"),
        ("haystack", "haystack_semtoken", "haystack"),
        ("mcp.server.lowlevel", "semtoken_rag.mcp_server", "mcp"),
        ("fastapi", "semtoken_rag.ui", "ui"),
        ("fastapi", "semtoken_rag.serve", "serve"),
        ("sklearn", "semtoken_rag.calibrate", "calibrate"),
    ],
)
def test_a_missing_package_is_an_error_that_names_the_extra(missing: str, module: str, extra: str):
    code = f"import sys; sys.path.append('integrations'); sys.modules[{missing!r}] = None; import {module}"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert f"ImportError: {missing} is needed for this: pip install 'semtoken-rag[{extra}]'" in result.stderr


def test_version_is_that_of_the_metadata():
    try:
        installed = metadata.version("semtoken-rag")
    except metadata.PackageNotFoundError:
        pytest.skip("not installed")
    assert semtoken_rag.__version__ == installed


def test_static_table_and_vocabulary_are_at_most_8_mb():
    files = list((PACKAGE / "encoders" / "static").iterdir())
    assert {path.name for path in files} >= {"table.npy", "scale.npy", "vocab.txt"}
    assert sum(path.stat().st_size for path in files) <= 8_388_608


def test_all_of_the_package_is_at_most_45_mb():
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) <= 45_000_000
