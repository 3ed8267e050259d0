"""What the commands read: files, folders, patterns and standard input, cut into passages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise

from semtoken_rag import Chunk, CompressedChunk
from semtoken_rag.cli.outputs import STDIN
from semtoken_rag.cli.streams import echo, read_stdin
from semtoken_rag.files import Document, Skipped, read_document, read_paths
from semtoken_rag.files.likeliest import likeliest, ranked

READ = 300_000  # characters that are encoded for a question: some 200 passages, 75,000 tokens
PIPED = "stdin"  # name of standard input in citations
SHOWN = 10  # skipped files that are named


@dataclass(frozen=True)
class Sources:
    """Documents and their passages.

    Attributes
    ----------
    documents
        By name.
    passages
        Of all documents, in order; the source of each is the name of its document.
    """

    documents: Mapping[str, Document]
    passages: Sequence[Chunk]

    @cached_property
    def words(self) -> list[str]:
        """What each passage is found by."""
        return [words for document in self.documents.values() for words in document.words]

    def retrieve(self, question: str, number: int) -> list[Chunk]:
        """Return the likeliest passages, the best first."""
        return [self.passages[i] for i in ranked(self.words, question)[:number]]

    def for_question(self, question: str, room: int) -> tuple[list[Chunk], str]:
        """Choose the passages that are worth encoding, in their order.

        Parameters
        ----------
        question
            The question; may be empty.
        room
            Characters of the passages together.

        Returns
        -------
        list of Chunk
            All if there is room, else the likeliest; where none is like the question, the first.
        str
            Which they are of how many; empty if all.
        """
        found, kind = likeliest(self.words, question, room), "likeliest"
        if not found:
            ends, kind = accumulate(map(len, self.words)), "first"
            found = list(range(max(1, sum(end <= room for end in ends))))
        if len(found) == len(self.passages):
            return list(self.passages), ""
        said = f"the {len(found):,} {kind} of {len(self.passages):,} passages are read"
        return [self.passages[i] for i in found], said

    def place(self, passage: Chunk, *spans: tuple[int, int]) -> str:
        """Return the lines or pages of ranges of a passage's characters; of all of it without ranges."""
        return self._document(passage).place(*_moved(passage, spans or ((0, len(passage.text)),)))

    def citation(self, passage: Chunk, *spans: tuple[int, int]) -> str:
        """Return file and place of ranges of a passage; of all of it without ranges."""
        return f"{passage.source}, {self.place(passage, *spans)}"

    def cited(self, kept: CompressedChunk, most: int = 1) -> str:
        """Return what is kept of a passage behind its citation, which names ``most`` places, 1 or 2."""
        spans = [(piece.start, piece.end) for piece in kept.pieces]
        gaps = [after[0] - before[1] for before, after in pairwise(spans)]
        cut = gaps.index(max(gaps)) + 1 if gaps and most == 2 else len(spans)
        places = [(part[0][0], part[-1][1]) for part in (spans[:cut], spans[cut:]) if part]
        return f"[{self.citation(kept.chunk, *places)}]\n{kept.text}"

    def widest(self, passage: Chunk, count: Callable[[str], int]) -> int:
        """Return the most tokens that the citation of one place in a passage may take."""
        document = self._document(passage)
        ((start, end),) = _moved(passage, ((0, len(passage.text)),))
        first, last = document.numbers(start, end)
        number = max(range(first, last + 1), key=lambda number: count(str(number)))
        kind = "pages" if document.pages else "lines"
        return count(f"[{passage.source}, {kind} {number}-{number}]\n")

    def _document(self, passage: Chunk) -> Document:
        assert passage.source is not None
        return self.documents[passage.source]


def _moved(passage: Chunk, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges of a passage as ranges of its document."""
    assert passage.start is not None
    return [(passage.start + start, passage.start + end) for start, end in spans]


def with_citations(
    sources: Sources, chunks: Iterable[CompressedChunk], room: int, count: Callable[[str], int]
) -> str:
    """Put a citation before what is kept of each passage.

    Parameters
    ----------
    sources
        What was read.
    chunks
        What is kept.
    room
        Tokens that the text may take more than with a place for each passage: where they allow it, a citation
        names two places, as of a table's header and a row far below.
    count
        Counts tokens.

    Returns
    -------
    str
        The text.
    """
    parts = []
    for kept in chunks:
        part, longer = (sources.cited(kept, most) for most in (1, 2))
        more = count(longer) - count(part)
        if more <= room:
            part, room = longer, room - max(0, more)
        parts.append(part)
    return "\n\n".join(parts)


def read_sources(files: Sequence[str]) -> Sources:
    """Read files, folders, patterns and standard input; what is skipped is said on standard error.

    Parameters
    ----------
    files
        Paths and patterns, ``-`` for standard input.

    Returns
    -------
    Sources
        At least one document.

    Raises
    ------
    ValueError
        If a file that is named cannot be read as text, a pattern matches nothing, or there is no text at all.
    OSError
        If a file cannot be read.
    ImportError
        If a library for a named file is missing; names the extra.
    """
    check_stdin(files)
    at = files.index(STDIN) if STDIN in files else len(files)
    documents, skipped = read_paths(files[:at])
    piped = read_document(PIPED, read_stdin()) if STDIN in files else None
    if piped is not None:
        after, more = read_paths(files[at + 1 :])
        documents, skipped = [*documents, piped, *after], [*skipped, *more]
    tell_skipped(skipped)
    if not documents:
        raise ValueError(f"there must be a file with text, got {', '.join(files)!r:.200}")
    named, read = dict[str, Document](), list[Chunk]()
    for document in documents:
        if named.get(document.name) == document:
            continue  # it was named before standard input and behind it
        own = replace(document, name=_free(document.name, named))
        named[own.name] = own
        passages = own.chunks()
        if document is piped:  # whose name is not what it is about
            passages = [replace(passage, title=own.title) for passage in passages]
        read += passages
    return Sources(named, read)


def _free(name: str, taken: Container[str]) -> str:
    """Return a name that no document has: a file may be called ``stdin``, as standard input is."""
    others = (f"{name} ({number})" for number in itertools.count(2))
    return next(each for each in itertools.chain([name], others) if each not in taken)


def check_stdin(files: Sequence[str]) -> None:
    """Raise ValueError if standard input is named more than once."""
    if (times := files.count(STDIN)) > 1:
        raise ValueError(f"standard input can be read once, got - {times} times")


def tell_skipped(skipped: Sequence[Skipped]) -> None:
    """Name what was not read on standard error: the first files, each with the reason, and how many more."""
    for each in skipped[:SHOWN]:
        echo(f"semtoken: skipped {each.name}: {each.reason}", err=True)
    if (more := len(skipped) - SHOWN) > 0:
        echo(f"semtoken: skipped {more:,} more", err=True)
