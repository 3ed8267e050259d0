"""The reader's tokenizer where the reader is a server: asked for by HTTP, or loaded by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from semtoken_rag.readers.address import Address
from semtoken_rag.readers.connection import Connection, ServerError
from semtoken_rag.text.encodable import encodable

TOKENIZER = "tokenizer.json"  # data alone, unlike what transformers may load by a name
BATCH = 2**20  # characters of one request, if it has more than one text
CALLERS = 8  # requests at once, where each takes one text
REMEMBERED = 100_000  # texts
UNKNOWN = (200, 400, 404, 405, 415, 422, 501)  # statuses of servers that do not know an endpoint or its body
BORDER = -1  # no token has this number; llama.cpp passes on numbers between texts as they are


class ServerTokenizer:
    """Counts tokens as the server's model does; for ``token_counter=``.

    llama.cpp's server counts many texts in one request, vLLM's one (`CALLERS` requests at once), Ollama's as
    well where it has ``/api/tokenize``. What was counted is remembered.

    Parameters
    ----------
    address
        As ``openai:http://127.0.0.1:8080/v1#MODEL``.
    api_key
        None: the variable OPENAI_API_KEY, if it is set.
    timeout
        Seconds without a byte after which a request has failed, above 0.

    Raises
    ------
    ValueError
        If the address is none.
    """

    def __init__(self, address: str | Address, *, api_key: str | None = None, timeout: float = 120.0) -> None:
        address = Address.parse(address) if isinstance(address, str) else address
        self._connection = Connection(address, api_key=api_key, timeout=timeout)
        self._endpoint: _Endpoint | None = None
        self._known: dict[bytes, int] = {}

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._connection.requests

    def __call__(self, text: str) -> int:
        """Return the number of tokens of a text, without those that begin and end a prompt.

        Parameters
        ----------
        text
            The text.

        Returns
        -------
        int
            Its tokens.

        Raises
        ------
        ServerError
            If the server cannot be reached, refuses, or has no endpoint that counts.
        """
        return self.count_all([text])[0]

    def count_all(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, in as few requests as the server allows."""
        keys = [_key(text) for text in texts]
        counts = {key: self._known[key] for key in keys if key in self._known}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in counts}
        if new:
            counts.update(zip(new, self._ask([encodable(text) for text in new.values()]), strict=True))
            if len(self._known) + len(new) > REMEMBERED:
                self._known = {}
            self._known.update((key, counts[key]) for key in new)
        return [counts[key] for key in keys]

    def _ask(self, texts: Sequence[str]) -> list[int]:
        endpoint = self._endpoint = self._endpoint or self._find()
        batches = list(_batches(texts) if endpoint.many else ([text] for text in texts))

        def ask(batch: Sequence[str]) -> list[int]:
            return endpoint.ask(self._connection, batch)

        if len(batches) == 1:
            return ask(batches[0])
        with ThreadPoolExecutor(CALLERS) as pool:
            return [count for counts in pool.map(ask, batches) for count in counts]

    def _find(self) -> _Endpoint:
        """Return the first endpoint that counts as one of its kind does."""
        for endpoint in ENDPOINTS:
            try:
                endpoint.ask(self._connection, ["a", "b"] if endpoint.many else ["a"])
            except ServerError as error:
                if error.status not in UNKNOWN:
                    raise
            else:
                return endpoint
        raise ServerError(
            f"{self._connection.address.url} has no endpoint that counts tokens: name the model's tokenizer "
            "(--tokenizer, tokenizer=), a name on the hub, a folder or a tokenizer.json"
        )


class _Endpoint(NamedTuple):
    """How a kind of server counts tokens, and whether it takes many texts in a request."""

    ask: Callable[[Connection, Sequence[str]], list[int]]
    many: bool


def _llama_cpp(connection: Connection, texts: Sequence[str]) -> list[int]:
    """Count by llama.cpp's ``/tokenize``: texts and numbers in a list give one list of tokens."""
    content: list[str | int] = [texts[0]]
    for text in texts[1:]:
        content += [BORDER, text]
    reply = connection.post(f"{connection.address.root}/tokenize", {"content": content})
    counts = [0]
    for token in _field(connection, reply, "tokens", list):
        if token == BORDER:
            counts.append(0)
        else:
            counts[-1] += 1
    if len(counts) != len(texts):
        raise connection.not_the_protocol(json.dumps(reply).encode())
    return counts


def _vllm(connection: Connection, texts: Sequence[str]) -> list[int]:
    """Count by vLLM's ``/tokenize``."""
    body = {"prompt": texts[0], "add_special_tokens": False} | _model(connection)
    reply = connection.post(f"{connection.address.root}/tokenize", body)
    count: int = _field(connection, reply, "count", int)
    if count < 0:
        raise connection.not_the_protocol(json.dumps(reply).encode())
    return [count]


def _ollama(connection: Connection, texts: Sequence[str]) -> list[int]:
    """Count by ``/api/tokenize``, as it is proposed for Ollama."""
    body = {"content": texts[0]} | _model(connection)
    reply = connection.post(f"{connection.address.root}/api/tokenize", body)
    return [len(_field(connection, reply, "tokens", list))]


ENDPOINTS = (_Endpoint(_llama_cpp, True), _Endpoint(_vllm, False), _Endpoint(_ollama, False))


def _model(connection: Connection) -> dict[str, str]:
    return {"model": connection.address.model} if connection.address.model else {}


def _field(connection: Connection, reply: Any, name: str, kind: type) -> Any:
    value = reply.get(name) if isinstance(reply, dict) else None
    if type(value) is not kind:  # JSON has no subclasses, and a bool is no number of tokens
        raise connection.not_the_protocol(json.dumps(reply).encode())
    return value


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield texts together, up to `BATCH` characters; a longer text alone."""
    batch: list[str] = []
    for text in texts:
        if batch and sum(map(len, batch)) + len(text) > BATCH:
            yield batch
            batch = []
        batch.append(text)
    yield batch


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def load_tokenizer(name: str) -> Any:
    """Load a tokenizer that runs here, without torch unless it is that of a ``.gguf`` file.

    Parameters
    ----------
    name
        A ``tokenizer.json``, a folder with one, a name on the Hugging Face hub, or a ``.gguf`` file.

    Returns
    -------
    tokenizer
        For ``token_counter=``.

    Raises
    ------
    ValueError
        If there is none by this name.
    """
    if name.endswith(".gguf"):
        from semtoken_rag.llm.load import load_tokenizer as from_gguf

        return from_gguf(name)
    from huggingface_hub import hf_hub_download
    from tokenizers import Tokenizer

    file = Path(name, TOKENIZER) if Path(name).is_dir() else Path(name)
    try:
        return Tokenizer.from_file(str(file) if file.is_file() else hf_hub_download(name, TOKENIZER))
    except Exception as error:  # the library raises a plain Exception
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"no tokenizer can be loaded by the name {name!r:.80}: {said}") from error
