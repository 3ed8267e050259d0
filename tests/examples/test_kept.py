from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

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


@pytest.fixture
def embeddings(tmp_path):
    """Embeddings with a cache of their own that count what they encode."""
    pytest.importorskip("platformdirs")
    from kept import MeanEmbeddings

    made = MeanEmbeddings(tmp_path / "cache")
    made.seen = []
    encode = made.encoder.encode
    made.encoder = SimpleNamespace(
        name="counted", encode=lambda texts, titles: made.seen.append(len(texts)) or encode(texts, titles)
    )
    return made


def test_what_is_embedded_once_is_read_from_the_disk(embeddings):
    first = embeddings.embed_documents(["One.", "Two."])
    assert embeddings.embed_documents(["One.", "Two."]) == first
    assert embeddings.seen == [2]
    embeddings.embed_documents(["One.", "Three."])  # other documents
    embeddings.encoder.name = "another"
    embeddings.embed_documents(["One.", "Two."])
    assert embeddings.seen == [2, 2, 2]


@pytest.mark.parametrize(
    "damage", [b"", b"\x93NUMPY", b"\x80\x04K\x01.", None], ids=["empty", "cut", "pickle", "short"]
)
def test_a_damaged_cache_is_made_anew(embeddings, damage: bytes | None):
    first = embeddings.embed_documents(["One.", "Two."])
    (file,) = embeddings.cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-100] if damage is None else damage)
    assert embeddings.embed_documents(["One.", "Two."]) == first
    assert file.read_bytes() == whole


def test_without_a_folder_to_write_to_it_embeds_all_the_same(embeddings, tmp_path):
    embeddings.cache = tmp_path / "file"
    embeddings.cache.write_text("")
    assert len(embeddings.embed_documents(["One."])) == 1
