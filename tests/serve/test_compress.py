"""Compression over HTTP: clean by its own schema, and nothing that JSON can hold breaks it."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("fastapi")
import schemathesis
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient

from semtoken_rag import Budget, SemToken
from semtoken_rag.serve.app import create_app
from semtoken_rag.serve.settings import ServeConfig
from semtoken_rag.testing import HashEncoder

CONFIG = ServeConfig(hosts=("testserver",), max_bytes=50_000)
APP = create_app(SemToken(encoder=HashEncoder()), CONFIG)
TEXT = "The tower 🗼 opened in 1889. It rained that day. Crowds came from far away."
ASKED = {"chunks": [{"id": "a", "text": TEXT}], "query": "When did the tower open?", "max_tokens": 8}

schema = schemathesis.openapi.from_asgi(
    "/openapi.json", create_app(SemToken(encoder=HashEncoder()), ServeConfig(hosts=("*",)))
)


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_clean_by_its_own_schema(case):
    case.call_and_validate()


@pytest.fixture
def client():
    with TestClient(APP) as found:
        yield found


def test_pieces_slice_the_passages(client):
    got = client.post("/v1/compress", json=ASKED).json()
    assert got["text"] == "The tower 🗼 opened in 1889."
    assert got["tokens_after"] <= 8 < got["tokens_before"]
    assert got["fallback"] is None
    assert (got["confidence"], got["cut_by"], got["answerable"]) == (None, "max_tokens", None)
    assert got["pieces"]
    for piece in got["pieces"]:
        assert piece["id"] == "a"
        assert piece["text"] == TEXT[piece["start"] : piece["end"]]


def test_where_only_max_tokens_is_given_no_ratio_applies(client):
    asked = {"chunks": [{"text": "The tower opened in 1889. It rained that day."}], "query": ASKED["query"]}
    assert client.post("/v1/compress", json={**asked, "max_tokens": 8}).json()["text"].endswith("1889.")
    both = client.post("/v1/compress", json={**asked, "max_tokens": 8, "ratio": 0.2}).json()
    assert both["cut_by"] == "ratio"


def test_the_servers_own_budget_holds_where_none_is_given():
    config = ServeConfig(hosts=("testserver",), budget=Budget(max_tokens=8))
    with TestClient(create_app(SemToken(encoder=HashEncoder()), config)) as client:
        asked = {"chunks": [{"text": TEXT}], "query": ASKED["query"]}
        assert client.post("/v1/compress", json=asked).json()["tokens_after"] <= 8
        assert client.post("/v1/compress", json={**asked, "ratio": 1}).json()["text"] == TEXT


def test_the_old_path_goes_on_working(client):
    assert client.post("/compress", json=ASKED).json() == client.post("/v1/compress", json=ASKED).json()


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "-1", "0", '"many"', "null", "[]"])
def test_a_ratio_that_is_none_is_refused(client, value: str):
    body = json.dumps(ASKED)[:-1] + f', "ratio": {value}}}'
    response = client.post("/v1/compress", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert "body.ratio" in response.json()["detail"]


CALIBRATED = create_app(SemToken(encoder="static"), CONFIG)


def test_keep_takes_as_many_tokens_as_it_needs():
    with TestClient(CALIBRATED) as client:
        chunks = [
            {"text": TEXT},
            {"text": "Bread is made of flour. The dough rests for an hour. It is baked."},
        ]
        asked = {"chunks": chunks, "query": "When did the tower open?"}
        some, more = (
            client.post("/v1/compress", json={**asked, "keep": keep}).json() for keep in (0.5, 0.95)
        )
        assert some["confidence"] >= 0.5
        assert more["confidence"] >= 0.95
        assert some["tokens_after"] <= more["tokens_after"]
        assert 0 < some["answerable"] < 1
        bound = client.post("/v1/compress", json={**asked, "keep": 0.95, "max_tokens": 6}).json()
        assert bound["cut_by"] == "max_tokens"
        assert bound["confidence"] < 0.95


@pytest.mark.parametrize("value", ["0", "1", "-0.5", "NaN", '"many"', "true"])
def test_a_keep_that_is_no_chance_is_refused(client, value: str):
    body = json.dumps(ASKED)[:-1] + f', "keep": {value}}}'
    response = client.post("/v1/compress", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert "body.keep" in response.json()["detail"]


def test_what_cannot_be_promised_is_a_conflict_that_names_it(client):
    response = client.post("/v1/compress", json={**ASKED, "keep": 0.9})
    assert response.status_code == 409
    assert "keep=0.9 needs a calibration" in response.json()["detail"]


def test_the_schema_says_what_the_chances_are():
    schemas = APP.openapi()["components"]["schemas"]
    assert "nothing wanted is lost" in schemas["Question"]["properties"]["keep"]["description"]
    for name in ("confidence", "cut_by", "answerable"):
        assert schemas["Compressed"]["properties"][name]["description"]


def test_half_a_character_is_replaced_and_positions_stay(client):
    body = json.dumps({"chunks": [{"id": "\ud800", "text": "Half \ud83d of it."}], "ratio": 1})
    got = client.post("/v1/compress", content=body, headers={"content-type": "application/json"}).json()
    assert got["pieces"] == [{"id": "\ufffd", "start": 0, "end": 13, "text": "Half \ufffd of it."}]


@pytest.mark.parametrize("score", ["Infinity", "-Infinity", "NaN", "1e400"])
def test_a_score_that_is_no_number_does_no_harm(client, score: str):
    body = json.dumps({**ASKED, "chunks": [{"text": TEXT}, {"text": "More."}]})
    body = body.replace('{"text": "More."}', f'{{"text": "More.", "score": {score}}}')
    response = client.post("/v1/compress", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200
    assert response.json()["text"]


def test_depth_and_number_do_no_harm(client):
    headers = {"content-type": "application/json"}
    deep = client.post("/v1/compress", content="[" * 40_000, headers=headers)
    assert deep.status_code in (400, 422)
    many = client.post("/v1/compress", content="{" + '"chunks": [' + "{}," * 12_000 + "{}]}", headers=headers)
    assert many.status_code == 422
    assert len(many.content) < 1_000_000
