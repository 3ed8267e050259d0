"""From a framework's documents to chunks: what is read of each, and which are left out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from semtoken_rag.adapters.headings import read_headings, without_headings
from semtoken_rag.adapters.metadata import METADATA_KEY, read_fingerprint, read_title
from semtoken_rag.types import Chunk

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Intake:
    """The documents of a call.

    Attributes
    ----------
    chunks
        By the position of the document; a document without text to cut has none.
    skipped
        Why a document is left out, by its position.
    """

    chunks: dict[int, Chunk] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether there is anything to compress or to report."""
        return bool(self.chunks or self.skipped)

    def skip_bad(self, position: int, name: object, *, text: object, metadata: object) -> bool:
        """Leave a document out if its text or metadata are of the wrong type, and log it.

        Parameters
        ----------
        position
            Position of the document in the call.
        name
            Its id; None if it has none.
        text
            What it holds as its text.
        metadata
            What it holds as its metadata.

        Returns
        -------
        bool
            Whether it is left out.
        """
        if not isinstance(text, str):
            fault = f"its text must be a str, got {type(text).__name__}"
        elif not isinstance(metadata, Mapping):
            fault = f"its metadata must be a mapping, got {type(metadata).__name__}"
        else:
            return False
        named = "" if name is None else f" (id {name!r:.80})"
        self.skipped[position] = f"document {position}{named}: {fault}"
        log.warning("left out: %s", self.skipped[position])
        return True


def make_chunk(text: str, metadata: Mapping[Any, Any], *, title_key: str, **fields: Any) -> Chunk:
    """Make the chunk of a document; title and headings come from its metadata.

    Parameters
    ----------
    text
        The document's text. If it was compressed before, the line of headings in front of it is left out: the
        chunk's text is the end of ``text``.
    metadata
        The document's metadata.
    title_key
        Metadata key of the title.
    **fields
        Other fields of `Chunk`.

    Returns
    -------
    Chunk
        The chunk.
    """
    title, headings = read_title(metadata, title_key), read_headings(metadata)
    if METADATA_KEY in metadata:
        text = without_headings(text, (title, *headings))
    carried = read_fingerprint(metadata)
    return Chunk(text, title=title, headings=headings, fingerprint=carried, **fields)
