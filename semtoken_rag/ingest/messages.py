"""Errors of a worker as JSON, which can be read without running code and without the package of the error."""

from __future__ import annotations

import builtins
import json


def error_to_json(error: Exception) -> str:
    """Write an exception as its nearest built-in type and its message.

    >>> error_to_json(json.JSONDecodeError("odd", "{", 1))
    '["ValueError", "JSONDecodeError: odd: line 1 column 2 (char 1)"]'
    """
    own = type(error)
    known = next(t.__name__ for t in own.__mro__ if getattr(builtins, t.__name__, None) is t)
    said = str(error) if own.__name__ == known else f"{own.__name__}: {error}"
    return json.dumps([known, said])


def error_from_json(data: str) -> Exception:
    """Make the exception again, or a RuntimeError of the same message if its type takes more than that.

    >>> error_from_json(error_to_json(KeyError("a"))), error_from_json('["UnicodeDecodeError", "odd"]')
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
