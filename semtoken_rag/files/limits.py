"""What may be read at most, and what was not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most.

    Parameters
    ----------
    file_bytes
        Bytes of a file, and characters of its text.
    unpacked_bytes
        Bytes of a DOCX file when it is unpacked.
    files
        Number of files of a call.
    characters
        Characters of all texts of a call; the first files in the order of their paths count.
    seconds
        Seconds that a file may take which a process of its own reads, such as a PDF.

    Raises
    ------
    ValueError
        If one is not above 0; the message has its value.
    """

    file_bytes: int = 20 * 2**20
    unpacked_bytes: int = 48 * 2**20
    files: int = 5_000
    characters: int = 32 * 2**20
    seconds: float = 40.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not (value := getattr(self, name)) > 0:
                raise ValueError(f"{name} must be above 0, got {value!r:.80}")


class Skipped(NamedTuple):
    """A file of a folder or of a pattern that was not read.

    Attributes
    ----------
    name
        Its path.
    reason
        Why, as a part of a sentence: ``not a text``.
    """

    name: str
    reason: str
