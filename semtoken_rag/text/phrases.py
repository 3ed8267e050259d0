"""Phrases of Chinese and Japanese: where a sentence without punctuation may be cut."""

from __future__ import annotations

import re

from semtoken_rag.text.atoms import atoms, merged

# Strings: re compiles them at their first use and not at import.
_EAST = "[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_PHRASE = (
    "(?=其中|并且|並且|以及|如果|因此|所以|但是|同时|同時|而且|或者|由于|对于)"
    "|(?<=[ぁ-んー])(?<![のはをともや])(?=[々\u4e00-\u9fffァ-ヶ])|(?<=了)"
)
# Less well: a part ends with a particle that belongs to what follows.
_PARTICLE = "(?<=[のはをともや])(?=[々\u4e00-\u9fffァ-ヶ])|(?<=的)(?=[^的])|(?=[和与與或在是从從到向由被])"
_WITHIN = "(?<=[ぁ-んァ-ヶー0-9a-zA-Z])(?=[ぁ-んァ-ヶー0-9a-zA-Z])"


def is_east(text: str) -> bool:
    """Return whether most of a text is Chinese or Japanese.

    >>> is_east("会费是500元"), is_east("The Kanji 会")
    (True, False)
    """
    return not text.isascii() and 2 * len(re.findall(_EAST, text)) > len(text)


def phrase_borders(text: str, start: int, end: int, least: int, most: int) -> list[int]:
    """Find where a Chinese or Japanese sentence without punctuation may be cut, for want of better places.

    Where a phrase ends by a particle or a conjunction, and never inside an atom; where there is no such
    place, behind ``most`` characters.

    Parameters
    ----------
    text
        Any text.
    start
        Where the sentence begins, in characters.
    end
        Where it ends, exclusive.
    least
        Characters that a part has at least.
    most
        Characters from which any border will do.

    Returns
    -------
    list of int
        Where a part begins, in order, without ``start``.

    Examples
    --------
    >>> text = "会議室は平日の午前九時から利用できますが土曜日は閉まります"
    >>> [text[:at][-4:] for at in phrase_borders(text, 0, len(text), 6, 12)]
    ['九時から', 'きますが']
    """
    whole, borders, w = merged(atoms(text, start, end)), [start], 0
    rest = {start + match.start() for match in re.finditer(_PARTICLE, text[start:end])}
    loose = {start + match.start() for match in re.finditer(_WITHIN, text[start:end])}
    good = {start + match.start() for match in re.finditer(_PHRASE, text[start:end])}
    for at in range(start + least, end - least + 1):
        while w < len(whole) and whole[w][1] <= at:
            w += 1
        inside = w < len(whole) and whole[w][0] < at
        size = at - borders[-1]
        fair = at in good or (size + 4 > most and at in rest) or size >= most + 6 * (at in loose)
        if not inside and size >= least and fair:
            borders.append(at)
    return borders[1:]
