"""Open a corpus by its path: a folder of files, a JSON Lines file or a parquet file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from semtoken_rag.files.paths import read_below
from semtoken_rag.files.walk import walk
from semtoken_rag.ingest.base import Source, cuts
from semtoken_rag.ingest.files import JsonLines, Parquet
from semtoken_rag.text.files import is_inside
from semtoken_rag.types import Chunk

log = logging.getLogger(__name__)


def open_source(path: str | Path) -> Source:
    """Return the corpus at ``path``, which is read row by row.

    Parameters
    ----------
    path
        A folder, of which each file that `semtoken_rag.files` can read, however deep, is a chunk with its
        relative path as id, and as title unless it has one; links that lead out of it are left out. Or a
        ``.jsonl`` or ``.parquet`` file of rows with ``text`` and optionally ``title`` and ``id``; other keys
        become metadata.

    Returns
    -------
    Source
        The whole corpus. To read it raises ValueError for a row that is no chunk, with the file, the line or
        row (from 1) and what was found there.

    Raises
    ------
    FileNotFoundError
        If there is nothing at ``path``.
    ValueError
        If ``path`` is none of these, or a folder without a file.
    ImportError
        If it is a parquet file and pyarrow is missing; names the extra.
    """
    path = Path(path).absolute()  # workers may run in another folder
    if path.is_dir():
        return Folder.open(path)
    if not path.exists():
        raise FileNotFoundError(f"source {str(path)!r} does not exist")
    if path.suffix.lower() == ".jsonl":
        return JsonLines.open(path)
    if path.suffix.lower() == ".parquet":
        return Parquet.open(path)
    raise ValueError(f"source must be a folder, a .jsonl or a .parquet file, got {str(path)!r}")


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of a folder; each is a chunk. ``names`` are relative paths."""

    root: Path
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Return all files of a folder, sorted by name; raise ValueError if there is none."""
        found = [file for file in walk(path) if not file.is_dir()]
        inside = [file for file in found if is_inside(file, path)]
        if len(inside) < len(found):
            log.warning("%s: %d files left out, as links lead out of it", path, len(found) - len(inside))
        if names := sorted(file.relative_to(path).as_posix() for file in inside):
            return cls(path, tuple(names))
        raise ValueError(f"source must have a file, got {str(path)!r}")

    def __iter__(self) -> Iterator[Chunk]:
        """Read file by file; the log says which are skipped, and why."""
        for name in self.names:
            path = self.root / name
            if not is_inside(path, self.root):  # since the names were listed
                raise ValueError(f"{path} must be in the folder, got a link to {str(path.resolve())!r}")
            found = read_below(self.root, path, name)
            if isinstance(found, str):
                log.warning("%s is skipped: %s", path, found)
            else:
                yield Chunk(found.text, id=name, title=found.title or name)

    def rows(self) -> int:
        """Return the number of files."""
        return len(self.names)

    def split(self, most: int) -> list[Source]:
        """Cut the list of names."""
        return [replace(self, names=self.names[a:b]) for a, b in cuts(0, len(self.names), most)]
