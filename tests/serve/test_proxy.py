"""Chats through the proxy: what reaches the server behind, and what comes back."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytest.importorskip("openai")
pytest.importorskip("fastapi")
import openai

from semtoken_rag import Budget, SemToken
from semtoken_rag.serve.app import create_app
from semtoken_rag.serve.server import serving
from semtoken_rag.serve.settings import ServeConfig, Upstream
from tests.serve.conftest import Behind
from tests.support.held import until

pytestmark = pytest.mark.enable_socket

RAIN = (
    "It rained that day. Crowds came from far away. The band played until dusk. Bread was sold at the gate."
)
TOWER = f"{RAIN} The tower opened in 1889. {RAIN}"
QUESTION = "When did the tower open?"
MARKED = f"<context>\n{TOWER}\n</context>\n\n{QUESTION}"
SYSTEM = {"role": "system", "content": f"Answer briefly. <context>{TOWER}</context>"}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
OWN, THEIRS = "sk-own", "sk-behind"


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


@pytest.fixture(scope="module")
def engine() -> SemToken:
    return SemToken(encoder="static")


@pytest.fixture(scope="module")
def client(behind: Behind, engine: SemToken) -> Iterator[httpx.Client]:
    config = ServeConfig(api_key=OWN, budget=Budget(max_tokens=12), threshold=100)
    upstream = Upstream(behind.url, model="default", api_key=THEIRS)
    headers = {"authorization": f"Bearer {OWN}"}
    with (
        serving(create_app(engine, config, upstream=upstream)) as url,
        httpx.Client(base_url=url, headers=headers) as made,
    ):
        yield made


def send(client: httpx.Client, *messages: object, headers: dict[str, str] | None = None, **fields: object):
    body = {"model": "m", "messages": messages, **fields}
    return client.post("/v1/chat/completions", json=body, headers=headers)


@pytest.fixture(scope="module")
def llm(llama_server: str, engine: SemToken) -> Iterator[str]:
    config = ServeConfig(budget=Budget(max_tokens=12))
    with serving(create_app(engine, config, upstream=Upstream(f"openai:{llama_server}"))) as url:
        yield f"{url}/v1"


def test_the_openai_client_gets_an_answer_from_less_context(llm: str):
    question = user(f"<context>{5 * RAIN} {TOWER}</context> {QUESTION}")
    asked = {"model": "smollm2", "messages": [question], "temperature": 0, "max_tokens": 4}
    client = openai.OpenAI(base_url=llm, api_key="x", max_retries=0)
    raw = client.chat.completions.with_raw_response.create(**asked)
    got = raw.parse()
    assert raw.headers["x-semtoken"] == "compressed"
    before, after = (int(raw.headers[f"x-semtoken-tokens-{when}"]) for when in ("before", "after"))
    assert 0 < after <= 12 < before
    assert got.usage.prompt_tokens < before  # though it has the template and the question besides
    assert (said := got.choices[0].message.content)
    parts = list(client.chat.completions.create(**asked, stream=True))
    assert len(parts) > 2
    assert "".join(p.choices[0].delta.content or "" for p in parts if p.choices) == said
    assert [model.id for model in client.models.list()] == ["smollm2"]


def test_context_beside_the_messages_goes_before_the_question(client, behind: Behind):
    semtoken = {"context": [RAIN, {"text": TOWER, "title": "Tower"}], "max_tokens": 8}
    reply = send(client, SYSTEM, user(QUESTION), semtoken=semtoken)
    assert reply.headers["x-semtoken"] == "compressed"
    assert behind.messages[0] == SYSTEM
    content = behind.messages[1]["content"]
    assert content == f"<context>\nThe tower opened in 1889.\n</context>\n\n{QUESTION}"
    assert "semtoken" not in json.loads(behind.bodies[-1])


def test_only_what_follows_the_last_answer_is_changed(client, behind: Behind):
    earlier = [SYSTEM, user(MARKED.replace("?", "??")), {"role": "assistant", "content": "In 1889."}]
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function"}]}
    result = {"role": "tool", "tool_call_id": "1", "content": 20 * f"{RAIN}\n\n" + TOWER}
    reply = send(client, *earlier, user(QUESTION), call, result, top_k=3, odd={"field": [1.50, 10**30]})
    assert reply.headers["x-semtoken"] == "compressed"
    sent = json.loads(behind.bodies[-1])
    assert sent["messages"][:-1] == [*earlier, user(QUESTION), call]
    assert sent["messages"][-1]["tool_call_id"] == "1"
    assert "The tower opened in 1889." in sent["messages"][-1]["content"]
    assert len(sent["messages"][-1]["content"]) < 60
    assert (sent["top_k"], sent["odd"], sent["model"]) == (3, {"field": [1.5, 10**30]}, "m")


def test_a_message_that_was_sent_shorter_is_sent_so_again(client, behind: Behind):
    first = [SYSTEM, user(f"{MARKED} Please.")]
    send(client, *first)
    sent = behind.messages
    assert sent[1] != first[1]
    more = [{"role": "assistant", "content": "In 1889."}, user("Did it rain?")]
    assert send(client, *first, *more).headers["x-semtoken"] == "unchanged"
    assert behind.messages == [*sent, *more]
    send(client, *first, *more, headers={"x-semtoken": "off"})
    assert behind.messages == [*first, *more]


def test_a_long_text_keeps_its_first_and_last_paragraph(client, behind: Behind):
    long = "\n\n".join(["Use the notes.", *(f"{i}. {RAIN}" for i in range(20)), TOWER, QUESTION])
    send(client, user(long))
    content = behind.messages[0]["content"]
    assert content.startswith("Use the notes.\n\n")
    assert content.endswith(f"\n\n{QUESTION}")
    assert "The tower opened in 1889." in content
    assert len(content) < 200 < len(long)


@pytest.mark.parametrize(
    ("messages", "headers", "fields"),
    [
        ([user("Hello?")], {}, {}),
        ([SYSTEM, user("Hello?")], {}, {}),
        ([user([{"type": "text", "text": MARKED}, PICTURE])], {}, {}),
        ([user(MARKED), {"role": "assistant", "content": "In 1889."}, user("Why?")], {}, {}),
        ([user(f"<context>{TOWER}</context>")], {}, {}),
        ([user(MARKED)], {"x-semtoken": "off"}, {}),
        ([user("<context></context> Who?")], {}, {}),
        ([user("<context>The tower opened.</context> When?")], {}, {}),
        ([user(2000 * "x")], {}, {}),
        ([], {}, {}),
        ([{"role": "tool", "content": TOWER}, {"role": "odd"}, {}], {}, {"stop": None}),
    ],
    ids=lambda value: None,
)
def test_what_has_no_context_to_compress_passes_byte_for_byte(
    client, behind: Behind, messages, headers, fields
):
    body = json.dumps({"messages": messages, "model": "é", **fields}, indent=3, ensure_ascii=False).encode()
    headers = {"content-type": "application/json", **headers}
    reply = client.post("/v1/chat/completions?a=b", content=body, headers=headers)
    assert reply.json() == {"ok": True}
    assert behind.bodies[-1] == body
    assert behind.paths[-1] == "/v1/chat/completions?a=b"
    assert reply.headers["x-semtoken"] in ("unchanged", "off")


def test_a_request_that_switches_it_off_loses_the_field_alone(client, behind: Behind):
    assert send(client, user(MARKED), semtoken={"enabled": False}).headers["x-semtoken"] == "off"
    assert json.loads(behind.bodies[-1]) == {"model": "m", "messages": [user(MARKED)]}


def test_a_request_without_a_model_gets_one(client, behind: Behind):
    client.post("/v1/chat/completions", json={"messages": [user("Hello?")]})
    assert json.loads(behind.bodies[-1])["model"] == "default"


GIVEN = {"context": [TOWER], "max_tokens": 8}
WHOLE = f"<context>\n{TOWER}\n</context>\n\n"


@pytest.mark.parametrize(
    ("content", "switch", "expected"),
    [
        (QUESTION, False, WHOLE + QUESTION),
        ([PICTURE], False, [{"type": "text", "text": WHOLE}, PICTURE]),
        ([{"type": "text", "text": QUESTION}, PICTURE], True, None),
        ([PICTURE], True, None),
        (" ", True, None),
        (2000 * "x", True, None),
    ],
    ids=["off", "off with a picture", "picture", "picture alone", "no question", "no end"],
)
def test_context_beside_the_messages_is_never_lost(client, behind: Behind, content, switch, expected):
    reply = send(client, user(content), semtoken={**GIVEN, "enabled": switch})
    assert reply.headers["x-semtoken"] == ("compressed" if switch else "off")
    (sent,) = behind.messages
    if expected is not None:
        assert sent["content"] == expected
    elif isinstance(content, list):
        assert sent["content"][0]["text"].startswith("<context>\n")
        assert sent["content"][1:] == content
    else:
        assert sent["content"].startswith("<context>\n")
        assert sent["content"].endswith(f"</context>\n\n{content}")


@pytest.mark.parametrize("content", [None, 5, {"a": "b"}])
def test_context_that_cannot_be_put_anywhere_is_refused(client, content):
    reply = send(client, user(content), semtoken=GIVEN)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, 400)
    assert "semtoken.context needs a message of the user" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "an object with a list of messages"),
        (b'{"messages": {}}', "an object with a list of messages"),
        (b'{"messages": ["a"]}', "each message must be an object"),
        (b'{"messages": [], "semtoken": []}', "semtoken: Input should be"),
        (b'{"messages": [], "semtoken": {"ratio": 2}}', "semtoken.ratio: "),
        (b'{"messages": [], "semtoken": {"context": ["a"]}}', "semtoken.context needs a message of the user"),
        (b'{"messages": [], "semtoken": {}, "a": 1e999}', "not finite"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else None,
)
def test_a_request_that_is_none_is_one_sentence(client, behind: Behind, body: bytes, said: str):
    passed = len(behind.bodies)
    reply = client.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]
    assert len(behind.bodies) == passed


def test_status_and_body_of_an_error_are_passed_back(client, behind: Behind):
    reply = send(client, user(MARKED), status=429)
    assert (reply.status_code, reply.json(), reply.headers["retry-after"]) == (429, {"odd": "body"}, "7")


def test_a_stream_is_passed_back_as_it_comes(client, behind: Behind):
    with client.stream(
        "POST", "/v1/chat/completions", json={"messages": [], "stream": True, "parts": 3}
    ) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.read() == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


def test_a_stream_that_breaks_off_does_not_look_complete(client, behind: Behind):
    asked = {"messages": [], "stream": True, "parts": -2}
    with (
        client.stream("POST", "/v1/chat/completions", json=asked) as reply,
        pytest.raises(httpx.TransportError),
    ):
        reply.read()


def test_when_a_client_leaves_the_server_behind_may_stop(client, behind: Behind):
    before = behind.left
    with client.stream("POST", "/v1/chat/completions", json={"messages": [], "stream": True}) as reply:
        assert next(reply.iter_raw()).startswith(b"data: 0")
    until(lambda: behind.left > before)


def test_keys_and_cookies_of_one_side_do_not_reach_the_other(client, behind: Behind):
    for _ in range(2):
        send(client, user("Hello?"), headers={"cookie": "mine=1", "x-other": "passed"})
        assert behind.headers[-1]["authorization"] == f"Bearer {THEIRS}"
        assert behind.headers[-1]["x-other"] == "passed"
        assert "cookie" not in behind.headers[-1]
        assert OWN not in str(behind.headers[-1])


def test_without_a_key_of_ours_that_of_the_caller_is_passed_on(behind: Behind, engine: SemToken):
    with serving(create_app(engine, upstream=Upstream(behind.url))) as url:
        openai.OpenAI(base_url=f"{url}/v1", api_key="sk-caller").models.with_raw_response.list()
    assert behind.headers[-1]["authorization"] == "Bearer sk-caller"


def test_a_wrong_key_is_refused(client, behind: Behind):
    passed = len(behind.bodies)
    wrong = openai.OpenAI(base_url=f"{client.base_url}/v1", api_key="sk-wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError, match="send the key as Authorization"):
        wrong.models.list()
    assert len(behind.bodies) == passed


def test_a_server_that_is_down_is_one_sentence(engine: SemToken):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with serving(create_app(engine, upstream=Upstream(f"http://127.0.0.1:{port}/v1"))) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0)
        with pytest.raises(openai.InternalServerError, match="cannot be reached: ConnectError") as failed:
            client.chat.completions.create(model="m", messages=[user(MARKED)])
        assert failed.value.status_code == 502


@pytest.mark.parametrize(
    ("answer", "status", "said"), [(b"", 502, "broke off"), (None, 504, "does not reply in time")]
)
def test_a_server_that_does_not_answer_is_one_sentence(engine: SemToken, answer, status: int, said: str):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        upstream = Upstream(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", seconds=0.3)
        with serving(create_app(engine, upstream=upstream)) as url, ThreadPoolExecutor(1) as pool:
            asked = pool.submit(httpx.get, f"{url}/v1/models", timeout=30)
            taken, _ = listener.accept()
            with taken:
                if answer is not None:
                    taken.recv(1000)
                    taken.shutdown(socket.SHUT_RDWR)
                reply = asked.result()
    assert reply.status_code == status
    assert said in reply.json()["detail"]


def test_a_failure_inside_passes_the_request_on_and_says_so(behind: Behind):
    broken = SemToken(encoder=Broken())
    body = json.dumps({"model": "m", "messages": [user(MARKED)]}, indent=1)
    with serving(create_app(broken, upstream=Upstream(behind.url))) as url:
        reply = httpx.post(f"{url}/v1/chat/completions", content=body)
    assert reply.headers["x-semtoken"] == "fallback"
    assert behind.bodies[-1] == body.encode()


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
HELLO = b"Content-Length: 5\r\n\r\nhello"
REPLIES = {
    "both lengths": (b"200 OK\r\nContent-Length: 3\r\n" + CHUNKED, 200),
    "no such status": (b"999 Odd\r\n" + HELLO, 502),
    "a name for one hop": (b"200 OK\r\nConnection: close, X-Own\r\nX-Own: 1\r\n" + HELLO, 200),
    "a cookie": (b"200 OK\r\nSet-Cookie: a=b\r\n" + HELLO, 200),
}


@pytest.mark.parametrize(("sent", "status"), REPLIES.values(), ids=REPLIES)
def test_an_odd_reply_is_passed_back_in_order_or_refused(engine: SemToken, sent: bytes, status: int):
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        upstream = Upstream(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        with serving(create_app(engine, upstream=upstream)) as url:
            named = {"connection": "close, x-own", "x-own": "1"}
            asked = pool.submit(httpx.get, f"{url}/v1/models", timeout=30, headers=named)
            taken, _ = listener.accept()
            with taken:
                assert b"x-own" not in taken.recv(10_000).lower()
                taken.sendall(b"HTTP/1.1 " + sent)
                reply = asked.result()
    assert reply.status_code == status
    assert (reply.text == "hello") is (status == 200)
    assert not {"x-own", "set-cookie"} & set(reply.headers)


def test_a_counter_that_fails_does_not_stop_a_chat(behind: Behind):
    def down(text: str) -> int:
        raise ConnectionError("no server counts")

    engine = SemToken(encoder="static", token_counter=down)
    body = json.dumps({"model": "m", "messages": [user(2000 * "word. " + f"\n\n{QUESTION}")]}, indent=1)
    config = ServeConfig(threshold=2000)
    with serving(create_app(engine, config, upstream=Upstream(behind.url))) as url:
        reply = httpx.post(f"{url}/v1/chat/completions", content=body)
    assert (reply.status_code, reply.headers["x-semtoken"]) == (200, "fallback")
    assert behind.bodies[-1] == body.encode()


class Broken:
    """An encoder that fails."""

    name = "broken"

    def count(self, text):
        return len(text.split())

    def encode(self, texts, titles):
        raise FloatingPointError("as asked")
