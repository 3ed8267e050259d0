"""Documents in order of relevance, with what to pass on of each."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from semtoken_rag import SemToken
from semtoken_rag.serve.app import create_app
from semtoken_rag.testing import HashEncoder

TOWER = "It rained that day. The tower opened in 1889. Crowds came."
TEXTS = ["Bread is made of flour. The dough rests.", TOWER, "Paris is a city."]
QUERY = "When did the tower open?"


@pytest.fixture(params=["static", HashEncoder()], ids=["with chances", "without"])
def client(request):
    with TestClient(create_app(SemToken(encoder=request.param)), base_url="http://localhost") as found:
        yield found


def test_the_most_relevant_document_is_first(client):
    asked = {"query": QUERY, "documents": TEXTS, "max_tokens": 8, "model": "any", "truncate": True}
    got = client.post("/v1/rerank", json=asked).json()["results"]
    assert sorted(r["index"] for r in got) == [0, 1, 2]
    assert got[0]["index"] == 1
    scores = [r["relevance_score"] for r in got]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert got[0]["pruned_text"] == "The tower opened in 1889."
    assert all("document" not in r for r in got)


def test_texts_objects_and_top_n_are_taken(client):
    asked = {
        "query": QUERY,
        "texts": [{"text": t, "id": 1} for t in TEXTS],
        "top_n": 1,
        "return_documents": True,
    }
    got = client.post("/rerank", json=asked).json()["results"]
    assert [(r["index"], r["document"]) for r in got] == [(1, {"text": TOWER})]


def test_scores_do_not_need_a_budget_that_cuts(client):
    asked = {"query": QUERY, "documents": TEXTS}
    whole = client.post("/v1/rerank", json={**asked, "ratio": 1}).json()["results"]
    part = client.post("/v1/rerank", json={**asked, "ratio": 0.9}).json()["results"]
    assert [r["relevance_score"] for r in whole] == [r["relevance_score"] for r in part]
    assert [r["pruned_text"] for r in whole] == [TEXTS[r["index"]] for r in whole]


@pytest.mark.parametrize(
    "fields", [{}, {"query": ""}, {"query": QUERY}, {"query": QUERY, "documents": [1]}, {"texts": ["a"]}]
)
def test_what_is_no_request_is_refused(client, fields):
    assert client.post("/v1/rerank", json=fields).status_code == 422


def test_no_documents_are_no_results(client):
    assert client.post("/v1/rerank", json={"query": QUERY, "documents": []}).json()["results"] == []
