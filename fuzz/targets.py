"""What is fuzzed: each target takes bytes and raises where a promise is broken."""

from __future__ import annotations

import copy
import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.cli import app
from semtoken_rag.fingerprints.format import HEADER, MAGIC, from_bytes
from semtoken_rag.ingest import open_source
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES
from semtoken_rag.testing import HashEncoder, check_context
from semtoken_rag.train.examples import read_examples

NEXT, TITLE = "\x1e", "\x1f"  # between chunks, and between a chunk's title and its text
NAMES = sorted([*STRATEGIES, *PAPER_STRATEGIES])
COUNTERS: Mapping[str, Callable[[str], int] | None] = {
    "estimate": None,
    "words": lambda text: len(text.split()),
    "characters": len,
}
NEUTRAL = Config(sanitise_markers=True, gap="", separator="\n", max_chunk_share=0.5)


def text_of(data: bytes) -> str:
    """Decode; what is no UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def chunks_of(text: str) -> tuple[str, list[Chunk]]:
    """Read a question and its chunks."""
    question, *rest = text.split(NEXT)
    pairs = (part.partition(TITLE) for part in rest or [question])
    return question, [Chunk(own or title, title=title if own else "") for title, _, own in pairs]


@cache
def engine(strategy: str, encoder: str, counter: str, config: Config | None = None) -> SemToken:
    """Make an engine once."""
    made: Any = HashEncoder() if encoder == "hash" else encoder
    return SemToken(
        encoder=made, strategy=strategy, token_counter=COUNTERS[counter], on_error="raise", config=config
    )


def compress(data: bytes) -> None:
    """Compress with any strategy, encoder and counter: budget, offsets, determinism, inputs untouched."""
    if len(data) < 3:
        return
    strategy = NAMES[data[0] % len(NAMES)]
    counter = list(COUNTERS)[data[1] % len(COUNTERS)]
    made = engine(strategy, "hash" if data[1] & 64 else "static", counter, NEUTRAL if data[1] & 128 else None)
    limit, (question, chunks) = 1 + data[2], chunks_of(text_of(data[3:]))
    before = copy.deepcopy(chunks)
    context = made.compress(chunks, question, max_tokens=limit)
    assert chunks == before, "the input was changed"
    if data[1] & 128:
        assert made.counter.count(context.text) <= limit, "over the budget"
    else:
        check_context(context, chunks, limit, made.counter.count)
    again = made.compress(chunks, question, max_tokens=limit)
    assert (again.text, again.chunks) == (context.text, context.chunks), "another result the second time"


def command(data: bytes) -> None:
    """Run ``semtoken compress --json`` on standard input: pieces that are slices, or one line."""
    arguments = ["compress", "--json", "--encoder", "static", "--query", "When?", "--max-tokens", "9"]
    result = CliRunner().invoke(app, arguments, input=data)
    if result.exit_code == 0:
        text, said = data.decode("utf-8"), json.loads(result.stdout)
        assert all(text[p["start"] : p["end"]] == p["text"] for p in said["pieces"]), "no slices"
        assert said["stats"]["tokens_after"] <= 9, "over the budget"
    else:
        assert result.exit_code == 2, repr(result.exception)
        assert result.stderr.startswith("semtoken: "), result.stderr
        assert result.stderr.count("\n") == 1, result.stderr


def rows(data: bytes) -> None:
    """Read JSON Lines, of a corpus and of training questions: rows, or a ValueError that is short."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_bytes(data)
        for read in (lambda: list(open_source(path)), lambda: read_examples(path)):
            said = ""
            try:
                read()
            except ValueError as error:
                said = str(error)
            assert len(said) < 400 + len(folder), "an error that repeats the document"


class Foreign:
    """A store whose every value is the same."""

    def __init__(self, value: bytes) -> None:
        self.value = value

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value for every key."""
        return [self.value for _ in keys]

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep nothing."""

    def mdelete(self, keys: Sequence[str]) -> None:
        """Forget nothing."""

    def yield_keys(self, *, prefix: str | None = None) -> Any:
        """Have no keys."""
        return iter(())


def stored(data: bytes) -> None:
    """Read a store's value, its checksum made right: it is refused, or harmless to a call."""
    if len(data) < HEADER.size:
        return
    question, chunks = chunks_of("When?" + NEXT + "The tower opened in 1889. It rained.")
    body = data[HEADER.size :]
    n, t, m, d = struct.unpack("<BBBB", data[:4])
    value = HEADER.pack(MAGIC, zlib.crc32(body), n % 16, t % 4, m % 8, (4, 16, 256, d)[d % 4]) + body
    for each in (data, value):
        with suppress(ValueError):
            from_bytes(each, chunks[0].text)
        made = SemToken(encoder="static", store=Foreign(each))
        check_context(made.compress(chunks, question, max_tokens=6), chunks, 6, made.counter.count)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "compress": compress,
    "command": command,
    "rows": rows,
    "stored": stored,
}


def seeds() -> dict[str, list[bytes]]:
    """Return what each target starts from."""
    from semtoken_rag.encoders.static import default_static_encoder
    from semtoken_rag.fingerprints.base import Fingerprint
    from semtoken_rag.fingerprints.stored import to_bytes
    from semtoken_rag.stages.segment import segment

    texts = [
        "When?\x1eEiffel\x1fThe tower opened in 1889. It is not 3.5 km.\x1eBread is made of flour.",
        "Who?\x1eName | Born\nAda | 1815\nAlan | 1912\x1e- item one\n- item two\n\ndef f():\n    return 1;",
        'x\x1e{"a": [1, {"b": "c"}], "d": "e. f."}\x1e```\ncode\n```\n<|im_start|>system\n[INST] </s>',
        "你好。吗？\x1eمرحبا. كيف؟\x1ee\u0301 \u200b\u202e \U0001f600 “a. ‘b.",
    ]
    text = "The tower opened in 1889. It rained."
    value = to_bytes(Fingerprint(default_static_encoder().encode([text], [""])[0], segment(text)))
    _, _, n, t, m, _ = HEADER.unpack_from(value)
    shaped = bytes([n, t, m, 2]) + bytes(HEADER.size - 4) + value[HEADER.size :]
    rows_ = [
        b'{"text": "a. b.", "title": "c", "id": 1}\n{"text": 5}\n',
        b'{"question": "Who?", "chunks": ["Ada. Bob."], "gold": ["Ada."]}\n',
        b'{"question": "Who?", "chunks": [{"text": "Ada", "title": "t"}], "answers": ["Ada"]}\n',
    ]
    return {
        "compress": [bytes([i, i, 7]) + t.encode() for i in range(len(NAMES)) for t in texts],
        "command": [t.encode() for t in texts],
        "rows": rows_,
        "stored": [value, shaped],
    }
