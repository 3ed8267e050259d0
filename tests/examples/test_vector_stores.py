"""The examples of vector stores: a query encodes the question alone, on a new index and on an older one."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("langchain_faiss")  # kept.py, which they import
pytest.importorskip("chromadb")
pytest.importorskip("langchain_chroma")
pytest.importorskip("qdrant_client")
pytest.importorskip("llama_index.vector_stores.qdrant")
import chroma_rag
import qdrant_rag

ASKED = "Where was the builder of the tower born?"


@pytest.mark.usefixtures("no_loop")
@pytest.mark.parametrize("example", [chroma_rag, qdrant_rag], ids=lambda e: e.__name__)
def test_the_question_alone_is_encoded_and_what_is_kept_is_cited(example, folder, tmp_path_factory, capsys):
    index = tmp_path_factory.mktemp("index")
    for _ in range(2):
        example.main(question=[ASKED], ratio=0.4, docs=folder, k=4, path=index)
        asked, *cited, encoded = capsys.readouterr().out.splitlines()
        assert asked == ASKED
        assert any(re.match(r"  mara\.txt\[\d+:\d+\] .*born in the port of Vessel", line) for line in cited)
        assert encoded == "encoded at query time: the question alone"
