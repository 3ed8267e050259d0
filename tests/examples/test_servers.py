"""The examples over a server of models, against llama.cpp's own with the packaged model."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("langchain_openai")
pytest.importorskip("langchain_faiss")
pytest.importorskip("llama_index.llms.openai_like")
import typer

import chat
import langchain_rag
import langchain_server
import llama_index_server
from common import Served, load_reader

pytestmark = [pytest.mark.enable_socket, pytest.mark.model]


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    for module in ("common", "chat", "langchain_server", "llama_index_rag"):
        monkeypatch.setattr(f"{module}.NEW_TOKENS", 8)


@pytest.fixture
def address(llama_server) -> str:
    return f"openai:{llama_server}#smollm2"


@pytest.mark.usefixtures("no_loop")
@pytest.mark.parametrize("example", [langchain_server, llama_index_server], ids=lambda e: e.__name__)
def test_a_chain_over_a_server_answers_within_its_tokens_and_cites(example, address, capsys):
    example.main(max_tokens=40, llm=address)
    answer, figures, *cited = capsys.readouterr().out.split("100%")[-1].splitlines()[1:]
    assert answer.strip()
    after, before, saved = map(
        int, re.fullmatch(r"smollm2 read (\d+) tokens of (\d+), (\d+) saved", figures).groups()
    )
    assert 0 < after <= 40 < before == after + saved
    assert re.match(r"  assert\[\d+:\d+\] \S", cited[0])


def test_the_demo_asks_a_server_with_and_without_compression(address, folder, capsys):
    langchain_rag.main(question=["Who built the tower?"], ratio=0.4, docs=folder, llm=address, k=4)
    out = capsys.readouterr().out
    whole, short = map(int, re.search(r"prompt tokens +│ +(\d+) +│ +(\d+)", out).groups())
    before, after = map(int, re.search(r"context: (\d+) -> (\d+) tokens", out).groups())
    assert 0 < after <= 0.4 * before
    assert 0 < short < whole
    assert re.search(r"^  (tower\.md|mara\.txt)\[\d+:\d+\] \S", out, re.MULTILINE)


def test_the_chat_model_is_the_servers(address):
    reader = load_reader(address)
    assert isinstance(reader, Served)
    assert chat.chat_model(reader).invoke("Say yes.").text.strip()


@pytest.mark.parametrize("mode", ["soft", "kv"])
def test_other_modes_need_weights_here(mode: str):
    with pytest.raises(typer.BadParameter, match=f"mode {mode} needs the model's weights in this process"):
        load_reader("openai:http://127.0.0.1:1/v1#m", mode=mode)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("http://127.0.0.1:1/v1", "write a server's address as openai:"),
        ("openai:http://127.0.0.1:1/v1#m", "no server answers at"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence(name: str, said: str):
    with pytest.raises(typer.BadParameter, match=said):
        load_reader(name)
