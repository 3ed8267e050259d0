"""The segments of a page while it is read: open elements, headings, and what announces what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.captions import is_caption
from semtoken_rag.structure.html_rows import plain, row_segments
from semtoken_rag.structure.html_runs import Piece, Sentences, broken, cut, is_bold, strip
from semtoken_rag.structure.html_tables import Row
from semtoken_rag.structure.html_terms import BEHIND, Box, at_blank_line, ends_terms, is_open
from semtoken_rag.structure.html_tokens import Token
from semtoken_rag.structure.slices import Range

ITEM = 400  # characters of a list item from which it is cut into its sentences

_ROLES = {
    "li": "item", "dt": "key", "dd": "value", "caption": "caption", "figcaption": "caption", "pre": "code",
    "xmp": "code", "title": "title", "summary": "heading",
}  # fmt: skip
_LEVELS = {"title": 0, "h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "summary": 7}
_LISTS = frozenset({"ul", "ol", "dl", "menu"})
_PARTS = frozenset({"section", "article", "aside", "details"})  # a heading within one ends with it
_ANEW = frozenset(
    {"ul", "ol", "dl", "menu", "table", "td", "th", "body", "main"}
)  # nothing around them goes on
_CLOSES = {"li": {"li", "p"}, "dt": {"dt", "dd", "p"}, "dd": {"dt", "dd", "p"}, "p": {"p"}}
_COLON = (":", "：")
_NAMES = frozenset({"p", "div", "center"})  # what a paragraph that is a heading stands in
BOLD = 8  # level of a paragraph that is bold as a whole: below all headings


@dataclass(slots=True)
class Page:
    """Segments of a page so far."""

    text: str
    sentences: Sentences
    tags: Sequence[Token]
    pairs: Sequence[int]
    titled: bool  # whether there is an <h1>, so that the <title> is no heading
    run: list[Piece] = field(default_factory=list)
    made: list[Segment] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    headings: list[tuple[int, int]] = field(default_factory=list)
    lead: int = -1
    term: int = -1  # the last term that stands in no list
    paragraph: int = 0  # first segment of the last paragraph

    @property
    def above(self) -> int:
        """What the next block hangs on."""
        return self.lead if self.lead >= 0 else self.headings[-1][1] if self.headings else -1

    def add(self, start: int, end: int, kind: str, parent: int) -> int:
        """Add a segment and return its number.

        Parameters
        ----------
        start
            Where the range begins, in characters.
        end
            Where it ends, exclusive.
        kind
            Kind of the segment.
        parent
            Number of the segment that it hangs on, -1 for none.

        Returns
        -------
        int
            Number of the new segment.
        """
        self.made.append(Segment(start, end, kind, parent))
        return len(self.made) - 1

    def open(self, number: int, name: str) -> None:
        """Begin an element."""
        self.flush()
        if name in BEHIND and self.boxes and ends_terms(self.tags, self.pairs, self.boxes, number):
            del self.boxes[next(at for at, box in enumerate(self.boxes) if box.name == "dl") :]
        while self.boxes and self.boxes[-1].name in _CLOSES.get(name, {"p"}):
            self.boxes.pop()
        around = self.boxes[-1] if self.boxes else None
        box = Box(number, name, _ROLES.get(name, "heading" if name in _LEVELS else ""))
        if name in _LISTS:
            owner = around.holder if around else None
            box.parent = owner.own if owner and owner.own >= 0 and owner.role == "item" else self.above
            self.lead = -1
        elif box.role:
            box.parent = around.parent if around and around.name in _LISTS else self.above
            box.own = (around.own if around else self.term) if box.role == "value" else -1
            box.holder = box
        elif around and name not in _ANEW:
            box.holder = around.holder
        if name in _PARTS:
            box.headings = list(self.headings)
        self.boxes.append(box)

    def close(self, number: int, name: str) -> None:
        """End an element; without its beginning, only the text before."""
        self.flush()
        first = self.pairs[number]
        while first >= 0 and self.boxes and self.boxes[-1].number >= first:
            box = self.boxes.pop()
            if box.name in _PARTS:
                outer = [heading for heading in self.headings if heading in box.headings or heading[0] <= 1]
                self.headings = outer
        if name in _LISTS:
            self.lead = -1

    def flush(self) -> None:
        """Make segments of the text so far."""
        pieces, bold, self.run = strip(self.text, self.run), is_bold(self.text, self.run), []
        if not pieces:
            return
        box = self.boxes[-1].holder if self.boxes else None
        start, end = pieces[0].start, pieces[-1].end
        role = box.role if box else ""
        if bold and not box and self.boxes and self.boxes[-1].name in _NAMES:
            self._heading(start, end, BOLD)
        elif box and role == "value" and is_open(self.pairs, self.boxes):
            self._meaning(pieces, box)
        elif box is None or role in ("", "value"):
            self._paragraph(pieces, box)
        elif role == "heading" or (role == "title" and not self.titled):
            self._heading(start, end, _LEVELS[box.name])
        elif role == "item":
            self._item(pieces, box)
        elif role == "key":
            self._key(start, end, box)
        elif role == "caption":
            self.lead = self.add(start, end, "caption", self.above)
        else:
            self.add(start, end, "code" if role == "code" else "sentence", self.above)
            self.lead = -1

    def _key(self, start: int, end: int, box: Box) -> None:
        around = self.boxes[-2] if len(self.boxes) > 1 and self.boxes[-1] is box else None
        parent = around.own if around and around.own >= 0 and around.role == "open" else box.parent
        box.own = self.add(start, end, "key", parent)
        if around:
            around.own, around.role = box.own, "open"
        else:
            self.term = box.own

    def _meaning(self, pieces: list[Piece], box: Box) -> None:
        """Take what a term means, in a list that nothing closes: a blank line ends it."""
        pieces, behind = at_blank_line(self.text, pieces)
        self._paragraph(pieces, box)
        self.term = -1
        if behind:
            del self.boxes[-2 if len(self.boxes) > 1 else -1 :]
            self._paragraph(behind, None)

    def _heading(self, start: int, end: int, level: int) -> None:
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.lead = -1
        self.headings.append((level, self.add(start, end, "heading", self.above)))

    def _item(self, pieces: list[Piece], box: Box) -> None:
        start, end = pieces[0].start, pieces[-1].end
        ranges = cut(self.text, pieces, self.sentences) if end - start > ITEM else [(start, end)]
        for a, b in ranges:
            number = self.add(a, b, "item", box.own if box.own >= 0 else box.parent)
            box.own = box.own if box.own >= 0 else number
        self.lead = -1

    def _paragraph(self, pieces: list[Piece], box: Box | None) -> None:
        """Sentences; each line that ends with a colon announces those below it."""
        parent = box.own if box and box.own >= 0 else self.above
        for around in self.boxes[-4:] if box else ():
            around.role = "" if around.role == "open" else around.role
        lead, self.lead, self.paragraph = -1, -1, len(self.made)
        lines = list(broken(self.text, pieces))
        for line in lines:
            named = line is not lines[-1] and is_bold(self.text, line)
            kept = strip(self.text, line)
            ranges = cut(self.text, kept, self.sentences) if kept else []
            for number, (a, b) in enumerate(ranges):
                last = number + 1 == len(ranges)
                announces = last and (named or plain(self.text, max(a, b - 400), b).endswith(_COLON))
                hangs = lead if lead >= 0 and not announces else parent
                made = self.add(a, b, "lead" if announces else "sentence", hangs)
                self.lead = made if announces else -1 if last else self.lead
                lead = made if announces else lead

    def table(self, rows: Sequence[Row], captions: Sequence[Range]) -> None:
        """Add a table."""
        self.flush()
        above = self._caption(rows[0].start) if self.lead < 0 else self.lead
        self.lead = -1
        for start, end in captions:
            if end <= rows[0].start and plain(self.text, start, end):
                above = self.add(start, end, "caption", above)
        self.made += row_segments(self.text, rows, above, len(self.made))

    def _caption(self, end: int) -> int:
        """Return what a table hangs on: the paragraph in front of it, as its caption, if that names it."""
        found = self.made[self.paragraph : self.paragraph + 9]
        if not 0 < len(found) < 9 or any(s.kind != "sentence" or s.parent != found[0].parent for s in found):
            return self.above
        start, stop = found[0].start, found[-1].end
        if plain(self.text, stop, end) or not is_caption(plain(self.text, start, stop)):
            return self.above
        self.made[self.paragraph :] = [Segment(start, stop, "caption", found[0].parent)]
        return self.paragraph

    def done(self) -> list[Segment]:
        """All segments: an item that announces its list is a lead."""
        self.flush()
        parents = {segment.parent for segment in self.made}
        return [
            Segment(s.start, s.end, "lead", s.parent)
            if s.kind == "item"
            and number in parents
            and plain(self.text, max(s.start, s.end - 400), s.end).endswith(_COLON)
            else s
            for number, s in enumerate(self.made)
        ]
