"""The reason why a unit was kept or dropped, as a sentence that names the words and the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from semtoken_rag._internal.lazy import lazy_property
from semtoken_rag.result import ContextView, UnitReport
from semtoken_rag.stages.select import duplicates
from semtoken_rag.text.quote import Word, words
from semtoken_rag.types import LIMIT, Granularity

COMMON = 0.2  # a word in more than this share of the units is not rare


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence in three parts.

    Attributes
    ----------
    before, quoted, after
        The parts; the middle one is a quote.
    unit
        Number of another unit that the sentence is about, -1 for none.
    """

    before: str
    quoted: str = ""
    after: str = ""
    unit: int = -1

    def __str__(self) -> str:
        return self.before + self.quoted + self.after


class Reasons:
    """Find the reasons of one call, each by the number of its unit.

    Parameters
    ----------
    context
        The result of a call that had something to decide, so with units.
    """

    def __init__(self, context: ContextView) -> None:
        self.units, self.source, self.query = context.units, context.source, context.query
        self._stats = context.stats
        self._read: dict[str, list[Word]] = {}
        self.group = duplicates([self._full_text(i) for i in range(len(self.units))]).tolist()
        kept = [i for i, u in enumerate(self.units) if u.granularity > Granularity.DROPPED]
        self._kept = frozenset(kept)
        self._double = {self.group[i]: i for i in kept if self.group[i] >= 0}
        self._heads = {self.units[i].parent for i in kept}
        order = np.argsort([-u.value for u in self.units], kind="stable").tolist()
        self._place = {unit: place for place, unit in enumerate(order, start=1)}
        self._last = max((self._place[i] for i in kept if self._chosen(i)), default=0)
        next_best = [self.units[i].value for i in order[self._last :][:1]]
        self._bound = (
            next_best[0] if next_best else -np.inf
        )  # a unit of lower value comes after all kept ones
        by_length = any(u.value != u.scores["score"] for u in self.units)
        self._by = "score for its length" if by_length else "score"

    def _chosen(self, number: int) -> bool:
        """Return whether a kept unit was chosen by its score: neither as a head nor as a limit."""
        return number not in self._heads and self.units[number].kind != LIMIT

    def text(self, unit: UnitReport) -> str:
        """Return the text of a unit."""
        return self.source[unit.chunk].text[unit.start : unit.end]

    def _full_text(self, number: int) -> str:
        """Text of a unit behind all that it hangs on."""
        texts: list[str] = []
        headings = self.source[self.units[number].chunk].headings
        while number >= 0:
            texts.append(self.text(self.units[number]))
            number = self.units[number].parent
        return "\n".join((*headings, *reversed(texts)))

    def of(self, number: int) -> Reason:
        """Return why a unit was kept, kept in part, or dropped."""
        unit = self.units[number]
        if unit.granularity == Granularity.DROPPED:
            return self._why_dropped(number)
        if unit.bridged_from >= 0:
            if unit.value - unit.scores.get("bridge", np.inf) < self._bound:
                return self._why_bridged(unit)
        elif unit.reason:
            return Reason(f"Kept: {unit.reason}.")
        if number in self._heads:
            return Reason("Kept because it heads what is kept below it.")
        if unit.kind == LIMIT and self._place[number] > self._last:
            return Reason("Kept because it limits what is kept before it.")
        return Reason(f"Kept at place {self._rank(number)}.")

    def _rank(self, number: int) -> str:
        return f"{self._place[number]} of {len(self.units)} by {self._by}"

    def _why_dropped(self, number: int) -> Reason:
        twin = self.units[number].twin
        double = twin if twin in self._kept else self._double.get(self.group[number], -1)
        if twin >= 0 and double < 0:
            document = self.units[twin].chunk + 1
            return Reason(f"Dropped because document {document} holds the same passage.", unit=twin)
        if double >= 0:
            document = self.units[double].chunk + 1
            return Reason(f"Dropped because document {document} says the same and is kept.", unit=double)
        unit, standing = self.units[number], f"Dropped at place {self._rank(number)}"
        late = self._place[number] > self._last
        if self._stats.cut_by == "keep" and (late or self._fits(unit)):
            return Reason(f"{standing}: what was kept before suffices for keep={self._stats.keep}.")
        if late:
            return Reason(f"{standing}: the budget was spent before.")
        return Reason(f"{standing}: its {unit.cost} tokens did not fit when its turn came.")

    def _fits(self, unit: UnitReport) -> bool:
        """Return whether a dropped unit would fit beside what is kept, so that the budget left it room."""
        return self._stats.tokens_after + unit.cost <= self._stats.budget

    def _why_bridged(self, unit: UnitReport) -> Reason:
        """Return the reason of a unit that another one raised: a title that one names, or rare words."""
        raised_by = self.units[unit.bridged_from]
        document = raised_by.chunk + 1
        theirs, own = self.text(raised_by), self.text(unit)
        title, their_title = self.source[unit.chunk].title, self.source[raised_by.chunk].title
        ties = (
            ("it explains ", self._tie(theirs, title), f", named in document {document}"),
            ("it mentions ", self._tie(own, their_title), f", which document {document} is about"),
            ("it shares ", self._tie(own, theirs), f" with document {document}"),
        )
        before, (share, quoted), after = max(ties, key=lambda tie: tie[1][0])
        if not share:
            return Reason(
                f"Kept because of what it has in common with document {document}.", "", "", unit.bridged_from
            )
        return Reason(f"Kept because {before}", quoted, f"{after}.", unit.bridged_from)

    def _tie(self, text: str, other: str) -> tuple[float, str]:
        """Return the share of the rare words of ``other`` in ``text``, and their rarest run in ``text``."""
        spoken, wanted = self._words(text), {w.key for w in self._words(other)}
        common = wanted & {w.key for w in spoken}
        best = max(_runs(spoken, common, self._rare), key=self._weight, default=())
        if not self._weight(best):
            return 0.0, ""
        share = fsum(map(self._new, common)) / fsum(map(self._new, wanted))
        return share, text[best[0].start : best[-1].end]

    def _weight(self, run: Sequence[Word]) -> float:
        return fsum(map(self._new, {w.key for w in run}))

    def _new(self, key: str) -> float:
        """Return how rare a word is, 0 if the question has it."""
        return 0.0 if key in self._asked else self._rare.get(key, 0.0)

    @lazy_property
    def _asked(self) -> set[str]:
        return {w.key for w in self._words(self.query)}

    @lazy_property
    def _rare(self) -> Mapping[str, float]:
        """Words in few of the units, and how rare each is: log((m + 1) / units), higher = rarer."""
        found = Counter(key for unit in self.units for key in {w.key for w in self._words(self.text(unit))})
        m = len(self.units)
        most = max(COMMON * m, 2)
        return {key: float(np.log((m + 1) / n)) for key, n in found.items() if n <= most}

    def _words(self, text: str) -> list[Word]:
        if text not in self._read:
            self._read[text] = words(text, 0, len(text))
        return self._read[text]


def _runs(spoken: Sequence[Word], common: set[str], rare: Mapping[str, float]) -> Iterator[Sequence[Word]]:
    """Yield the longest runs of ``common`` words that begin and end with a rare one."""
    start = 0
    for end in range(len(spoken) + 1):
        if end < len(spoken) and spoken[end].key in common:
            continue
        heavy = [i for i in range(start, end) if spoken[i].key in rare]
        if heavy:
            yield spoken[heavy[0] : heavy[-1] + 1]
        start = end + 1
