from __future__ import annotations

import re

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("openai")
pytest.importorskip("xllamacpp")
import openai_client
from local_server import MODEL


@pytest.mark.enable_socket
def test_it_prints_the_tokens_and_an_answer_from_fewer(llama_server: str, capsys):
    openai_client.main(
        llm=f"openai:{llama_server}#{MODEL}", file=None, question="Who built it?", max_tokens=24
    )
    first, answer, *_ = capsys.readouterr().out.splitlines()
    before, after = map(int, re.findall(r"\d+", first))
    assert after <= 24 < before
    assert answer
