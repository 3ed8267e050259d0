"""JSON as text: a record a line, letters as letters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from semtoken_rag.stages.passages import LONG
from semtoken_rag.text.encodable import encodable

RECORD = 1000  # characters of a line, where what it holds can be parted
_MARK = "\0"  # around numbers, which stay as they are written
_NUMBER = re.compile(r'"\\u0000([^"\\]*)\\u0000"')
_LINE = re.compile(r"[^\r\n]+")


def json_text(text: str) -> str:
    r"""Return JSON with a line for each record, such as an object of a list.

    Parameters
    ----------
    text
        The content of a file. What fits into a passage, or is no JSON, is returned as it is.

    Returns
    -------
    str
        JSON Lines. What lies in a record that is too long for a line has its path as its key; numbers are as
        they are written.

    Examples
    --------
    >>> print(json_text('{"fees": [' + '{"plan": "Gr\\u00fcn",\n"fee": 9.50},' * 99 + '{}]}')[:39])
    {"fees": {"plan": "Grün", "fee": 9.50}}
    """
    if len(text) <= LONG:
        return text
    try:
        return encodable("\n".join(_lines(_loads(text), "")))
    except (ValueError, RecursionError):
        return text


def json_lines_text(text: str) -> str:
    r"""Return JSON Lines with letters instead of their numbers, line by line.

    >>> json_lines_text('{"fee": "9 \\u20ac"}\nno JSON: \\u20ac')
    '{"fee": "9 €"}\nno JSON: \\u20ac'
    """
    return encodable(_LINE.sub(lambda line: _with_letters(line[0]), text))


def _with_letters(line: str) -> str:
    if "\\u" not in line:
        return line
    try:
        return _dumps(_loads(line))
    except (ValueError, RecursionError):
        return line


def _lines(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict | list) or not value or _left(value, RECORD) >= 0:
        yield _dumps({path: value} if path else value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _lines(inner, f"{path}.{key}" if path else key)
    else:
        for number, inner in enumerate(value):
            long = _left(inner, RECORD) < 0
            yield from _lines(inner, f"{path}[{number}]" if long else path)


def _left(value: Any, room: int) -> int:
    """Return how many characters are left of ``room``, below 0 as soon as there are none."""
    if not isinstance(value, dict | list):
        return room - len(str(value)) - 2
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        room = _left(inner, room - len(str(key)) - 4 if isinstance(value, dict) else room - 2)
        if room < 0:
            break
    return room


def _loads(text: str) -> Any:
    if "\\u0000" in text:
        raise ValueError("the mark of numbers")
    marked = f"{_MARK}{{}}{_MARK}".format
    return json.loads(text, object_pairs_hook=_unique, parse_float=marked, parse_int=marked)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(made := dict(pairs)) < len(pairs):
        raise ValueError("a key that comes twice, of which one would be lost")
    return made


def _dumps(value: Any) -> str:
    return _NUMBER.sub(r"\1", json.dumps(value, ensure_ascii=False))
