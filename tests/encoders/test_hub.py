"""Loading by name: from the hub if it answers, without bars where nobody sees them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

pytest.importorskip("transformers")

from huggingface_hub import constants
from huggingface_hub.utils import are_progress_bars_disabled
from transformers.utils import logging as bars

from semtoken_rag import SemToken
from semtoken_rag.encoders.hub import loading


@contextmanager
def hub() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), type("Hub", (BaseHTTPRequestHandler,), {"log_message": print}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"  # and whatever it answers, it is there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.enable_socket
def test_a_hub_that_answers_is_asked_for_files(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with hub() as address:
        monkeypatch.setattr(constants, "ENDPOINT", address)
        with loading("owner/name") as where:
            assert where == {}


@pytest.mark.enable_socket
def test_without_a_network_a_name_is_refused_in_one_sentence_at_once(monkeypatch: pytest.MonkeyPatch, capfd):
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", closed)
    with pytest.raises(ValueError, match=r"'nobody/nothing' .* only its cache was read$"):
        SemToken(encoder="nobody/nothing")
    assert capfd.readouterr().err == ""  # not asked again and again, over a minute


def test_a_name_server_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    silent = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: silent.wait(30))
    monkeypatch.setattr("semtoken_rag.encoders.hub.WAIT", 0.1)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    started = time.monotonic()
    with loading("owner/name") as where:
        assert where == {"local_files_only": True}
    assert time.monotonic() - started < 10
    silent.set()


@pytest.mark.parametrize("load", ["load_model", "load_tokenizer"])
def test_a_language_model_that_is_not_there_is_named_in_one_sentence(load: str):
    from semtoken_rag.llm import load as models

    said = (
        r"^model 'nobody/nothing' is neither .* loaded; the hub cannot be reached, only its cache was read$"
    )
    with pytest.raises(ValueError, match=said):
        getattr(models, load)("nobody/nothing")


def test_a_folder_needs_no_hub(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with loading(str(tmp_path)) as where:
        assert where == {}


@pytest.mark.parametrize("terminal", [False, True])
def test_bars_are_off_while_loading_and_on_again_after_it(monkeypatch: pytest.MonkeyPatch, terminal: bool):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    before = bars.is_progress_bar_enabled(), are_progress_bars_disabled()
    with suppress(OSError), loading("owner/name") as where:
        assert where == {"local_files_only": True}
        assert not bars.is_progress_bar_enabled()
        assert are_progress_bars_disabled() == (before[1] or not terminal)
        raise OSError("no such model")
    assert (bars.is_progress_bar_enabled(), are_progress_bars_disabled()) == before
