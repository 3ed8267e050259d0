from __future__ import annotations

import pytest

from semtoken_rag.readers import Address, resolve_reader


@pytest.mark.parametrize(
    ("text", "url", "root", "model"),
    [
        (
            "openai:http://127.0.0.1:11434/v1#qwen3:0.6b",
            "http://127.0.0.1:11434/v1",
            "http://127.0.0.1:11434",
            "qwen3:0.6b",
        ),
        (
            "openai:https://llm.example/a/v1/#org/model",
            "https://llm.example/a/v1",
            "https://llm.example/a",
            "org/model",
        ),
        ("openai:http://[::1]:8080/v1", "http://[::1]:8080/v1", "http://[::1]:8080", ""),
        ("openai:http://localhost:8080#m#2", "http://localhost:8080", "http://localhost:8080", "m#2"),
    ],
)
def test_an_address_is_read_and_written(text: str, url: str, root: str, model: str):
    address = Address.parse(text)
    assert (address.url, address.root, address.model) == (url, root, model)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "openai:",
        "openai:127.0.0.1:8080/v1",
        "openai:ftp://127.0.0.1/v1",
        "openai:http://:8080/v1",
        "openai:http://host:99999/v1",
        "openai:http://host:no/v1",
        "openai:http://host/v1?key=1",
        "openai:http://ho st/v1",
        "openai:http://höst/v1",
        "openai:http://host\r\nX: y/v1",
        "org/model",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text: str):
    with pytest.raises(ValueError, match=r"as openai:http://127\.0\.0\.1:8080/v1#MODEL, got ") as error:
        Address.parse(text)
    assert repr(text)[:40] in str(error.value)


@pytest.mark.parametrize("text", ["http://127.0.0.1:11434/v1", "https://host/v1#m"])
def test_a_bare_url_is_refused_with_how_it_is_written(text: str):
    with pytest.raises(
        ValueError, match=f"write a server's address as openai:{text.partition('#')[0]}#MODEL"
    ):
        resolve_reader(text)


def test_a_password_is_not_shown():
    with pytest.raises(ValueError, match="OPENAI_API_KEY") as error:
        Address.parse("openai:http://me:secret@host/v1#m")
    assert "secret" not in str(error.value)


def test_a_model_in_this_process_takes_no_other_tokenizer():
    with pytest.raises(ValueError, match="'org/model' brings its own: got 'other'"):
        resolve_reader("org/model", tokenizer="other")
