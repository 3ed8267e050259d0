"""Bytes of a file to text: UTF-8 with an error that names the place, and the pages of a PDF."""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from semtoken_rag._optional import require
from semtoken_rag.text.encodable import encodable


def decode_utf8(data: bytes, name: str, rule: str = "a text must be UTF-8") -> str:
    r"""Decode a file's bytes. Newlines stay as they are, so that offsets hold.

    Parameters
    ----------
    data
        Content of the file.
    name
        Name of the file, for the error.
    rule
        What the error says.

    Returns
    -------
    str
        The text.

    Raises
    ------
    ValueError
        If it is not UTF-8; names the file, the line (from 1), what stands there, and at which byte (from 0).

    Examples
    --------
    >>> decode_utf8(b"one\ntwo caf\xe9", "a.txt")
    Traceback (most recent call last):
    ValueError: a.txt, line 2: a text must be UTF-8, got b'\xe9' at 11
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, found = data.count(b"\n", 0, error.start) + 1, data[error.start : error.start + 10]
        place = f"{name}, line {line}"
        raise ValueError(f"{place}: {rule}, got {found!r} at {error.start}") from None


def write_whole(path: str | Path, data: bytes) -> None:
    """Write a file that holds all of the data in the end, or is as it was.

    The data go to a new file, which then takes the name. A link is followed; what is no file, such as a pipe
    or ``/dev/stdout``, is written to.

    Parameters
    ----------
    path
        The file; its folder exists.
    data
        All that it shall hold.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = path.resolve()
    new = target.with_name(f".semtoken-{secrets.token_hex(8)}")
    try:
        if target.exists():
            target.open("ab").close()  # an error if it must not be written
        with new.open("xb") as file:
            file.write(data)
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
    finally:
        new.unlink(missing_ok=True)


def read_pdf(data: bytes, name: str) -> Iterator[tuple[int, int, str]]:
    """Read a PDF page by page.

    Parameters
    ----------
    data
        Content of the file.
    name
        Name of the file, for the error.

    Yields
    ------
    tuple of int, int, str
        Number of the page (from 1), number of pages, and text of the page without lone surrogates.

    Raises
    ------
    ValueError
        If it is no PDF, is broken or is encrypted; names the file.
    ImportError
        If pypdf is missing; names the extra.
    """
    pypdf = require("pypdf", extra="ui")
    try:
        pages = pypdf.PdfReader(io.BytesIO(data)).pages
        total = len(pages)
        for number, page in enumerate(pages, 1):
            yield number, total, encodable(page.extract_text())
    except pypdf.errors.PyPdfError as error:
        raise ValueError(f"{name} cannot be read: {error}") from error
