"""Clients that send much, slowly or nothing, that leave, or that are too many; and an end in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytest.importorskip("fastapi")
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from semtoken_rag import SemToken
from semtoken_rag.serve.app import create_app
from semtoken_rag.serve.server import serving
from semtoken_rag.serve.settings import ServeConfig
from tests.support.held import Held, until

pytestmark = pytest.mark.enable_socket

ASKED = {"chunks": [{"text": "The tower opened. It rained."}], "query": "tower", "ratio": 0.5}
BODY = json.dumps(ASKED).encode()
HEAD = (
    b"POST /v1/compress HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n"
)


@pytest.fixture
def held() -> Iterator[Held]:
    encoder = Held(polite=True)
    yield encoder
    encoder.go.set()


@pytest.fixture(scope="module")
def quick() -> Iterator[str]:
    config = ServeConfig(max_bytes=5000, max_upload=0.3)
    with serving(create_app(SemToken(encoder="static"), config), patience=0.6) as url:
        yield url


def connect(url: str) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", httpx.URL(url).port))
    made.settimeout(20)
    return made


def test_a_body_that_is_too_large_is_refused_by_its_length_and_on_the_way(quick: str):
    for body in (6000 * b"x", iter([3000 * b"x", 3000 * b"x"])):
        reply = httpx.post(f"{quick}/v1/compress", content=body)
        assert (reply.status_code, reply.json()["detail"]) == (413, "the body must have at most 5000 bytes")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_method_has_bodies_without_a_bound(quick: str, method: str):
    assert httpx.request(method, f"{quick}/v1/models", content=6000 * b"x").status_code == 413


def test_a_body_in_chunks_counts_as_the_largest_whatever_length_it_gives(quick: str):
    head = HEAD % 0
    with connect(quick) as one, connect(quick) as two, connect(quick) as three, connect(quick) as four:
        for client in (one, two, three, four):
            client.sendall(head.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n") + b"1\r\n")
        assert four.recv(100).startswith(b"HTTP/1.1 503 ")


def test_a_body_that_does_not_come_is_answered_and_dropped(quick: str):
    with connect(quick) as client:
        client.sendall(HEAD % 1000)
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")
        while client.recv(10_000):
            pass


@pytest.mark.parametrize("sent", [b"", b"POST /v1/compress HTTP/1.1\r\nHost:"])
def test_a_request_that_never_begins_is_dropped(quick: str, sent: bytes):
    with connect(quick) as client:
        client.sendall(sent)
        for _ in range(4):  # a byte now and then does not help
            time.sleep(0.1)
            client.sendall(b"x" if sent else b"")
        assert client.recv(1) == b""


def test_a_client_that_does_not_read_is_dropped():
    app, dropped = FastAPI(), threading.Event()

    async def flood() -> AsyncIterator[bytes]:
        try:
            while True:
                yield 2**16 * b"x"
                await asyncio.sleep(0)
        finally:
            dropped.set()

    app.get("/")(lambda: StreamingResponse(flood()))
    with serving(app, patience=0.5) as url, connect(url) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert dropped.wait(20)


def test_a_call_too_many_is_told_when_to_come_again(held: Held):
    config = ServeConfig(max_calls=1, max_waiting=1)
    with serving(create_app(SemToken(encoder=held), config)) as url, ThreadPoolExecutor(2) as pool:
        ask = lambda: httpx.post(f"{url}/v1/compress", json=ASKED, timeout=30)  # noqa: E731
        first = [pool.submit(ask) for _ in range(2)]
        until(lambda: held.entered and "semtoken_in_flight 3.0" in httpx.get(f"{url}/metrics").text)
        over = ask()
        assert (over.status_code, over.headers["retry-after"]) == (503, "1")
        assert over.json()["detail"] == "1 calls wait already"
        held.go.set()
        assert [job.result().status_code for job in first] == [200, 200]
        assert ask().status_code == 200


def test_a_turn_that_does_not_come_in_time_is_503(held: Held):
    config = ServeConfig(max_calls=1, max_wait=0.1)
    with serving(create_app(SemToken(encoder=held), config)) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(httpx.post, f"{url}/v1/compress", json=ASKED, timeout=30)
        until(lambda: held.entered)
        assert httpx.post(f"{url}/v1/compress", json=ASKED).json()["detail"] == "no turn within 0.1 s"
        held.go.set()
        assert first.result().status_code == 200


def test_bodies_that_are_held_are_bounded(held: Held):
    config = ServeConfig(max_bytes=10_000, max_calls=1)
    large = {**ASKED, "chunks": [{"text": 9000 * "x"}]}
    with serving(create_app(SemToken(encoder=held), config)) as url, ThreadPoolExecutor(4) as pool:
        first = [pool.submit(httpx.post, f"{url}/v1/compress", json=large, timeout=30) for _ in range(3)]
        until(lambda: "semtoken_in_flight 4.0" in httpx.get(f"{url}/metrics").text)
        assert "bytes are under way already" in httpx.post(f"{url}/v1/compress", json=large).json()["detail"]
        first.append(pool.submit(httpx.post, f"{url}/v1/compress", json=ASKED, timeout=30))
        until(lambda: "semtoken_in_flight 5.0" in httpx.get(f"{url}/metrics").text)
        held.go.set()
        assert [job.result().status_code for job in first] == 4 * [200]


def test_nobody_works_for_clients_that_are_gone(held: Held):
    config = ServeConfig(max_calls=1)
    with serving(create_app(SemToken(encoder=held), config)) as url:
        clients = [connect(url) for _ in range(20)]
        for client in clients:
            client.sendall(HEAD % len(BODY) + BODY)
        until(lambda: held.entered)
        for client in clients:
            client.close()
        until(lambda: "semtoken_in_flight 1.0" in httpx.get(f"{url}/metrics").text)
        held.go.set()
        assert httpx.post(f"{url}/v1/compress", json=ASKED).status_code == 200
        assert held.finished == 1
        assert held.entered < 10  # some begin while the clients close one after the other
        assert 'status="499"} 20.0' in httpx.get(f"{url}/metrics").text


def test_the_command_ends_in_order_and_logs_no_text():
    command = [sys.executable, "-m", "semtoken_rag.cli", "serve", "--port", "0", "--encoder", "static"]
    environment = os.environ | {"SEMTOKEN_API_KEY": "sk-own"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        said = process.stdout.readline()
        url, headers = said.split()[0], {"authorization": "Bearer sk-own"}
        assert httpx.get(f"{url}/health").json()["status"] == "ok"
        assert httpx.post(f"{url}/v1/compress", json=ASKED).status_code == 401
        assert httpx.post(f"{url}/v1/compress", json=ASKED, headers=headers).status_code == 200
        with connect(url) as client:
            client.sendall(HEAD.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer sk-own\r\n\r\n") % len(BODY))
            until(lambda: "semtoken_in_flight 2.0" in httpx.get(f"{url}/metrics", headers=headers).text)
            process.send_signal(signal.SIGTERM)
            threading.Timer(0.3, client.sendall, [BODY]).start()
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        _, log = process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGTERM)
    lines = [json.loads(line) for line in log.splitlines()]
    asked = [line for line in lines if line["message"] == "request" and line["endpoint"] == "/v1/compress"]
    assert [line["status"] for line in asked] == [401, 200, 200]
    assert asked[1]["tokens_after"] < asked[1]["tokens_before"]
    assert "tower" not in log
    assert "sk-own" not in log


def test_who_is_refused_while_sending_still_reads_why(quick: str):
    for host, status in ((b"localhost", b"413"), (b"evil.example", b"400")):
        head = HEAD.replace(b"localhost", host).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        with connect(quick) as client:
            client.sendall(head % 3_000_000)
            client.sendall(3_000_000 * b"x")
            assert client.recv(100).startswith(b"HTTP/1.1 " + status)
