"""Spans inside a unit: the clauses that a part of it may be made of (the paper's C, Algorithm 1 step 2).

The paper's spans are runs of tokens whose cosine stays above tau. They end where the meaning turns, which is
often before what limits it, so that here spans end at clause borders alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from semtoken_rag.structure.language import guess_language
from semtoken_rag.text.clauses import clauses
from semtoken_rag.text.clusters import is_unspaced
from semtoken_rag.text.governing import governing
from semtoken_rag.text.phrases import is_east, phrase_borders
from semtoken_rag.types import BoolArray, IntArray, Tokens

STEP = 12  # tokens of a span in a script that writes no blanks, if no clause ends

# Words with a character that else negates.
_HARMLESS = (
    "无线|無線|非常|非洲|未来|未來|不锈钢|不仅|不但|不同|不断|不动产|解除|是否|無料|無人|未成年|无障碍|不動産"
)


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans of a unit, in source order.

    Attributes
    ----------
    chars : (s, 2) int
        Character range of each in the chunk's text.
    tokens : (s, 2) int
        Range of each in `Tokens`.
    may_start, may_end : (s,) bool
        Whether a part of the unit may begin with the span, and end with it, without saying something else.
    """

    chars: IntArray
    tokens: IntArray
    may_start: BoolArray
    may_end: BoolArray

    def __len__(self) -> int:
        return len(self.chars)

    def without_ends(self, start: bool, end: bool) -> Spans:
        """Return the spans of which no part may begin with the first, if ``start``, or end with the last."""
        may_start, may_end = self.may_start.copy(), self.may_end.copy()
        may_start[:1] &= not start
        may_end[-1:] &= not end
        return replace(self, may_start=may_start, may_end=may_end)


@dataclass(frozen=True, slots=True)
class SpanRule:
    """Cuts units into clauses.

    Parameters
    ----------
    protect
        Regular expressions whose matches are never cut, besides those of `semtoken_rag.text.atoms`.
    """

    protect: Sequence[str] = ()

    def __call__(self, text: str, tokens: Tokens, chars: tuple[int, int], own: tuple[int, int]) -> Spans:
        """Return the spans of a unit.

        Parameters
        ----------
        text
            The chunk's text.
        tokens
            Tokens of the call.
        chars
            Character range of the unit.
        own
            Range of its tokens in ``tokens``.

        Returns
        -------
        Spans
            The spans in source order, and which of them a part may begin and end at.
        """
        start, end = chars
        spoken = guess_language(text)
        if guess_language(text[start:end]) != spoken:  # in doubt the words of all languages count
            spoken = ""
        found = clauses(text, start, end, spoken)
        places = np.array(found.spans, np.int64).reshape(-1, 2)
        first = np.searchsorted(tokens.offsets[own[0] : own[1], 0], places[:, 0]) + own[0]
        long = len(places) == 1 and own[1] - own[0] > STEP
        if long and is_unspaced(text[start:end]):
            return self._stepped(text, chars, tokens, own)
        if long and is_east(text[start:end]):
            return self._parted(text, tokens, chars, own)
        limits = np.append(first, own[1])
        limits[0] = own[0]
        may_start, may_end = np.array(found.may_start, np.bool_), np.array(found.may_end, np.bool_)
        for pattern in self.protect:
            for match in re.finditer(pattern, text[start:end]):
                a, b = start + match.start(), start + match.end()
                broken = (places[1:, 0] > a) & (places[:-1, 1] < b)
                may_start[1:] &= ~broken
                may_end[:-1] &= ~broken
        return Spans(places, np.stack([limits[:-1], limits[1:]], 1), may_start, may_end)

    @staticmethod
    def _stepped(text: str, chars: tuple[int, int], tokens: Tokens, own: tuple[int, int]) -> Spans:
        """Return spans of so many tokens, for a text in which nothing else tells where to cut.

        None begins behind a word that negates or limits, or ends before one.
        """
        start, end = chars
        limits = np.append(np.arange(own[0], own[1], STEP), own[1])
        ranges = np.stack([limits[:-1], limits[1:]], 1)
        places = np.stack([tokens.offsets[limits[:-1], 0], tokens.offsets[limits[1:] - 1, 1]], 1)
        places = np.clip(places, start, end)  # some tokens reach over the unit
        places[0, 0] = start
        words = [start + match.start() for match in governing().finditer(text[start:end].lower())]
        may_start, may_end = np.ones(len(ranges), np.bool_), np.ones(len(ranges), np.bool_)
        if words:
            may_start[1:] = places[1:, 0] <= words[0]
            may_end[:-1] = places[:-1, 1] > words[-1]
        return Spans(places, ranges, may_start, may_end)

    @staticmethod
    def _parted(text: str, tokens: Tokens, chars: tuple[int, int], own: tuple[int, int]) -> Spans:
        """Return the phrases of a Chinese or Japanese sentence without commas.

        The words of a negation or condition hold for all of it: none is left out at either end.
        """
        start, end = chars
        borders = phrase_borders(text, start, end, STEP // 2, STEP)
        offsets = tokens.offsets[own[0] : own[1], 0]
        limits = np.unique(np.append(np.searchsorted(offsets, [start, *borders]), own[1] - own[0])) + own[0]
        limits[0] = own[0]
        ranges = np.stack([limits[:-1], limits[1:]], 1)
        places = np.stack([tokens.offsets[limits[:-1], 0], tokens.offsets[limits[1:] - 1, 1]], 1)
        places[0, 0], places[-1, 1] = start, end
        places = places.clip(start, end)
        said = re.sub(_HARMLESS, lambda match: " " * len(match.group()), text[start:end])
        words = [start + match.start() for match in governing(guess_language(said)).finditer(said)]
        first, last = min(words, default=end), max(words, default=start)
        return Spans(places, ranges, places[:, 0] <= first, places[:, 1] > last)
