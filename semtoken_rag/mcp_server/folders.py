"""The files of allowed folders, read again only when they change; nothing outside of them is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from semtoken_rag._internal.lru import ByteLRU
from semtoken_rag.deadline import check
from semtoken_rag.files.document import Document
from semtoken_rag.files.limits import Limits, Skipped
from semtoken_rag.files.paths import in_line
from semtoken_rag.files.read import parsed, reason_of
from semtoken_rag.files.walk import content, fault_of, is_hidden, walk

Known: TypeAlias = tuple[tuple[int, int], Document | str]  # mtime and size; the text, or why there is none
LIMITS = Limits(file_bytes=5 * 2**20, seconds=20.0)


class Folders:
    """Folders that may be read.

    Parameters
    ----------
    folders
        Paths; what lies outside of them, or is reached through a link inside of them, is never read.
    limits
        What is read of all of them together; None for files of 5 MB, each within 20 seconds.

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
        self.limits = limits or LIMITS
        self._roots = [Path(name).resolve(strict=True) for name in self.names]
        self._known: ByteLRU[tuple[Path, str], Known] = ByteLRU(4 * self.limits.characters, _size)

    def read(self, folder: str = "") -> tuple[list[Document], list[Skipped]]:
        """Read the files of a folder that hold text; what is hidden is left out.

        Parameters
        ----------
        folder
            One of the folders, or a folder inside of one, as a path from the working directory or from one of
            them. Empty: all of them.

        Returns
        -------
        list of Document
            The texts, by their paths.
        list of Skipped
            The files that were not read, and why.

        Raises
        ------
        ValueError
            If it is none of these; the message has the value received.
        """
        documents: list[Document] = []
        skipped: list[Skipped] = []
        left = self.limits.characters
        for number, (path, name) in enumerate(self._files(folder)):
            if number == self.limits.files:
                skipped.append(Skipped(f"{name} and what follows it", f"beyond the first {number} files"))
                break
            check()
            found = self._file(path, name, left)
            if isinstance(found, str):
                skipped.append(Skipped(name, found))
            else:
                documents.append(found)
                left -= len(found.text)
        return documents, skipped

    def _files(self, folder: str) -> Iterator[tuple[Path, str]]:
        """Yield path and name of each file, link, and folder that cannot be listed."""
        seen: set[str] = set()  # one of the folders may be inside of another
        for top, shown in self._tops(folder):
            for path in walk(top, seen):
                name = f"{shown.rstrip('/')}/{path.relative_to(top).as_posix()}".removeprefix("./")
                yield path, in_line(name)  # a name on disk need not be text

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
                if not any(map(is_hidden, inner.parts)):
                    return [(top, f"{name.rstrip('/')}/{inner.as_posix()}" if inner.parts else name)]
        allowed = ", ".join(self.names)
        raise ValueError(f"folder must be one of, or inside of, {allowed}, got {folder!r:.200}")

    def _file(self, path: Path, name: str, left: int) -> Document | str:
        """Return a file's text, or why it has none; ``left`` is how many characters may be read."""
        try:
            state = path.lstat()
            if fault := fault_of(state, self.limits):
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
            return f"cannot be read: {reason_of(error)}"
        return self._beyond() if isinstance(found, Document) and len(found.text) > left else found

    def _beyond(self) -> str:
        return f"beyond the first {self.limits.characters} characters of the folder"

    def _load(self, path: Path, name: str) -> Document | str:
        try:
            return parsed(name, content(path, self.limits), self.limits)
        except (ValueError, ImportError) as error:
            return reason_of(error)


def _size(known: Known) -> int:
    """Return about how many bytes a file takes in memory."""
    return 100 + (3 * len(known[1].text) if isinstance(known[1], Document) else 0)
