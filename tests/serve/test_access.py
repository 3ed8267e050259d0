"""Who may ask: by host name, by origin, by key; and what everybody may see."""

from __future__ import annotations

import json
import logging

import pytest

pytest.importorskip("fastapi")
from fastapi import FastAPI
from starlette.testclient import TestClient

from semtoken_rag import SemToken
from semtoken_rag.serve.app import create_app
from semtoken_rag.serve.logs import JsonFormatter
from semtoken_rag.serve.settings import ServeConfig, Upstream
from semtoken_rag.testing import HashEncoder

OWN = "http://127.0.0.1:8000"
ASKED = {"chunks": [{"text": "The tower opened. It rained."}], "ratio": 0.5}
ENGINE = SemToken(encoder=HashEncoder())


@pytest.fixture
def client():
    with TestClient(create_app(ENGINE), base_url=OWN) as found:
        yield found


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""])
def test_another_name_for_this_machine_gets_nothing(client, host: str):
    for method, path in (("GET", "/health"), ("GET", "/metrics"), ("POST", "/v1/compress")):
        reply = client.request(method, path, headers={"host": host})
        assert reply.status_code == 400
        assert reply.json()["error"]["message"].endswith(f"to the name {host!r}")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_another_sites_page_may_ask_nothing(client, origin: str):
    assert client.post("/v1/compress", json=ASKED, headers={"origin": origin}).status_code == 403
    assert client.post("/v1/compress", json=ASKED, headers={"origin": OWN}).status_code == 200


def test_no_page_loads_scripts_from_elsewhere(client):
    assert client.get("/openapi.json").json()["info"]["title"] == "SemToken"
    for path in ("/docs", "/redoc", "/"):
        assert client.get(path).status_code == 404
    assert "default-src 'none'" in client.get("/health").headers["content-security-policy"]


GIVEN = ["", "sk", "Bearer", "Bearer ", "Bearer sk-wrong", "Basic sk-right", "Bearer é"]


@pytest.mark.parametrize("given", GIVEN)
def test_without_the_key_only_health_answers(given: str):
    with TestClient(create_app(ENGINE, ServeConfig(api_key="sk-right")), base_url=OWN) as client:
        headers = {"authorization": given.encode()} if given else {}
        for method, path in (("GET", "/metrics"), ("GET", "/openapi.json"), ("POST", "/v1/compress")):
            reply = client.request(method, path, headers=headers)
            assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/health", headers=headers).status_code == 200
        for scheme in ("Bearer", "bearer"):
            right = {"authorization": f"{scheme} sk-right"}
            assert client.post("/v1/compress", json=ASKED, headers=right).status_code == 200


def test_it_can_be_mounted_below_a_path():
    outer = FastAPI()
    outer.mount("/api", create_app(ENGINE, ServeConfig(api_key="sk-right")))
    with TestClient(outer, base_url=OWN) as client:
        assert client.get("/api/health").status_code == 200
        assert client.get("/api/metrics").status_code == 401
        right = {"authorization": "Bearer sk-right"}
        assert client.post("/api/v1/compress", json=ASKED, headers=right).status_code == 200
        text = client.get("/api/metrics", headers=right).text
    assert 'semtoken_calls_total{endpoint="/v1/compress",status="200"} 1.0' in text


def test_many_errors_are_a_short_reply(client):
    reply = client.post("/v1/compress", json={"chunks": 5000 * [1]})
    assert reply.status_code == 422
    assert reply.json()["detail"].endswith("; and 4997 more")
    assert len(reply.content) < 1000
    form = client.post("/v1/compress", data={"chunks": "a"})
    assert form.json()["detail"] == "the body must be JSON, sent with Content-Type: application/json"


def test_metrics_count_calls_and_tokens_by_endpoint(client):
    got = client.post("/v1/compress", json=ASKED).json()
    client.post("/v1/compress", json={})
    client.get("/nowhere/at/all")
    text = client.get("/metrics").text
    for line in (
        'semtoken_calls_total{endpoint="/v1/compress",status="200"} 1.0',
        'semtoken_calls_total{endpoint="/v1/compress",status="422"} 1.0',
        'semtoken_calls_total{endpoint="other",status="404"} 1.0',
        f"semtoken_tokens_before_total {float(got['tokens_before'])}",
        f"semtoken_tokens_after_total {float(got['tokens_after'])}",
        'semtoken_seconds_count{endpoint="/v1/compress"} 2.0',
        "semtoken_in_flight 1.0",
    ):
        assert line in text.splitlines()


def test_a_fallback_is_counted_by_its_kind_and_logged_without_its_message(caplog):
    class Broken(HashEncoder):
        def encode(self, texts, titles):
            raise FloatingPointError("a secret of the text")

    with TestClient(create_app(SemToken(encoder=Broken())), base_url=OWN) as client:
        with caplog.at_level(logging.INFO):
            assert client.post("/v1/compress", json=ASKED).json()["fallback"].startswith("FloatingPointError")
        assert 'semtoken_fallbacks_total{failure="FloatingPointError"} 1.0' in client.get("/metrics").text
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    told = next(line for line in lines if line["message"] == "request")
    assert told["fallback"] == "FloatingPointError"
    assert "secret" not in str(lines)


def test_a_failure_that_is_raised_is_a_500_whose_log_has_no_message(caplog):
    class Broken(HashEncoder):
        def encode(self, texts, titles):
            raise FloatingPointError("a secret of the text")

    app = create_app(SemToken(encoder=Broken(), on_error="raise"))
    with TestClient(app, base_url=OWN, raise_server_exceptions=False) as client:
        reply = client.post("/v1/compress", json=ASKED)
    assert (reply.status_code, reply.json()["detail"]) == (500, "failed inside: FloatingPointError")
    try:
        raise FloatingPointError("a secret of the text")
    except FloatingPointError as error:
        info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("a", logging.ERROR, "", 0, "it failed", (), info)
    line = json.loads(JsonFormatter().format(record))
    assert line["error"] == "FloatingPointError"
    assert line["place"].rpartition(":")[0] == __file__
    assert "secret" not in str(line)


@pytest.mark.parametrize(
    ("text", "url", "model"),
    [
        ("http://localhost:8080/v1", "http://localhost:8080/v1", None),
        ("openai:http://localhost:11434/v1/#qwen3:0.6b", "http://localhost:11434/v1", "qwen3:0.6b"),
        ("https://host/v1#", "https://host/v1", None),
    ],
)
def test_an_upstream_is_read_as_it_is_typed(text: str, url: str, model: str | None):
    found = Upstream(text, api_key="sk-secret")
    assert (found.url, found.model) == (url, model)
    assert "sk-secret" not in repr(found)


@pytest.mark.parametrize(
    "text", ["", "localhost:8080", "ftp://host/v1", "openai:", "http://", "http://host/v1?a=b"]
)
def test_what_is_no_address_is_refused_with_the_value(text: str):
    with pytest.raises(ValueError, match="the address of a server must be as"):
        Upstream(text)


@pytest.mark.parametrize(
    "given",
    [
        {"max_bytes": 0},
        {"max_calls": 0},
        {"max_waiting": -1},
        {"threshold": -1},
        {"max_wait": 0},
        {"max_upload": float("inf")},
        {"api_key": ""},
        {"api_key": "schlüssel"},
        {"api_key": "sk-secret\n"},
    ],
)
def test_a_setting_out_of_range_is_refused(given):
    with pytest.raises(ValueError, match=f"^{next(iter(given))} must be") as error:
        ServeConfig(**given)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "given", [{"api_key": ""}, {"api_key": "sk\n"}, {"seconds": 0}, {"seconds": float("nan")}]
)
def test_a_setting_of_the_server_behind_is_checked_before_it_is_asked(given):
    with pytest.raises(ValueError, match=f"{next(iter(given))} must be"):
        Upstream("http://localhost:8080/v1", **given)
