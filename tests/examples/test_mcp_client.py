"""The SDK's client starts ``semtoken mcp`` and uses each tool; a local LLM answers."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("mcp.server.lowlevel")
pytest.importorskip("openai")
pytest.importorskip("xllamacpp")
import mcp_client

QUESTION = "Where was the builder of the tower born?"


def test_the_tools_find_what_is_asked_for(folder, capsys):
    passages = asyncio.run(mcp_client.use(str(folder), QUESTION, "static"))
    assert "She was born in the port of Vessel." in passages
    printed = capsys.readouterr().out
    assert "tools: search_files, compress, expand" in printed
    assert "mara.txt: line 1" in printed


@pytest.mark.enable_socket
def test_a_local_llm_answers(llama_server):
    said = mcp_client.answer(llama_server, mcp_client.MODEL, "She was born in the port of Vessel.", QUESTION)
    assert "Vessel" in said
