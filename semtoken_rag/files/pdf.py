"""The pages of a PDF, read in a process with bounds of memory and time: a small file may hold a huge text."""

from __future__ import annotations

import json
import math
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from semtoken_rag._internal.optional import require
from semtoken_rag.text.encodable import encodable

CHILD = Path(__file__).with_name("pdf_child.py")
# The child finds what this process finds, and has no folder of the package in front of it.
START = "import runpy, sys; file = sys.argv[1]; n = int(sys.argv[2]); sys.path[:] = sys.argv[3 : 3 + n]; "
START += "del sys.argv[1 : 3 + n]; runpy.run_path(file, run_name='__main__')"
BEAT = 3.0  # seconds between two steps, at most


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """What a PDF may take to read. One that takes more is an error.

    Parameters
    ----------
    pages
        Most pages.
    characters
        Most characters of text in all.
    seconds
        Most seconds in all.
    memory
        Most bytes of memory of the process that reads it, where the system has such a bound (not on Windows).
    """

    pages: int = 5000
    characters: int = 10_000_000
    seconds: float = 40.0
    memory: int = 2**30


def read_pdf(data: bytes, *, limits: PdfLimits | None = None) -> Iterator[tuple[int, int, str] | None]:
    """Read a PDF page by page, in steps of 3 seconds at most, after each of which it can be cancelled.

    Parameters
    ----------
    data
        Content of the file.
    limits
        What it may take; None for the defaults.

    Yields
    ------
    tuple of int, int, str, or None
        Number of the page (from 1), number of pages, and text of the page without lone surrogates; None where
        a step has passed without a page.

    Raises
    ------
    ValueError
        If it is no PDF, is broken, is encrypted or goes beyond a limit.
    ImportError
        If pypdf is missing; names the extra.
    """
    require("pypdf", extra="files")
    limits = limits or PdfLimits()
    processor = math.ceil(limits.seconds) + 1  # for a child that nobody is there to kill
    bounds = [str(bound) for bound in (limits.memory, processor, limits.pages, limits.characters)]
    command = [sys.executable, "-I", "-c", START, str(CHILD), str(len(sys.path)), *sys.path, *bounds]
    pipe, lines, end = subprocess.PIPE, queue.SimpleQueue[bytes](), time.monotonic() + limits.seconds
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as child:
        talk = threading.Thread(target=_talk, args=(child, data, lines), daemon=True)
        talk.start()
        number = total = 0
        try:
            while True:
                left = end - time.monotonic()
                if left <= 0:
                    place = f"after {number} of {total} pages" if total else "before its first page"
                    raise ValueError(f"it takes more than {limits.seconds:g} seconds, {place}")
                try:
                    line = lines.get(timeout=min(BEAT, left))
                except queue.Empty:
                    yield None
                    continue
                if (page := _page(line)) is None:
                    break
                number, total, text = page
                yield number, total, encodable(text)
        finally:
            child.kill()
            talk.join()


def _talk(child: subprocess.Popen[bytes], data: bytes, lines: queue.SimpleQueue[bytes]) -> None:
    """Send the file to the child and receive its lines; an empty one is the end."""
    assert child.stdin
    assert child.stdout
    with suppress(OSError):  # it was killed, or broke off
        child.stdin.write(data)
    with suppress(OSError):
        child.stdin.close()
    for line in child.stdout:
        lines.put(line)
    lines.put(b"")


def _page(line: bytes) -> tuple[int, int, str] | None:
    """Return number, number of pages and text, None at the end; raise ValueError for the child's error."""
    if not line:
        raise ValueError("the process that reads it broke off")
    found = json.loads(line)
    if found[0] == "error":
        raise ValueError(found[1])
    if found[0] == "end":
        return None
    number, total, text = found
    return number, total, text
