"""Remarks in settings: those that stand right above a key, and are kept with it."""

from __future__ import annotations

from semtoken_rag.structure.slices import Range
from semtoken_rag.text.governing import governing

SHORT = 120  # characters of a remark that belongs to the key below it
LONG = 500  # characters of one that limits or negates


def belongs(text: str, above: Range, below: Range, signs: str = "#") -> bool:
    r"""Return whether a line is a remark on what begins in the line below it.

    Parameters
    ----------
    text
        Any text.
    above
        Character range of the remark, from the begin of its first line.
    below
        Character range of what stands below it.
    signs
        Characters that a remark begins with.

    Returns
    -------
    bool
        Whether it is as far indented, no blank line is between, and it is short or says what does not hold.

    Examples
    --------
    >>> text = "# deprecated: use listen\nport: 80"
    >>> belongs(text, (0, 24), (25, 33)), belongs(text, (25, 33), (33, 33))
    (True, False)
    """
    start, end = above
    remark = text[start : min(end, start + LONG + 1)]
    if remark.lstrip()[:1] not in tuple(signs) or text[end : below[0]].strip("\r ") != "\n":
        return False
    under = text[below[0] : below[0] + 200]
    if len(remark) - len(remark.lstrip()) != len(under) - len(under.lstrip()):
        return False
    if len(remark) <= SHORT or under.lstrip()[:1] in tuple(signs):
        return len(remark) <= LONG
    return len(remark) <= LONG and governing().search(remark.lower()) is not None
