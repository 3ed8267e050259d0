from __future__ import annotations

import pytest

pytest.importorskip("haystack")
pytest.importorskip("xllamacpp")
import haystack_rag


@pytest.mark.enable_socket
def test_the_pipeline_answers_from_the_compressed_context(folder, llama_server, capsys):
    haystack_rag.main(folder, "Who was the builder of the tower?", max_tokens=20, base_url=llama_server)
    printed = capsys.readouterr().out
    before, after = printed.split("context: ")[1].split(" tokens")[0].split(" -> ")
    assert int(after) <= 20 < int(before)
    assert "tower[" in printed
    assert "Lindqvist" in printed
