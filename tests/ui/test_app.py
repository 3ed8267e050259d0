from __future__ import annotations

import json
import re
import socket

import pytest
import uvicorn
from starlette.testclient import TestClient
from typer.testing import CliRunner

from semtoken_rag import SemToken
from semtoken_rag.cli import app as commands
from semtoken_rag.explain import explain, page
from semtoken_rag.testing import HashEncoder, ScriptedReader
from semtoken_rag.ui.app import STATIC, create_app
from semtoken_rag.ui.documents import Document
from semtoken_rag.ui.workbench import Workbench
from tests.ui.samples import ANSWER, MARA, QUESTION, TOWER, pdf

MOST = 20_000
ASKED = {"documents": [{"title": "Tower", "text": TOWER}, {"title": "Mara", "text": MARA}], "query": QUESTION}
OWN = "http://127.0.0.1:8765"


@pytest.fixture
def client():
    made = create_app(Workbench(encoder=HashEncoder(), reader=ScriptedReader(ANSWER)), max_bytes=MOST)
    with TestClient(made, base_url=OWN) as found:
        yield found


def events(response) -> list[tuple[str, dict]]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = [b.split("\n") for b in response.text.split("\n\n") if b.startswith("event")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def test_a_file_is_read(client):
    got = events(client.post("/api/read?name=a.pdf", content=pdf("One.", "Two.")))
    assert [name for name, _ in got] == ["progress", "progress", "document"]
    assert got[-1][1] == {"title": "a.pdf", "text": "One.\n\nTwo."}


def test_documents_are_compressed(client):
    name, data = events(client.post("/api/compress", json=ASKED))[-1]
    assert name == "result"
    assert 0 < data["stats"]["tokens_after"] <= data["stats"]["budget"] < data["stats"]["tokens_before"]


def test_a_question_is_answered(client):
    got = events(client.post("/api/answer", json=ASKED))
    assert "".join(data["text"] for name, data in got if name == "part") == ANSWER
    assert got[-1][0] == "answer"


def test_an_error_on_the_way_is_an_event(client):
    assert events(client.post("/api/answer", json={**ASKED, "query": ""}))[-1][0] == "error"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "[::1]:8765", "127.0.0.1:1:2", "*"],
)
def test_another_name_for_this_machine_gets_nothing(client, host: str):
    for method, path in (("GET", "/"), ("GET", "/api/about"), ("POST", "/api/compress")):
        assert client.request(method, path, headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost", "https://127.0.0.1:8765"],
)
def test_another_site_may_ask_nothing(client, origin: str):
    for path in ("/api/read?name=a", "/api/compress", "/api/answer"):
        assert client.post(path, json=ASKED, headers={"origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"origin": OWN}, {"host": "localhost:8765", "origin": "http://localhost:8765"}]
)
def test_the_page_itself_may_ask(client, headers: dict[str, str]):
    assert client.post("/api/compress", json=ASKED, headers=headers).status_code == 200


def test_a_form_of_another_site_is_not_taken_for_json(client):
    response = client.post("/api/compress", content=json.dumps(ASKED), headers={"content-type": "text/plain"})
    assert response.status_code == 422


@pytest.mark.parametrize("path", ["/api/read?name=big.txt", "/api/compress"])
def test_what_is_too_large_is_refused_by_its_length_and_on_the_way(client, path: str):
    big = b'"' + b"x" * MOST + b'"'
    kind = {"content-type": "application/json" if "compress" in path else "application/octet-stream"}
    assert client.post(path, content=big, headers=kind).status_code == 413
    in_parts = (big[i : i + 1000] for i in range(0, len(big), 1000))
    assert client.post(path, content=in_parts, headers=kind).status_code == 413


@pytest.mark.parametrize(
    "path", ["/", "/theme.css", "/static/page.js", "/api/about", "/nothing", "/static/../app.py"]
)
def test_every_answer_has_the_policy(client, path: str):
    policy = client.get(path).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_nothing_beside_the_static_files_is_served(client):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/docs", "/redoc"):
        assert client.get(path).status_code == 404


def test_colours_are_those_of_the_page_of_a_call(client):
    theme = client.get("/theme.css")
    assert theme.headers["content-type"].startswith("text/css")
    assert 'href="theme.css"' in client.get("/").text
    assert theme.text in page(explain(SemToken(encoder=HashEncoder()).compress([TOWER], QUESTION, ratio=0.5)))
    own = (STATIC / "page.css").read_text(encoding="utf-8")
    assert re.findall(r": *#[0-9a-f]{3}|rgb|hsl", own) == []
    names = set(re.findall(r"--[\w-]+", own))
    assert names == names & set(re.findall(r"(--[\w-]+):", theme.text))


def test_the_page_names_no_other_host():
    for file in STATIC.iterdir():
        assert "//" not in file.read_text(encoding="utf-8").replace("// ", "").replace("\n//", ""), file.name


def test_what_is_wrong_is_said_without_the_input(client):
    response = client.post("/api/compress", json={**ASKED, "strategy": "x" * 500, "ratio": 7})
    assert response.status_code == 422
    assert "body.ratio" in response.json()["detail"]
    assert len(response.text) < 600


@pytest.mark.parametrize("keep", [0, 1, -0.25, 7])
def test_a_keep_that_is_no_chance_is_refused_with_its_value(client, keep: float):
    response = client.post("/api/compress", json={**ASKED, "keep": keep})
    assert response.status_code == 422
    assert f"keep must be in (0, 1), got {float(keep)}" in response.json()["detail"]


@pytest.mark.parametrize("place", ["title", "text", "query"])
def test_half_a_character_does_no_harm(client, place: str):
    half = {"title": "Tower", "text": TOWER, "query": QUESTION}
    half[place] += " \ud800"
    body = {"documents": [{"title": half["title"], "text": half["text"]}], "query": half["query"]}
    headers = {"content-type": "application/json"}
    got = events(client.post("/api/answer", content=json.dumps(body), headers=headers))
    assert got[-1][0] == "answer"


def test_it_opens_with_the_documents_given():
    given = [Document(title="Tower", text=TOWER)]
    about = (
        TestClient(create_app(Workbench(encoder=HashEncoder()), given), base_url=OWN).get("/api/about").json()
    )
    assert about["documents"] == [{"title": "Tower", "text": TOWER}]
    assert about["reader"] is None
    assert about["encoder"] == {"name": "hash", "id": "hash"}
    assert about["promising"] == []


@pytest.fixture
def served(monkeypatch):
    """What the command would serve, and where."""
    seen = []

    def run(server, sockets):
        seen.append((server.config.app, sockets[0].getsockname()))
        sockets[0].close()

    monkeypatch.setattr(uvicorn.Server, "run", run)
    return seen


def command(*arguments: str):
    return CliRunner().invoke(commands, ["ui", "--llm", "none", "--encoder", "static", *arguments])


@pytest.mark.enable_socket
def test_the_command_listens_to_this_machine_alone(served, tmp_path):
    (tmp_path / "tower.md").write_text(TOWER, encoding="utf-8")
    result = command("--port", "0", str(tmp_path / "tower.md"))
    assert result.exit_code == 0, result.output
    made, (host, port) = served[0]
    assert host == "127.0.0.1"
    assert f"http://127.0.0.1:{port} " in result.stdout
    about = TestClient(made, base_url=f"http://127.0.0.1:{port}").get("/api/about").json()
    assert [d["title"] for d in about["documents"]] == ["tower.md"]
    assert about["max_bytes"] == 20 * 2**20


@pytest.mark.enable_socket
@pytest.mark.skipif(not socket.has_ipv6, reason="has no IPv6")
@pytest.mark.parametrize("host", ["::1", "[0:0::1]"])
def test_the_command_listens_to_an_address_of_ipv6(served, host: str):
    result = command("--port", "0", "--host", host)
    assert result.exit_code == 0, result.output
    made, (address, port, *_) = served[0]
    assert address == "::1"
    assert f":{port} until" in result.stdout
    client = TestClient(made, base_url=f"http://[::1]:{port}")
    own = {"origin": f"http://[::1]:{port}"}
    assert client.post("/api/compress", json=ASKED, headers=own).status_code == 200
    assert client.get("/", headers={"host": "[::2]:80"}).status_code == 400
    assert client.get("/", headers={"host": "::1"}).status_code == 400  # without brackets it is no host


@pytest.mark.enable_socket
def test_a_port_in_use_is_one_line(served):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = command("--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert not served


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    (tmp_path / "odd.txt").write_bytes(b"\xff\xff")
    result = command(str(tmp_path / "odd.txt"))
    assert result.exit_code == 2
    assert "odd.txt" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("llm", "said"),
    [
        ("http://127.0.0.1:1/v1", "write a server's address as openai:http://127.0.0.1:1/v1#MODEL"),
        ("openai:http://127.0.0.1:1/v1#m", "no server answers at http://127.0.0.1:1/v1"),
    ],
)
def test_a_server_that_cannot_be_asked_is_one_line(served, llm: str, said: str):
    result = command("--llm", llm, "--port", "0")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not served
