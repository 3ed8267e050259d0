"""Tables written as triples, over several paragraphs: one caption for all that have the same columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.blocks import Block
from semtoken_rag.structure.html_runs import Sentences
from semtoken_rag.structure.slices import Range
from semtoken_rag.structure.triples import columns, find_triples, parse_triples


def part_triples(text: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """Part blocks of running text where a table written as triples begins in a line of its own.

    Parameters
    ----------
    text
        Any text.
    blocks
        Its blocks, in source order.

    Yields
    ------
    Block
        The same blocks, what begins with triples as one of kind ``triples``.
    """
    for block in blocks:
        found = None
        if block.kind == "sentence" and text.find(" =", block.start, block.end) >= 0:
            found = next(find_triples(text, block.start, block.end), None)
        at = found[0] if found else block.end
        line = max(text.rfind("\n", block.start, at) + 1, block.start)
        if found is None or text[line:at].strip():
            yield block
            continue
        if text[block.start : line].strip():
            yield Block(block.start, line - 1, "sentence")
        yield Block(at, block.end, "triples")


@dataclass(slots=True)
class TripleTables:
    """The table of triples that was last read.

    Attributes
    ----------
    caption
        Number of the caption or lead-in that it hangs on, -1 for none.
    heading
        Number of the heading that it stands below.
    names
        Its columns.
    """

    caption: int = -1
    heading: int = -1
    names: set[str] = field(default_factory=set)

    def read(
        self, text: str, place: Range, sentences: Sentences, above: tuple[int, int, int]
    ) -> tuple[Sequence[Segment], int] | None:
        """Read a paragraph of triples.

        Parameters
        ----------
        text
            Any text.
        place
            Character range of the paragraph.
        sentences
            Cuts a range of the text into ranges of sentences.
        above
            Numbers of what announces the paragraph and of the heading above it, -1 for none, and of the
            first segment that the paragraph will have.

        Returns
        -------
        (sequence of Segment, int) or None
            Its segments, and what those of them without a parent hang on: the caption of the table before,
            where this one has no other columns. None where the paragraph has no triples.
        """
        start, end = place
        if text.find(" =", start, end) < 0 or not (rows := parse_triples(text, start, end, sentences)):
            return None
        lead, heading, made = above
        named = rows[0].kind == "caption"
        names = columns(text, start, end)
        if lead < 0 and not named and heading == self.heading and names <= self.names:
            lead = self.caption
        else:
            self.caption, self.heading, self.names = made if named else lead, heading, names
        return rows, lead if lead >= 0 else heading
