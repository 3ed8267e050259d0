from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parent / "recorded"


class Replay(ThreadingHTTPServer):
    """Answers with what is written down; ``asked`` has method and path, body and key of each request."""

    daemon_threads = True

    def __init__(self, replies: dict[str, dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies, self.asked, self.left = replies, list[tuple[str, Any, str | None]](), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Replay

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        called = f"{self.command} {self.path}"
        self.server.asked.append((called, json.loads(body or "null"), self.headers.get("Authorization")))
        reply = self.server.replies.get(called, {"status": 404, "text": "404 page not found"})
        self.send_response(reply["status"])
        for name, value in reply.get("headers", {}).items():
            self.send_header(name, value)
        if "events" not in reply:
            self.send_header("Content-Type", "application/json" if "json" in reply else "text/plain")
            self.end_headers()
            self.wfile.write(
                json.dumps(reply["json"]).encode() if "json" in reply else reply["text"].encode()
            )
            return
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for event in reply["events"]:
                data = event if isinstance(event, str) else json.dumps(event)
                self.wfile.write(f": still here\n\ndata: {data}\n\n".encode())
            while reply.get("hangs"):
                self.wfile.write(b": still here\n\n")
                if self.server.left.wait(0.01):
                    break
        except OSError:
            self.server.left.set()

    do_GET = do_POST = answer

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def replaying(replies: dict[str, dict[str, Any]]) -> Iterator[Replay]:
    with Replay(replies) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def replay() -> Iterator[Callable[..., Replay]]:
    """Start a server that answers as one that was written down, with other replies in place of some."""
    with ExitStack() as stack:

        def start(name: str, /, **others: dict[str, Any]) -> Replay:
            recorded = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
            paths = {
                "chat": "POST /v1/chat/completions",
                "models": "GET /v1/models",
                "tokenize": "POST /tokenize",
            }
            replies = recorded["replies"] | {paths[key]: reply for key, reply in others.items()}
            return stack.enter_context(replaying(replies))

        yield start
