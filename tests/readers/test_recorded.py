"""Servers that cannot run here, by their replies as documented: Ollama, vLLM, LM Studio; and broken ones."""

from __future__ import annotations

import json

import pytest

from semtoken_rag import Chunk, SemToken
from semtoken_rag.readers import ServerError, ServerReader, ServerTokenizer, StreamBroken
from semtoken_rag.readers.server import to_message

pytestmark = pytest.mark.enable_socket
QUESTION = "When did the tower open?"
OK = {"choices": [{"index": 0, "delta": {"content": "In 18"}, "finish_reason": None}]}


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.mark.parametrize(("name", "model"), [("ollama", "qwen3:0.6b"), ("vllm", "Qwen/Qwen3-0.6B")])
def test_an_answer_comes_in_parts_without_what_was_thought(replay, name: str, model: str):
    server = replay(name)
    reader = ServerReader(f"openai:{server.url}#{model}", tokenizer=str.split, max_new_tokens=9)
    context = SemToken(encoder="static").compress(
        [Chunk("It opened in 1889.", title="Tower")], QUESTION, ratio=1
    )
    assert list(reader.stream(QUESTION, context)) == ["In", " 1889."]
    called, body, key = server.asked[-1]
    assert (called, key) == ("POST /v1/chat/completions", None)
    assert body == {
        "model": model,
        "messages": [
            {
                "role": "user",
                "content": f"Context:\n[Tower] It opened in 1889.\n\nQuestion: {QUESTION}\n"
                "Answer with a short phrase.",
            }
        ],
        "max_tokens": 9,
        "temperature": 0,
        "stream": True,
    }


def test_the_message_is_that_of_a_reader_in_this_process():
    pytest.importorskip("torch")
    from semtoken_rag.llm.excerpts import kept_excerpts
    from semtoken_rag.llm.prompt import Template
    from tests.llm.samples import tokenizer

    chunks, reader = (
        [Chunk("It opened in 1889. It rained.", title="Tower"), "Bread is made of flour."],
        tokenizer(True),
    )
    for asked in ({"ratio": 1}, {"max_tokens": 6}):
        context = SemToken(encoder="static").compress(chunks, QUESTION, **asked)
        theirs = Template.of(reader).build(QUESTION, kept_excerpts(context), tokenizer=reader)
        assert to_message(QUESTION, context) == theirs.message
    assert to_message(QUESTION, None) == Template.of(reader).build(QUESTION, [], tokenizer=reader).message


def test_vllm_counts_a_text_a_request_once(replay):
    server = replay("vllm")
    count = ServerTokenizer(f"openai:{server.url}#Qwen/Qwen3-0.6B")
    assert count.count_all(["The tower.", "It rained.", "The tower."]) == [4, 4, 4]
    assert count("It rained.") == 4
    asked = [body for _, body, _ in server.asked if "prompt" in body]
    expected = {"add_special_tokens": False, "model": "Qwen/Qwen3-0.6B"}
    assert sorted(map(json.dumps, asked)) == sorted(
        json.dumps({"prompt": text} | expected) for text in ("a", "It rained.", "The tower.")
    )


def test_an_ollama_that_counts_is_asked(replay):
    server = replay("ollama_tokenize")
    assert ServerTokenizer(f"openai:{server.url}#m")("Hello, world!") == 4
    assert server.asked[-1][:2] == ("POST /api/tokenize", {"content": "Hello, world!", "model": "m"})


@pytest.mark.parametrize("name", ["ollama", "lm_studio"])
def test_a_server_that_does_not_count_says_what_to_name(replay, name: str):
    server = replay(name)
    model = server.replies["GET /v1/models"]["json"]["data"][0]["id"]
    with pytest.raises(ServerError, match=r"has no endpoint that counts tokens: name .*--tokenizer"):
        ServerReader(f"openai:{server.url}#{model}").check()


def test_a_server_that_is_not_ready_is_not_one_that_does_not_count(replay):
    loading = {"status": 503, "json": {"error": {"message": "Loading model", "code": 503}}}
    server = replay("vllm", tokenize=loading)
    with pytest.raises(ServerError, match=r"refuses the request.* \(503\): Loading model$"):
        ServerTokenizer(f"openai:{server.url}#m")("a")


@pytest.mark.parametrize("count", [-5, True, 1.5, None, "3"])
def test_what_is_no_number_of_tokens_is_not_counted_with(replay, count: object):
    server = replay("vllm", tokenize={"status": 200, "json": {"count": count}})
    with pytest.raises(ServerError, match="has no endpoint that counts tokens"):
        ServerTokenizer(f"openai:{server.url}#m")("a")


def test_a_tokenizer_in_a_file_counts_in_the_servers_place(replay, tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({"It": 0, "rained": 1, "?": 2}, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    server = replay("ollama")
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        reader = ServerReader(f"openai:{server.url}#llama3.2", tokenizer=str(name))
        reader.check()
        assert reader.count("It rained.") == 3
    assert [called for called, *_ in server.asked] == ["GET /v1/models"] * 2
    with pytest.raises(ValueError, match="no tokenizer can be loaded by the name 'nothing/here'"):
        ServerReader(f"openai:{server.url}#llama3.2", tokenizer="nothing/here")


def test_without_a_name_the_only_model_is_taken(replay):
    assert ServerReader(f"openai:{replay('vllm').url}").name == "Qwen/Qwen3-0.6B"
    with pytest.raises(ValueError, match=r"#MODEL, it has qwen3:0\.6b, llama3\.2:latest$"):
        ServerReader(f"openai:{replay('ollama').url}")


def test_a_model_that_is_not_there_is_named(replay):
    with pytest.raises(ServerError, match=r"has no model 'qwen9', it has qwen3:0\.6b, llama3\.2:latest$"):
        ServerReader(f"openai:{replay('ollama').url}#qwen9").check()
    with pytest.raises(ServerError, match=r"for model 'qwen9' \(404\): model 'qwen9' not found$") as error:
        list(ServerReader(f"openai:{replay('ollama_no_model').url}#qwen9").stream(QUESTION))
    assert error.value.status == 404


BROKEN = {
    "it ends": [OK],
    "an error": [OK, {"error": {"message": "out of memory", "code": 500}}],
    "no JSON": [OK, "{"],
    "no choices": [OK, {"object": "nothing"}],
    "no text": [OK, {"choices": [{"delta": {"content": 5}}]}],
    "too long": [OK, "x" * 2**20],
}


@pytest.mark.parametrize("events", BROKEN.values(), ids=BROKEN)
def test_what_came_before_a_stream_broke_stays(replay, events: list):
    server = replay("ollama", chat={"status": 200, "events": events})
    stream = ServerReader(f"openai:{server.url}#m").stream(QUESTION)
    assert next(stream) == "In 18"
    with pytest.raises(StreamBroken, match=r"broke off after 5 characters of the answer: \S"):
        next(stream)


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 200, "text": "<html>Welcome</html>"},
        {"status": 200, "json": {"error": "Unexpected endpoint"}},
        {"status": 200, "events": ["<html>"]},
        {"status": 200, "events": [[]]},
        {"status": 200, "events": ["[" * 100_000]},
    ],
    ids=["a page", "an object", "events of something else", "a list", "deep JSON"],
)
def test_what_is_not_the_protocol_is_shown(replay, reply: dict):
    server = replay("ollama", chat=reply)
    with pytest.raises(ServerError, match="does not answer by OpenAI's protocol, got") as error:
        list(ServerReader(f"openai:{server.url}#m").stream(QUESTION))
    assert not isinstance(error.value, StreamBroken)


def test_an_answer_that_was_all_thought_is_said(replay):
    events = [{"choices": [{"delta": {"content": ""}, "finish_reason": "length"}]}, "[DONE]"]
    reader = ServerReader(
        f"openai:{replay('vllm', chat={'status': 200, 'events': events}).url}", max_new_tokens=7
    )
    with pytest.raises(ServerError, match="spent all 7 tokens before its answer began"):
        list(reader.stream(QUESTION))


def test_a_stream_that_is_closed_ends_the_request(replay):
    server = replay("ollama", chat={"status": 200, "events": [OK], "hangs": True})
    stream = ServerReader(f"openai:{server.url}#m").stream(QUESTION)
    assert next(stream) == "In 18"
    stream.close()
    assert server.left.wait(5)


def test_a_server_that_sends_nothing_is_left_after_a_while():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"openai:http://127.0.0.1:{silent.getsockname()[1]}/v1#m"
        with pytest.raises(ServerError, match=r"sent nothing for 0\.1 seconds$"):
            list(ServerReader(address, timeout=0.1).stream(QUESTION))
    with pytest.raises(
        ServerError, match=r"^no server answers at http://127\.0\.0\.1:\d+/v1: Connection refused$"
    ):
        ServerReader(address).check()


@pytest.mark.parametrize("status", [200, 400])
def test_a_reply_that_is_deep_or_stops_is_one_sentence(status: int):
    import socket
    from concurrent.futures import ThreadPoolExecutor

    for sent, said in ((100_000 * b"[", r"protocol|refuses"), (b"", r"sent nothing|refuses")):
        with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
            address = f"openai:http://127.0.0.1:{listener.getsockname()[1]}/v1#m"
            answer = pool.submit(list, ServerReader(address, timeout=0.2).chat("Why?"))
            taken, _ = listener.accept()
            with taken:
                taken.recv(10_000)
                taken.sendall(b"HTTP/1.1 %d Odd\r\nContent-Length: 100000\r\n\r\n" % status + sent)
                with pytest.raises(ServerError, match=said):
                    answer.result()


@pytest.mark.parametrize(("key", "said"), [("wrong", "refuses the key"), (None, "asks for a key")])
def test_a_wrong_key_is_said_at_once(replay, key: str | None, said: str):
    reader = ServerReader(f"openai:{replay('llama_cpp_key').url}#smollm2", api_key=key)
    with pytest.raises(ServerError, match=rf"{said} \(401\): set OPENAI_API_KEY or api_key$") as error:
        reader.check()
    assert error.value.status == 401


def test_the_key_is_sent_and_to_nobody_else(replay, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    other = replay("vllm")
    moved = {"status": 307, "headers": {"Location": f"{other.url}/chat/completions"}, "text": ""}
    server = replay("vllm", chat=moved)
    for kwargs, key in (({}, "from-the-environment"), ({"api_key": "as-argument"}, "as-argument")):
        with pytest.raises(ServerError, match="307") as error:
            list(ServerReader(f"openai:{server.url}", **kwargs).stream(QUESTION))
        assert {sent for *_, sent in server.asked} == {f"Bearer {key}"}
        assert key not in str(error.value)
        server.asked.clear()
    assert other.asked == []


def test_a_key_that_cannot_be_sent_is_not_shown():
    with pytest.raises(ValueError, match="API key must be printable ASCII") as error:
        ServerTokenizer("openai:http://127.0.0.1:1/v1", api_key="secret\n")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "bad", [{"timeout": 0}, {"timeout": float("nan")}, {"timeout": float("inf")}, {"max_new_tokens": 0}]
)
def test_bad_arguments_are_shown(bad: dict):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=f"{name} must be .*{value}"):
        ServerReader("openai:http://127.0.0.1:1/v1#m", **bad)
    with pytest.raises(ValueError, match="question must be a str that is not blank, got ' '"):
        ServerReader("openai:http://127.0.0.1:1/v1#m").stream(" ")
