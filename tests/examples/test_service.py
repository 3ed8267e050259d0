from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

import service
from semtoken_rag import SemToken


def test_the_call_of_its_docstring_keeps_the_answer():
    body = json.loads(re.search(r"--json '(.*?)'", service.__doc__, re.DOTALL)[1])
    with TestClient(service.create_app(SemToken(encoder="static"))) as client:
        assert client.post("/v1/compress", json=body).json()["text"] == "The tower opened in 1889."
    with TestClient(service.create_app(SemToken(encoder="static"), max_bytes=100)) as client:
        assert client.post("/v1/compress", json=body).status_code == 413
