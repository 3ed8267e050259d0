"""Files of rows, JSON Lines and parquet; each row is a chunk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from semtoken_rag._internal.optional import require
from semtoken_rag.ingest.base import Source, cuts
from semtoken_rag.types import Chunk

BLOCK = 2**20  # bytes
ROWS = 256  # of a parquet file, at a time
PART = 2**16  # bytes; a file is not cut into smaller parts


@dataclass(frozen=True, slots=True)
class JsonLines:
    """The lines of a file that begin between the bytes ``start`` and ``end``; blank lines are skipped."""

    path: Path
    start: int
    end: int

    @classmethod
    def open(cls, path: Path) -> JsonLines:
        """Return the whole file."""
        return cls(path, 0, path.stat().st_size)

    def __iter__(self) -> Iterator[Chunk]:
        """Decode line by line; a ValueError names the file, the line (from 1) and what is wrong."""
        for place, line in self._lines():
            if not line.strip():
                continue
            try:
                yield _chunk(json.loads(line))
            except (ValueError, RecursionError) as error:
                number = _newlines(self.path, 0, place) + 1
                reason = str(error) if type(error) is ValueError else f"a row must be JSON, got {line!r:.80}"
                raise ValueError(f"{self.path}, line {number}: {reason}") from None

    def rows(self) -> int:
        """Count the lines."""
        return _newlines(self.path, self.start, self.end) + 1

    def split(self, most: int) -> list[Source]:
        """Cut by bytes; a line belongs to the part in which it begins."""
        parts = min(most, (self.end - self.start) // PART + 1)
        return [replace(self, start=a, end=b) for a, b in cuts(self.start, self.end, parts)]

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the position of each line's first byte, and the line."""
        with self.path.open("rb") as file:
            place = _next_line(file, self.start)
            while place < self.end and (line := file.readline()):
                yield place, line
                place += len(line)


@dataclass(frozen=True, slots=True)
class Parquet:
    """Some row groups of a parquet file."""

    path: Path
    groups: tuple[int, ...]

    @classmethod
    def open(cls, path: Path) -> Parquet:
        """Return the whole file; raise ImportError without pyarrow, ValueError if it is no parquet file."""
        try:
            with _parquet(path) as file:
                return cls(path, tuple(range(file.num_row_groups)))
        except ValueError as error:  # pyarrow's own, which does not name the file
            raise ValueError(f"{path}: {error!s:.80}") from None

    def __iter__(self) -> Iterator[Chunk]:
        """Decode `ROWS` rows at a time; a ValueError names the file, the row (from 1) and what is wrong."""
        with _parquet(self.path) as file:
            for group in self.groups:
                number = sum(file.metadata.row_group(i).num_rows for i in range(group))
                for batch in file.iter_batches(ROWS, row_groups=[group]):
                    for row in batch.to_pylist():
                        number += 1
                        try:
                            yield _chunk(row)
                        except ValueError as error:
                            raise ValueError(f"{self.path}, row {number}: {error}") from None

    def rows(self) -> int:
        """Read the number of rows from the file's footer."""
        with _parquet(self.path) as file:
            return sum(file.metadata.row_group(group).num_rows for group in self.groups)

    def split(self, most: int) -> list[Source]:
        """Cut between row groups: a row group is the smallest part that can be read alone."""
        return [replace(self, groups=self.groups[a:b]) for a, b in cuts(0, len(self.groups), most)]


def _chunk(row: Any) -> Chunk:
    if not isinstance(row, Mapping):
        raise ValueError(f"a row must be an object, got {row!r:.80}")
    rest = dict(row)
    text, title, name = (rest.pop(key, None) for key in ("text", "title", "id"))
    if not isinstance(text, str):
        raise ValueError(f"text must be a str, got {text!r:.80}")
    if not isinstance(title, str | None):
        raise ValueError(f"title must be a str, got {title!r:.80}")
    if not isinstance(name, str | int | None):
        raise ValueError(f"id must be a str or an int, got {name!r:.80}")
    return Chunk(text, id=None if name is None else str(name), title=title or "", metadata=rest)


def _parquet(path: Path) -> Any:
    # Without a buffer, each column of a row group is read at once.
    return require("pyarrow.parquet", extra="ray").ParquetFile(path, buffer_size=BLOCK)


def _next_line(file: BinaryIO, place: int) -> int:
    """Seek to the first line that begins at ``place`` or later; return its position."""
    if not place:
        return 0
    file.seek(place - 1)
    file.readline()
    return file.tell()


def _newlines(path: Path, start: int, end: int) -> int:
    found = 0
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (block := file.read(min(BLOCK, end - start))):
            found += block.count(b"\n")
            start += len(block)
    return found
