"""Files that are texts already: their encoding."""

from __future__ import annotations

import codecs
import re

SHOWN = 10  # bytes of what is no UTF-8, in the error
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(data: bytes, *, declared: bool = False) -> str:
    r"""Decode UTF-8, or UTF-16 that begins with a byte order mark. Newlines stay as they are.

    Parameters
    ----------
    data
        Content of a file.
    declared
        Whether it may declare another encoding, as a web page does.

    Returns
    -------
    str
        The text without the byte order mark.

    Raises
    ------
    ValueError
        If it is neither; the message says what stands where (byte from 0, line from 1).

    Examples
    --------
    >>> decode(b"one\ntwo caf\xe9")
    Traceback (most recent call last):
    ValueError: not UTF-8, got b'\xe9' at 11, line 2
    """
    if data.startswith(UTF16):
        return _strict(data, "utf-16")
    if b"\0" in data:
        raise ValueError("not a text")
    return _strict(data, _declared(data) if declared else "utf-8").removeprefix("\ufeff")


def _declared(page: bytes) -> str:
    """Return the encoding that a page declares, UTF-8 if it declares none that is known."""
    found = re.search(rb"(?i)<meta\b[^>]{0,200}charset=[\"']?([\w.:-]{1,40})", page[:4096])
    name = found[1].decode("ascii").lower() if found else "utf-8"
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return "utf-8"
    return "cp1252" if known in ("iso8859-1", "ascii") else known  # as browsers read it


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        found, line = data[error.start : error.start + SHOWN], data.count(b"\n", 0, error.start) + 1
        place = f"got {found!r} at {error.start}, line {line}"
        raise ValueError(f"not {encoding.upper()}, {place}") from None
