"""Fetch sets from their public homes into a folder: ``python -m evaluation.data.fetch --out FOLDER``.

Downloads the public files of a set, converts them, and writes the set only if its rows have the digest of
``sources.yaml``. The sets that were made by a conversion which is not in this repository cannot be fetched;
the sample in ``evaluation/sample`` has the first rows of them. Nothing that is there is fetched again.
"""

from __future__ import annotations

import gzip
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evaluation.data import convert
from evaluation.data.options import SHARED, parser
from evaluation.data.sets import rows
from evaluation.data.sources import Source, digest, sources

PATIENCE = 60  # seconds without an answer

Download = Callable[[str], bytes]


def download(url: str) -> bytes:
    """Return the bytes of a public file."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        content: bytes = answer.read()
    return content


def fetch(source: Source, folder: Path, download: Download = download) -> Path:
    """Write a set into a folder.

    Parameters
    ----------
    source
        The set.
    folder
        Of all sets.
    download
        ``url -> bytes``.

    Returns
    -------
    Path
        The file of the set.

    Raises
    ------
    LookupError
        If the set has no public file that its rows can be made of.
    ValueError
        If the rows are not those of ``sources.yaml``; nothing is written then.
    OSError
        If a file cannot be had.
    """
    if not source.urls:
        raise LookupError(f"{source.name} cannot be fetched; it was made of: {source.about}")
    found = getattr(convert, source.convert)([download(url) for url in source.urls])
    if (is_ := digest(found)) != source.digest:
        raise ValueError(
            f"{source.name} must have the digest {source.digest}, got {is_} of {len(found)} rows"
        )
    return write(found, folder / f"{source.name}.jsonl.gz")


def write(given: Sequence[dict[str, Any]], path: Path) -> Path:
    """Write rows as compressed JSON Lines, the same bytes for the same rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in given)
    path.write_bytes(gzip.compress(lines.encode("utf-8"), 9, mtime=0))
    return path


def complete(source: Source, folder: Path) -> bool:
    """Whether a folder has the set, with the right rows."""
    try:
        return digest(rows(folder, source.name)) == source.digest
    except FileNotFoundError:
        return False


def main() -> None:
    """Fetch, and say what cannot be fetched; end with 1 where a named set could not."""
    known = sources()
    made = parser(__doc__)
    made.add_argument("--out", type=Path, default=SHARED, metavar="FOLDER", help="default: %(default)s")
    made.add_argument("--sets", nargs="+", choices=known, metavar="SET", help="default: all")
    args = made.parse_args()
    failed = 0
    for source in (known[name] for name in args.sets or known):
        try:
            there = complete(source, args.out)
            print(f"{source.name}: {'is there' if there else fetch(source, args.out)}", flush=True)
        except (LookupError, ValueError, OSError) as error:
            failed += bool(args.sets) or not isinstance(error, LookupError)
            print(f"{source.name}: {error}", file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
