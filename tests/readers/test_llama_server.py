"""Against llama.cpp's own server with the packaged model."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.readers import ServerError, ServerReader, ServerTokenizer, resolve_reader
from semtoken_rag.testing import TEXTS, check_context

pytestmark = [pytest.mark.enable_socket, pytest.mark.model]
QUESTION = "When did the tower open?"
CHUNKS = [Chunk("The tower opened in 1889. It rained that day.", title="Tower"), *TEXTS[1:], "ab" * 400]


@pytest.fixture
def address(llama_server) -> str:
    return f"openai:{llama_server}#smollm2"


def own_count(llama_server: str, text: str) -> int:
    """Ask the server without any code of ours."""
    body = json.dumps({"content": text}).encode()
    root = llama_server.removesuffix("/v1")
    request = Request(f"{root}/tokenize", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as reply:
        return len(json.load(reply)["tokens"])


def test_counts_are_the_servers_own_and_many_take_one_request(llama_server, address):
    texts = [
        *TEXTS,
        "",
        " ",
        "\n\n",
        "<|im_end|> and <|endoftext|>",
        "-1",
        "a\x00b",
        "word " * 3000,
        TEXTS[0],
    ]
    count = ServerTokenizer(address)
    assert count.count_all(texts) == [own_count(llama_server, text) for text in texts]
    assert count.requests == 2  # the first one finds the endpoint
    assert count("lone \ud800 surrogate") == own_count(llama_server, "lone \ufffd surrogate")
    assert count.count_all(texts) == [count(text) for text in texts]
    assert count.requests == 3
    assert count.count_all([]) == []


def test_texts_that_are_long_together_are_sent_apart(address, monkeypatch):
    monkeypatch.setattr("semtoken_rag.readers.tokenizer.BATCH", 30)
    count, texts = (
        ServerTokenizer(address),
        ["one two three", "four five six", "seven eight", "nine " * 20, "ten"],
    )
    assert count.count_all(texts) == [ServerTokenizer(address)(text) for text in texts]
    assert count.requests == 1 + 4


@pytest.mark.parametrize("titles", [False, True])
def test_the_budget_holds_in_the_servers_tokens(llama_server, address, titles: bool):
    engine = SemToken(
        encoder="static",
        token_counter=ServerTokenizer(address),
        on_error="raise",
        config=Config(titles=titles),
    )
    for budget in (1, 3, 8, 20, 45, 120):
        context = engine.compress(CHUNKS, QUESTION, max_tokens=budget)
        assert own_count(llama_server, context.text) <= budget
        assert context.stats.tokens_after <= budget
        if not titles:
            check_context(context, context.source, budget, lambda text: own_count(llama_server, text))
    assert context.stats.counter == "callable"
    assert "The tower opened in 1889." in context.text


def test_a_call_takes_few_requests_however_many_units_it_has(address):
    words = TEXTS[0].split()
    sentences = [f"On day {i} the {word} was number {7 * i}." for i in range(40) for word in words]
    chunks = [" ".join(sentences[i : i + 8]) for i in range(0, len(sentences), 8)]
    count = ServerTokenizer(address)
    context = SemToken(encoder="static", token_counter=count).compress(chunks, QUESTION, ratio=0.2)
    assert len(context.units) > 500
    assert count.requests <= 30


def test_an_answer_is_streamed_and_can_be_stopped(address):
    reader = resolve_reader(address)
    assert isinstance(reader, ServerReader)
    context = SemToken(encoder="static", token_counter=reader.tokenizer).compress(
        CHUNKS, QUESTION, max_tokens=12
    )
    parts = list(reader.stream(QUESTION, context))
    assert len(parts) > 1
    assert "1889" in "".join(parts)
    assert context.cite("opened in 1889") == [("0", 10, 24)]
    stream = reader.chat("Count from one to a thousand in words.")
    assert next(stream)
    stream.close()
    assert "".join(reader.stream(QUESTION, context)) == "".join(parts)


def test_a_prompt_longer_than_the_window_is_the_servers_sentence(address):
    with pytest.raises(ServerError, match=r"'smollm2' \(400\): .*exceeds the available context size"):
        next(ServerReader(address).chat("word " * 9000))


def test_a_wrong_model_is_said_at_once(llama_server):
    with pytest.raises(ServerError, match=r"has no model 'qwen9', it has smollm2$"):
        resolve_reader(f"openai:{llama_server}#qwen9")


def test_the_playground_answers_through_it(address):
    from semtoken_rag.ui.documents import Document
    from semtoken_rag.ui.workbench import Asked, Workbench

    reader = ServerReader(address, max_new_tokens=24)
    bench = Workbench(encoder="static", reader=reader, token_counter=reader.tokenizer)
    assert bench.reads == "smollm2"
    documents = [
        Document(title="Tower", text="The tower opened in 1889. It rained that day. " + "Fog came. " * 9)
    ]
    seen = list(bench.answer(Asked(documents=documents, query=QUESTION, ratio=0.3)))
    stats = next(e.data for e in seen if e.name == "result")["stats"]
    assert 0 < stats["tokens_after"] <= stats["budget"] < stats["tokens_before"]
    assert "1889" in "".join(e.data["text"] for e in seen if e.name == "part")
    assert seen[-1].data["sentences"][0]["sources"][0]["document"] == 0


def test_nothing_of_torch_is_loaded_for_it(address):
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None; import semtoken_rag.readers; "
        f"print(semtoken_rag.readers.resolve_reader({address!r}).count('The tower.'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == ServerTokenizer(address)("The tower.")
