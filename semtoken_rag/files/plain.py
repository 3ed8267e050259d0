"""Files that are texts already: their encoding."""

from __future__ import annotations

import codecs
import re

# Of what web pages declare; Python knows more, which are no encodings of text or slow.
_ENCODINGS = re.compile(r"utf-8|cp\d+|iso8859-\d+|koi8-[rtu]|gb\w+|big5\w*|(?:shift|euc)_j\w+|euc_kr|mac-\w+")
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
        If it is neither; the message has the first byte that is not, and its line, from 1.

    Examples
    --------
    >>> decode(b"one\ntwo caf\xe9")
    Traceback (most recent call last):
    ValueError: not UTF-8, got byte E9 in line 2; save it as UTF-8
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
    if known in ("iso8859-1", "ascii"):
        return "cp1252"  # as browsers read it
    return known if _ENCODINGS.fullmatch(known) else "utf-8"


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        byte, line = data[error.start], data.count(b"\n", 0, error.start) + 1
        found = f"got byte {byte:02X} in line {line}"
        raise ValueError(f"not {encoding.upper()}, {found}; save it as UTF-8") from None
