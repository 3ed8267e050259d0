"""Read a PDF in a process of its own, which may be killed: bytes on standard input, a JSON line a page.

It is run as a file and imports nothing of the package. Its arguments are the most bytes of memory, seconds of
the processor, pages and characters: the system ends it at these seconds, even if its parent is gone. Its
lines are ``[number, pages, text]``, and ``["end"]`` or ``["error", reason]`` as the last.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any


def main() -> None:
    """Read standard input to its end, then write page after page."""
    memory, seconds, most_pages, most_characters = map(int, sys.argv[1:5])
    _limit(memory, seconds)
    try:
        _read(sys.stdin.buffer.read(), most_pages, most_characters)
    except MemoryError:
        _write("error", f"it takes more than {memory // 2**20} MB of memory")
    except Exception as error:  # whatever a broken file makes pypdf raise
        _write("error", " ".join(str(error).split())[:200] or type(error).__name__)


def _limit(memory: int, seconds: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # there is no such bound on this system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _read(data: bytes, most_pages: int, most_characters: int) -> None:
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError

    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    try:
        total, characters = len(pages), 0
    except (DependencyError, FileNotDecryptedError):  # the former: of AES
        raise ValueError("it is encrypted; save it without a password") from None
    if total > most_pages:
        raise ValueError(f"it has {total} pages, more than {most_pages}")
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        characters += len(text)
        if characters > most_characters:
            raise ValueError(f"it holds more than {most_characters} characters, at page {number} of {total}")
        _write(number, total, text)
    _write("end")


def _write(*line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")  # ASCII, whatever the locale is
    sys.stdout.flush()


if __name__ == "__main__":
    main()
