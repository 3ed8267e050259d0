"""Open a corpus by its path: files and folders, a JSON Lines file or a parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from semtoken_rag.files import Limits, Skipped
from semtoken_rag.files.paths import Found, find, read_found
from semtoken_rag.ingest.base import Source, cuts
from semtoken_rag.ingest.files import JsonLines, Parquet
from semtoken_rag.ingest.splitters import PASSAGES, resolve_splitter
from semtoken_rag.types import Chunk

ROWS: Mapping[str, Callable[[Path], Source]] = {".jsonl": JsonLines.open, ".parquet": Parquet.open}


def open_source(path: str | Path, splitter: str | None = None) -> Source:
    """Return the corpus at ``path``, which is read row by row or file by file.

    Parameters
    ----------
    path
        A ``.jsonl`` or ``.parquet`` file of rows, each a chunk, with ``text`` and optionally ``title`` and
        ``id``; other keys become metadata. Or any other file, a folder or a pattern, see
        `semtoken_rag.files.read_paths`.
    splitter
        Cuts what is no row into chunks, see `semtoken_rag.ingest.splitters.resolve_splitter`; None:
        ``passages``.

    Returns
    -------
    Source
        The whole corpus. To read it raises ValueError for a row that is no chunk, with the file, the line or
        row (from 1) and what was found there, and for a file that was named and cannot be read.

    Raises
    ------
    FileNotFoundError
        If there is nothing at ``path``.
    ValueError
        If there is no file, or the splitter is none, or is given for rows.
    ImportError
        If it is a parquet file and pyarrow is missing, or the splitter needs a package; names the extra.
    """
    path = Path(path)
    if (kind := _kind(path)) is None:
        return Files.open([path], splitter or PASSAGES)
    if not path.exists():
        raise FileNotFoundError(f"source {str(path)!r} does not exist")
    if splitter is not None:
        raise ValueError(
            f"splitter is for files that are no rows of chunks, got {splitter!r} with {str(path)!r}"
        )
    return kind(path.absolute())  # workers may run in another folder


def open_sources(paths: Sequence[str], splitter: str | None = None) -> list[Source]:
    """Return the corpora at several paths: each file of rows, and all else together; see `open_source`."""
    each = [path for given in paths for path in _expanded(given)]
    rest = [path for path in each if _kind(Path(path)) is None]
    rows = [open_source(path, splitter) for path in each if path not in rest]
    return [*rows, Files.open(rest, splitter or PASSAGES)] if rest else rows


def _expanded(path: str) -> list[str]:
    """Return the files of rows that a pattern stands for; any other path as it is."""
    if _kind(Path(path)) is None or Path(path).exists():
        return [path]
    return [str(found.path) for found in find([path])]


def _kind(path: Path) -> Callable[[Path], Source] | None:
    """Return what opens a file of rows; None for any other path."""
    return None if path.is_dir() else ROWS.get(path.suffix.lower())


@dataclass(frozen=True, slots=True)
class Files:
    """Files, each of which is read and cut into chunks.

    Attributes
    ----------
    found
        The files.
    splitter
        See `resolve_splitter`.
    skipped
        Files of folders that could not be read so far, and why.
    """

    found: tuple[Found, ...]
    splitter: str = PASSAGES
    skipped: list[Skipped] = field(default_factory=list, compare=False)

    @classmethod
    def open(cls, paths: Sequence[str | Path], splitter: str = PASSAGES) -> Files:
        """Return the files of paths, folders and patterns; raise ValueError if there is none."""
        resolve_splitter(splitter)  # what is wrong with it is said now
        found = tuple(find(paths))
        if missing := [each.name for each in found if each.top is None and not each.path.exists()]:
            raise FileNotFoundError(f"source {missing[0]!r} does not exist")
        if not found:
            raise ValueError(f"source must have a file, got {', '.join(map(str, paths))!r:.200}")
        return cls(found, splitter)

    def __iter__(self) -> Iterator[Chunk]:
        """Read file by file."""
        cut = resolve_splitter(self.splitter)
        self.skipped.clear()
        for found in self.found:
            read = read_found(found, Limits())
            if isinstance(read, str):
                self.skipped.append(Skipped(found.name, read))
            else:
                yield from cut(read)

    def rows(self) -> None:
        """Return None: how many chunks there are is known when the files are read."""

    def split(self, most: int) -> list[Source]:
        """Cut the list of files, with paths that are good in any folder."""
        files = [
            Found(path.absolute(), name, None if top is None else top.absolute())
            for path, name, top in self.found
        ]
        return [Files(tuple(files[a:b]), self.splitter) for a, b in cuts(0, len(files), most)]
