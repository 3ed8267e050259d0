"""A store in one SQLite file."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from semtoken_rag.store.memory import at_least_one_byte

if TYPE_CHECKING:
    import sqlite3

log = logging.getLogger(__name__)

FILE_BYTES = 4 * 2**30
READ_ONLY = "mode=ro"  # in SQLite's URI of a file that cannot be written
IMMUTABLE = "mode=ro&immutable=1"  # where no log can be made beside it either, so that nobody can write
TOUCH = 60  # seconds; a value that was marked as read more recently is not marked again


class SQLiteStore:
    """Keep values in one file; the least recently used are dropped first. Safe for threads and processes.

    Parameters
    ----------
    path
        The file; it and its folders are made if they are missing. One that cannot be written, or lies in a
        folder that cannot be, is read.
    max_bytes
        Limit on the bytes of the values in the file; SQLite's log beside it may take some 30 MB more.
    timeout
        Seconds to wait for another process that locks the file.

    Raises
    ------
    ValueError
        If ``max_bytes`` is below 1.
    sqlite3.DatabaseError
        From every method, if the file is not a database, or cannot be read or written.
    """

    def __init__(self, path: str | Path, max_bytes: int = FILE_BYTES, timeout: float = 10.0) -> None:
        self.path, self.max_bytes, self.timeout = Path(path), at_least_one_byte(max_bytes), timeout
        self._local = threading.local()

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, None if it has none; see `FingerprintStore.mget`."""
        found: dict[str, bytes] = {}
        for some in _slices(keys):
            marks = _marks(some)
            rows = self._connection().execute(
                f"SELECT key, value, used FROM fingerprint WHERE key IN ({marks})", some
            )
            stale = []
            for key, value, used in rows:
                found[key] = value
                if used < time.time() - TOUCH:
                    stale.append(key)
            self._touch(stale)
        return [found.get(key) for key in keys]

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep values, and drop the least recently used if there are too many."""
        now = int(time.time())
        with self._connection(writes=True) as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO fingerprint VALUES (?, ?, ?)",
                [(key, value, now) for key, value in key_value_pairs],
            )
        self._evict()

    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete values."""
        with self._connection(writes=True) as connection:
            for some in _slices(keys):
                connection.execute(f"DELETE FROM fingerprint WHERE key IN ({_marks(some)})", some)

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``."""
        start = prefix or ""
        rows = self._connection().execute(
            "SELECT key FROM fingerprint WHERE substr(key, 1, ?) = ? ORDER BY key", (len(start), start)
        )
        return (key for (key,) in rows.fetchall())

    def __reduce__(self) -> tuple[type[SQLiteStore], tuple[Path, int, float]]:
        """Copy and pickle without the connection."""
        return SQLiteStore, (self.path, self.max_bytes, self.timeout)

    def _connection(self, *, writes: bool = False) -> sqlite3.Connection:
        """Return this thread's connection; a forked process, and a file that was replaced, get another.

        A file that could not be written is tried again before each write.
        """
        here = self._local
        if getattr(here, "open", None) != self._there() or (writes and here.options):
            here.connection, here.options = self._open()
            here.open = self._there()
        connection: sqlite3.Connection = here.connection
        return connection

    def _there(self) -> tuple[int, ...]:
        """Return what a connection belongs to: the process and the file's inode, 0 if there is no file.

        A connection that takes the file for immutable belongs to what the file holds now.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return os.getpid(), 0
        if getattr(self._local, "options", "") != IMMUTABLE:
            return os.getpid(), found.st_ino
        log_exists = Path(f"{self.path}-wal").exists()
        return os.getpid(), found.st_ino, found.st_mtime_ns, found.st_size, log_exists

    def _open(self) -> tuple[sqlite3.Connection, str]:
        """Open the file; return the connection and its URI options, none if it may write."""
        import sqlite3

        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._open_to_write(), ""
        except sqlite3.OperationalError as error:
            if not _is_denied(error) or not self.path.is_file():
                raise
            for options in (READ_ONLY, IMMUTABLE):
                try:
                    connection = self._connect(options)
                    connection.execute("SELECT 1 FROM fingerprint LIMIT 1").fetchall()
                except sqlite3.OperationalError as denied:
                    if not _is_denied(denied):
                        raise
                else:
                    log.info("%s is read only: %s", self.path, error)
                    return connection, options
            raise

    def _connect(self, options: str = "") -> sqlite3.Connection:
        import sqlite3

        class Closing(sqlite3.Connection):
            """A connection that is closed when its thread ends."""

            def __del__(self) -> None:
                with suppress(sqlite3.ProgrammingError):  # it was never opened
                    self.close()

        file = f"{self.path.absolute().as_uri()}?{options}" if options else self.path
        return sqlite3.connect(
            file, timeout=self.timeout, check_same_thread=False, factory=Closing, uri=bool(options)
        )

    def _open_to_write(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "PRAGMA synchronous = NORMAL"
        )  # a power cut may lose values, never damage the file
        connection.execute(f"PRAGMA journal_size_limit = {16 * 2**20}")
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS fingerprint (key TEXT PRIMARY KEY, value BLOB, used INTEGER)"
            )
            connection.execute("CREATE INDEX IF NOT EXISTS fingerprint_used ON fingerprint (used)")
        return connection

    def _touch(self, keys: Sequence[str]) -> None:
        """Mark keys as read now, unless the file is read-only or busy."""
        if not keys:
            return
        connection = self._connection()
        with suppress(connection.OperationalError), connection:
            connection.execute(
                f"UPDATE fingerprint SET used = ? WHERE key IN ({_marks(keys)})", [int(time.time()), *keys]
            )

    def _evict(self) -> None:
        """Delete the least recently used values if the file is over its limit, down to nine tenths of it."""
        connection = self._connection()
        while (excess := self._bytes() - self.max_bytes) > 0:
            wanted, oldest = excess + self.max_bytes // 10, []
            for key, size in connection.execute("SELECT key, length(value) FROM fingerprint ORDER BY used"):
                oldest.append(key)
                wanted -= size
                if wanted <= 0:
                    break
            if not oldest:
                break
            log.info("%s is over %d bytes: the %d oldest leave", self.path, self.max_bytes, len(oldest))
            self.mdelete(oldest)
            connection.execute("PRAGMA incremental_vacuum").fetchall()

    def _bytes(self) -> int:
        one = self._connection().execute
        pages, free, size = (
            one(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


def _is_denied(error: sqlite3.OperationalError) -> bool:
    """Return whether a file could not be opened because it, or its folder, cannot be written."""
    return any(said in str(error) for said in ("readonly database", "unable to open database file"))


def _marks(keys: Sequence[str]) -> str:
    return ",".join("?" * len(keys))


def _slices(keys: Sequence[str], most: int = 500) -> Iterator[list[str]]:
    """Split keys into lists that fit into one SQL statement."""
    return (list(keys[i : i + most]) for i in range(0, len(keys), most))
