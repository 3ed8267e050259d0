"""The outline of running text: headings, lists and their lead-ins, tables, code, paragraphs.

What stands below a heading hangs on it, what a lead-in announces hangs on that, and an indented list item
hangs on the item above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.blocks import Block, Sentences, find_blocks, read_lines, split_caption
from semtoken_rag.structure.definitions import find_definitions
from semtoken_rag.structure.headings import TERM, begun_article
from semtoken_rag.structure.leads import SIGNS, announces, lists, read_run_in
from semtoken_rag.structure.markers import ITEM
from semtoken_rag.structure.naming import name_heads
from semtoken_rag.structure.paragraphs import join_lines
from semtoken_rag.structure.stack import Heading, Headings, Items
from semtoken_rag.structure.titles import QUOTED
from semtoken_rag.structure.triple_tables import TripleTables, part_triples
from semtoken_rag.structure.unfinished import begins_small, wants_more

DEEPEST = 80  # columns of an indent
DEFINED = r"(?m)^([ \t]*)(?:async def|def|class) \w+.*:\s*$"  # what is indented below it is its own
LONG = 300  # characters from which a list item is cut into its sentences
NAME_WORDS = 6  # words, its marker too, that an item has less than if it only names what is below it
WORD = 60  # characters of an item that are looked at
ENDS = (".", "!", "?", ";", "。", "！", "？", "；")
_NOTE = r"\s*(\[\^?\w{1,12}\]|[¹²³⁴-⁹]|\*{1,3}(?=\s\S)):?\s*\S"  # [^1]: a footnote


@dataclass(slots=True)
class _Outline:
    """The segments so far, and what the next block may hang on."""

    text: str
    sentences: Sentences
    segments: list[Segment] = field(default_factory=list)
    headings: Headings = field(default_factory=Headings)
    items: Items = field(default_factory=Items)
    lead: int = -1  # what announces the next block
    list_lead: int = -1  # what announced the open list
    leads: set[int] = field(default_factory=set)  # what announced something
    definitions: list[tuple[int, int]] = field(default_factory=list)  # indents and segments of open ones
    triples: TripleTables = field(default_factory=TripleTables)

    def add(self, start: int, end: int, kind: str, parent: int) -> int:
        self.segments.append(Segment(start, end, kind, parent))
        return len(self.segments) - 1

    def take(self, block: Block, following: Block | None) -> None:
        if block.kind == "rule":
            return
        lead, self.lead = self.lead, -1
        self._leave(block)
        if lead >= 0:
            self.leads.add(lead)
        if block.kind == "heading" and self._is_listed(block, following, lead):
            block.kind = "item"
        if block.kind == "item":
            self._item(block, lead)
            return
        above = self.items.over(block.indent) if block.kind != "heading" else -1
        if above < 0:
            self.items.clear()
            self.list_lead = -1
        owner = self._definition_around(block)
        parent = lead if lead >= 0 else above if above >= 0 else max(owner, self.headings.last)
        if block.kind == "heading":
            self._heading(block, following, lead, owner)
        else:
            self._take_text(block, parent, following)

    def _leave(self, block: Block) -> None:
        """Close a term whose meaning has ended, and the headings of a quotation that has."""
        first = self.text[block.start : block.start + 1]
        block.indent = block.indent or (1 if first in (" ", "\t") else 0)
        if self.headings.level == TERM and not block.indent and first not in (":", "~"):
            self.headings.pop()
        if block.kind == "sentence":
            self._leave_article(block)
        if self.text[block.start : block.end].rstrip().endswith(SIGNS):  # announces anew
            self.headings.leave_list(len(self.segments) - 1)
        while self.headings.level > QUOTED and not self.text[block.start : block.end].lstrip().startswith(
            ">"
        ):
            self.headings.pop()

    def _definition_around(self, block: Block) -> int:
        """Return the innermost definition that a block is indented under, -1 for none; close all others."""
        line = self.text[block.start : min(block.end, block.start + DEEPEST)]
        indent = len(line) - len(line.lstrip(" \t"))
        while self.definitions and self.definitions[-1][0] >= indent:
            _, closed = self.definitions.pop()
            while self.headings.last > closed:
                self.headings.pop()
        return self.definitions[-1][1] if self.definitions else -1

    def _leave_article(self, block: Block) -> None:
        """Close the article above if another begins here whose text stands in the line of its number."""
        if not self.headings.opened or not (name := begun_article(self._line(block))):
            return
        opened = [self.segments[heading.index] for heading in self.headings.opened]
        alike = [n for n, s in enumerate(opened) if begun_article(self.text[s.start : s.end]) == name]
        if alike:
            del self.headings.opened[alike[-1] :]

    def _line(self, block: Block) -> str:
        """Return the first line of a block."""
        stop = self.text.find("\n", block.start, block.end)
        return self.text[block.start : block.end if stop < 0 else stop].strip()

    def _is_listed(self, block: Block, following: Block | None, lead: int) -> bool:
        """Return whether a line that looks like a numbered heading is an item of the open list."""
        text = following is not None and following.kind != "item" and not following.mark
        if not block.mark or self.headings.has_before(block.mark):
            return False
        return self.items.has_before(block.mark) or (lead >= 0 and not text)

    def _take_text(self, block: Block, parent: int, following: Block | None) -> None:
        if block.kind == "table":
            self._attach(block.rows, parent)
        elif block.kind == "row":
            rows = [Segment(*line, "row") for line in read_lines(self.text, block.start, block.end)]
            self._attach(rows, parent)
        elif block.kind == "code":
            self._code(block, parent)
        elif block.kind == "caption":
            self.lead = self.add(block.start, block.end, "caption", parent)
        elif block.kind == "triples":
            self._paragraph(block.start, block.end, parent)
        else:
            self._prose(block, parent)
            if following and following.kind == "item" and self.lead < 0:
                self._announce(block, following)

    def _announce(self, block: Block, following: Block) -> None:
        """Let the last sentence of a block announce the list below it."""
        last = self.segments[-1]
        near = self.text.count("\n", block.end, following.start) < 2
        alone = block.start >= last.start - 1
        if last.kind == "sentence" and announces(self.text[last.start : last.end], near, alone):
            self.lead = len(self.segments) - 1

    def _heading(self, block: Block, following: Block | None, lead: int, owner: int) -> None:
        listed = following is not None and following.kind == "item"
        if listed and not block.mark and wants_more(self.text[block.start : block.end].strip()):
            self.lead = self.add(
                block.start, block.end, "sentence", lead if lead >= 0 else self.headings.last
            )
            return
        parent, level = self.headings.place(block, lead, len(self.segments))
        number = self.add(block.start, block.end, "heading", max(parent, owner))
        self.headings.push(Heading(level, number, block.mark, parent if parent in self.leads else -1))

    def _item(self, block: Block, lead: int) -> None:
        if not self.items:
            self.list_lead = lead
        parent = self.items.place(block)
        if parent >= 0 and self._announces(parent, block):
            self.leads.add(parent)
        if parent < 0:
            parent = self.list_lead if self.list_lead >= 0 else self.headings.last
        long = block.end - block.start > LONG
        parts = list(self.sentences(self.text, block.start, block.end)) if long else []
        first = self.add(*(parts[0] if parts else (block.start, block.end)), "item", parent)
        for start, end in parts[1:]:
            self.add(start, end, "sentence", first)
        said = self.text[block.start : block.end].rstrip()
        self.items.push(block, first, said.endswith((".", "!", "。")) and not announces(said, True, False))
        if said.endswith(SIGNS):
            self.lead = first

    def _announces(self, number: int, block: Block) -> bool:
        """Return whether an item says nothing without one below it: a name, or the begin of a sentence."""
        said = self.text[self.segments[number].start : self.segments[number].end].rstrip("*_ \t")
        child = self.text[block.start : min(block.end, block.start + WORD)]
        marker = re.match(ITEM, child)
        small = begins_small(child[marker.end() :] if marker else child)
        if said.endswith(ENDS):
            return announces(said, True, False)
        return small or len(said.split()) < NAME_WORDS

    def _attach(self, rows: Sequence[Segment], parent: int) -> None:
        base = len(self.segments)
        for row in rows:
            self.add(row.start, row.end, row.kind, parent if row.parent < 0 else base + row.parent)

    def _code(self, block: Block, parent: int) -> None:
        signature = -1
        for start, end, defines in find_definitions(self.text, block.start, block.end):
            if defines:
                signature = self.add(start, end, "signature", parent)
            else:
                self.add(start, end, "code", signature if signature >= 0 else parent)
        for match in re.finditer(DEFINED, self.text[block.start : block.end]):
            self.definitions.append((len(match.group(1)), len(self.segments) - 1))

    def _prose(self, block: Block, parent: int) -> None:
        ranges = join_lines(self.text, block.start, block.end)
        run_ins = [read_run_in(self.text, *each) for each in ranges]
        last = max((i for i, (start, _) in enumerate(ranges) if run_ins[i][0] > start), default=-1)
        head = -1  # the heading that a line of the block began with
        for i, ((start, end), (at, strong)) in enumerate(zip(ranges, run_ins, strict=True)):
            lead, self.lead = self.lead, -1
            self.leads |= {lead} - {-1}
            above = lead if lead >= 0 else parent
            if at == start:
                self._paragraph(start, end, head if head >= 0 > lead else above)
                if lead >= 0 > self.lead and lists(self.text[start:end]):
                    self.lead = lead  # announces the next line too
                continue
            head = -1
            reaches = i + 1 < len(ranges) and run_ins[i + 1][0] == ranges[i + 1][0]
            reaches = reaches and (strong or last > i) and not lists(self.text[start:end])
            counted = self.text[at - 1] == "." and at < end
            if reaches or counted or len(list(self.sentences(self.text, at, end))) > 1:
                head = self.add(start, at, "heading", above)
                self._paragraph(at, end, head)
                head = head if reaches else -1
            else:
                self._paragraph(start, end, above)
            labelled = i + 1 < len(ranges) and run_ins[i + 1][0] > ranges[i + 1][0]
            if lead >= 0 > self.lead and labelled and self._is_above(lead):
                self.lead = lead  # announces all lines with a label
        if self.lead in self.leads:
            self.lead = -1

    def _paragraph(self, start: int, end: int, parent: int) -> None:
        heading = self.headings.last
        above = (parent if parent != heading else -1, heading, len(self.segments))
        if found := self.triples.read(self.text, (start, end), self.sentences, above):
            self._attach(*found)
            self.lead = -1
            return
        note = re.match(_NOTE, self.text[start : min(end, start + 40)])
        if note and (marked := self._sentence_with(note.group(1))) >= 0:
            parent = marked
        for a, b in self.sentences(self.text, start, end):
            last = self.add(a, b, "sentence", parent)
            self.lead = last if self.text[a:b].rstrip("*_ \t").endswith(SIGNS) else -1

    def _is_above(self, number: int) -> bool:
        """Return whether a segment is a line of its own below a blank one, or the first, and no turn."""
        start, end = self.segments[number].start, self.segments[number].end
        above = self.text[max(0, start - 100) : start].rstrip(" \t")
        fresh = (start < 100 and not above) or re.search(r"\n[ \t]*\n\Z", above) is not None
        return fresh and ": " not in self.text[start:end]

    def _sentence_with(self, mark: str) -> int:
        """Return the sentence that the footnote mark stands in, -1 if there is none."""
        for number, segment in enumerate(self.segments):
            if segment.kind in ("sentence", "item") and mark in self.text[segment.start + 1 : segment.end]:
                return number
        return -1


def parse_outline(text: str, sentences: Sentences) -> list[Segment]:
    """Cut running text into segments.

    Parameters
    ----------
    text
        Any text.
    sentences
        Cuts a range of a text into sentences.

    Returns
    -------
    list of Segment
        In source order and disjoint; their blanks and lengths are not bounded yet. A head that nothing hangs
        on is an ordinary sentence or row.
    """
    outline = _Outline(text, sentences)
    blocks = list(part_triples(text, find_blocks(text, sentences)))
    for block, following in zip_longest(blocks, blocks[1:]):
        named = following and following.kind in ("table", "triples")
        for part in split_caption(text, block) if named else (block,):
            outline.take(part, following)
    return name_heads(outline.segments, outline.leads)
