"""The files of allowed folders, read again only when they change; nothing outside of them is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from semtoken_rag._lru import ByteLRU
from semtoken_rag.deadline import check
from semtoken_rag.mcp_server.document import Document
from semtoken_rag.text.encodable import encodable
from semtoken_rag.text.files import decode_utf8
from semtoken_rag.text.pdf import PdfLimits, read_pdf

LEFT_OUT = frozenset({"node_modules", "__pycache__"})  # and what begins with a dot
Known: TypeAlias = tuple[tuple[int, int], Document | str]  # mtime and size; the text, or why there is none
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read of a folder at most.

    Parameters
    ----------
    file_bytes
        Bytes of a file, and characters of a PDF's text.
    files
        Number of files.
    characters
        Characters of all texts together; the first files in the order of their paths count.
    pdf_seconds
        Seconds that a PDF may take.
    """

    file_bytes: int = 5 * 2**20
    files: int = 5_000
    characters: int = 32 * 2**20
    pdf_seconds: float = 20.0


class Folders:
    """Folders that may be read.

    Parameters
    ----------
    folders
        Paths; what lies outside of them, or is reached through a link inside of them, is never read.
    limits
        See `Limits`.

    Raises
    ------
    ValueError
        If a path is no folder; the message has it.
    """

    def __init__(self, folders: Sequence[str | Path], limits: Limits | None = None) -> None:
        for folder in folders:
            if not str(folder).strip() or not Path(folder).is_dir():  # blank: of a variable not set
                raise ValueError(f"a folder must be given, got {str(folder)!r:.200}")
        self.names = tuple(Path(folder).as_posix() for folder in folders)
        self.limits = limits or Limits()
        self._roots = [Path(name).resolve(strict=True) for name in self.names]
        self._known: ByteLRU[tuple[Path, str], Known] = ByteLRU(4 * self.limits.characters, _size)

    def read(self, folder: str = "") -> tuple[list[Document], list[tuple[str, str]]]:
        """Read the files of a folder, text, code, markup and PDF; what is hidden is left out.

        Parameters
        ----------
        folder
            One of the folders, or a folder inside of one, as a path from the working directory or from one of
            them. Empty: all of them.

        Returns
        -------
        list of Document
            The texts, by their paths.
        list of tuple of str, str
            The path of each file that was skipped, and the reason.

        Raises
        ------
        ValueError
            If it is none of these; the message has the value received.
        """
        documents: list[Document] = []
        skipped: list[tuple[str, str]] = []
        left = self.limits.characters
        for number, (path, name) in enumerate(self._files(folder)):
            if number == self.limits.files:
                skipped.append((f"{name} and what follows it", f"beyond the first {number} files"))
                break
            check()
            found = self._file(path, name, left)
            if isinstance(found, str):
                skipped.append((name, found))
            else:
                documents.append(found)
                left -= len(found.text)
        return documents, skipped

    def _files(self, folder: str) -> Iterator[tuple[Path, str]]:
        """Yield path and name of each file, link, and folder that cannot be listed."""
        seen: set[str] = set()  # one of the folders may be inside of another
        for top, shown in self._tops(folder):
            for path in _walk(top, seen):
                name = f"{shown.rstrip('/')}/{path.relative_to(top).as_posix()}".removeprefix("./")
                yield path, encodable(name)  # a name on disk need not be text

    def _tops(self, folder: str) -> list[tuple[Path, str]]:
        """Return the folders that are meant, resolved, with their names in citations."""
        pairs = list(zip(self._roots, self.names, strict=True))
        if not folder.strip():
            return pairs
        for given in (Path(folder), *(root / folder for root in self._roots)):
            try:
                top = given.resolve(strict=True)
            except (OSError, ValueError, RuntimeError):  # not there, a NUL in it, a circle of links
                continue
            for root, name in pairs:
                if not top.is_relative_to(root) or not top.is_dir():
                    continue
                inner = top.relative_to(root)
                if not any(map(_hidden, inner.parts)):
                    return [(top, f"{name.rstrip('/')}/{inner.as_posix()}" if inner.parts else name)]
        allowed = ", ".join(self.names)
        raise ValueError(f"folder must be one of, or inside of, {allowed}, got {folder!r:.200}")

    def _file(self, path: Path, name: str, left: int) -> Document | str:
        """Return a file's text, or why it has none; ``left`` is how many characters may be read."""
        try:
            state = path.lstat()
            if fault := self._refused(state):
                return fault
            stamp = (state.st_mtime_ns, state.st_size)
            (known,) = self._known.get([(path, name)])
            if known is None or known[0] != stamp:
                if state.st_size > left:
                    return self._beyond()
                known = (stamp, self._load(path, name))
                self._known.put([((path, name), known)])
            found = known[1]
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return self._beyond() if isinstance(found, Document) and len(found.text) > left else found

    def _beyond(self) -> str:
        return f"beyond the first {self.limits.characters} characters of the folder"

    def _refused(self, state: os.stat_result) -> str:
        if stat.S_ISLNK(state.st_mode):
            return "a link"
        if stat.S_ISDIR(state.st_mode):
            return "a folder that cannot be listed"
        if not stat.S_ISREG(state.st_mode):
            return "no regular file"
        if state.st_size > self.limits.file_bytes:
            return f"larger than {self.limits.file_bytes} bytes"
        return ""

    def _load(self, path: Path, name: str) -> Document | str:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            if fault := self._refused(os.fstat(file.fileno())):
                return fault
            data = file.read(self.limits.file_bytes)
        try:
            text, pages = self._pdf(data, name) if data.startswith(b"%PDF-") else (_text(data, name), ())
        except (ValueError, ImportError) as error:
            return " ".join(str(error).removeprefix(name).lstrip(" ,:").split())
        return Document.of(name, text, pages) if text.strip() else "holds no text"

    def _pdf(self, data: bytes, name: str) -> tuple[str, tuple[int, ...]]:
        limits = PdfLimits(characters=self.limits.file_bytes, seconds=self.limits.pdf_seconds)
        text, pages = "", []
        for _, _, page in read_pdf(data, name, limits=limits):
            pages.append(len(text))
            text += f"{page}\n\n"
        return text, tuple(pages)


def _walk(top: Path, seen: set[str]) -> Iterator[Path]:
    """Yield what is no folder, in order, and last what cannot be listed; links are never followed."""
    closed: list[str] = []
    for where, inner, files in os.walk(top, onerror=lambda error: closed.append(error.filename)):
        if where in seen:
            inner.clear()
            continue
        seen.add(where)
        links = [name for name in inner if Path(where, name).is_symlink()]
        inner[:] = sorted(name for name in inner if name not in links and not _hidden(name))
        yield from (Path(where, name) for name in sorted([*files, *links]) if not _hidden(name))
    yield from map(Path, closed)


def _text(data: bytes, name: str) -> str:
    if b"\0" in data[:8192]:
        raise ValueError("not a text")
    return decode_utf8(data, name, "not UTF-8")


def _size(known: Known) -> int:
    """Return about how many bytes a file takes in memory."""
    return 100 + (3 * len(known[1].text) if isinstance(known[1], Document) else 0)


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in LEFT_OUT
