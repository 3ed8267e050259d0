"""What readers and workers hand one another: parts of a corpus and errors, as JSON, which runs nothing."""

from __future__ import annotations

import builtins
import json
from dataclasses import fields
from pathlib import Path

from semtoken_rag.ingest.base import Source
from semtoken_rag.ingest.files import JsonLines, Parquet
from semtoken_rag.ingest.open import Folder

SOURCES = {kind.__name__: kind for kind in (JsonLines, Parquet, Folder)}


def part_to_json(part: Source) -> str:
    """Write a part of a corpus down: its kind, paths, and places.

    >>> part_to_json(JsonLines(Path("/a.jsonl"), 0, 9))
    '["JsonLines", {"path": "/a.jsonl", "start": 0, "end": 9}]'
    """
    kind = type(part)
    return json.dumps([kind.__name__, {f.name: getattr(part, f.name) for f in fields(kind)}], default=str)  # type: ignore[arg-type]  # all are dataclasses


def part_from_json(text: str) -> Source:
    """Read what `part_to_json` wrote."""
    name, values = json.loads(text)
    for key, value in values.items():
        if isinstance(value, list):
            values[key] = tuple(value)
        elif key in ("path", "root"):
            values[key] = Path(value)
    part: Source = SOURCES[name](**values)
    return part


def error_to_json(error: Exception) -> bytes:
    """Write an exception down: the built-in type that it is of, and what it says.

    >>> error_to_json(json.JSONDecodeError("odd", "{", 1))
    b'["ValueError", "JSONDecodeError: odd: line 1 column 2 (char 1)"]'
    """
    own = type(error)
    known = next(t.__name__ for t in own.__mro__ if getattr(builtins, t.__name__, None) is t)
    said = str(error) if own.__name__ == known else f"{own.__name__}: {error}"
    return json.dumps([known, said]).encode()


def error_from_json(data: bytes) -> Exception:
    """Make the exception again, or one that says the same where its type needs more than a message.

    >>> error_from_json(error_to_json(KeyError("a"))), error_from_json(b'["UnicodeDecodeError", "odd"]')
    (KeyError("'a'"), RuntimeError('UnicodeDecodeError: odd'))
    """
    name, said = json.loads(data)
    kind = getattr(builtins, name, None)
    if kind is Exception or not (isinstance(kind, type) and issubclass(kind, Exception)):
        return RuntimeError(said)
    try:
        return kind(said)
    except TypeError:
        return RuntimeError(f"{name}: {said}")
