"""The agent against a real server: it calls its tools, and reads a fraction of what they return."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("langchain.agents")
pytest.importorskip("xllamacpp")
pytest.importorskip("langchain_openai")
import typer

import agent


@pytest.mark.model
@pytest.mark.enable_socket
def test_calls_a_tool_and_saves_tokens(llama_server, monkeypatch, capsys):
    from contextlib import nullcontext

    monkeypatch.setattr(agent, "local_server", lambda threads: nullcontext(llama_server))
    agent.main(question=[agent.QUESTIONS[0]], tokens=100, llm=None)
    out = capsys.readouterr().out
    assert '  read_file {"path": "app.log"' in out
    assert re.search(r"characters are left out; expand\(ref=", out)
    assert re.search(r"^  answer: \S", out, re.M)
    assert int(out.rsplit(" ", 1)[1]) > 20_000


def test_another_kind_of_llm_is_refused_with_its_value():
    with (
        pytest.raises(typer.BadParameter, match=r"must be openai:.*#model, got 'ollama:qwen3'"),
        agent.chat_model("ollama:qwen3"),
    ):
        pass


def test_a_server_is_addressed_by_its_name():
    with agent.chat_model("openai:http://127.0.0.1:1/v1#qwen3") as model:
        assert (model.model_name, model.openai_api_base) == ("qwen3", "http://127.0.0.1:1/v1")
