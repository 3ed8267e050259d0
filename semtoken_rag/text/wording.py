"""Wording: what two texts must have in common to say the same, whatever their punctuation and markup."""

from __future__ import annotations

import re

from semtoken_rag.text.governing import governing

# Strings: re compiles them at their first use and not at import.
_DROPPED = {code: None for code in range(128) if not chr(code).isalnum()}
_QUOTES = str.maketrans("’‘“”„«»‹›", '\'\'"""""\'\'', "\u200b\u2060\ufeff\u00ad")
_EMPHASIS = r"(?<![\w*_`])(\*{1,3}|_{1,3}|`{1,3})(?=[^\s*_`])([^*_`\n]+)(?<=\S)\1(?![\w*_`])"
_BULLET = r"(?m)^\s*(?:#{1,6}|[-*+•·–])[ \t]+(?![\d\s€$£¥])"
_EDGE = r"(?m)^[\s….]+(?!\d)|[\s.,;:!…。，；：！、]+$"
_QUOTE = r"(?<![\w.])['\"](?=\w)|(?<=[^\W\d])['\"](?!\w)|(?<=[.,;!])['\"]|[「」『』]"
_PAUSE = r"(?<=[^\W\d])[.,;:!…]+(?=\s)|(?<=[^\W\d]{2})\s+[–—-]{1,3}\s+(?=[^\W\d]{2})|[。，；：！、]"


def loose_form(text: str) -> str:
    """Return the letters and digits of a text: all texts that say the same agree in them, but others too.

    >>> loose_form("**No** dogs, please.") == loose_form("no dogs please")
    True
    """
    text = text.lower()
    return text.translate(_DROPPED) if text.isascii() else "".join(filter(str.isalnum, text))


def strict_form(text: str) -> str:
    r"""Return a text without what adds nothing to its meaning.

    That is case, blanks, bold and the like, marks of lists and headings, marks at the ends of lines,
    quotation marks, and pauses between words. Kept are question marks, signs, what stands between digits,
    brackets, and pauses in a text with a word that negates or limits: *No, parking is free* is not
    *No parking is free*.

    Parameters
    ----------
    text
        Any text, of one or several lines.

    Returns
    -------
    str
        What is left, in lower case.

    Examples
    --------
    >>> strict_form("- The **fee**, as agreed: 40 euros ...") == strict_form("the fee as agreed 40 euros")
    True
    >>> strict_form("It is -5 degrees.") == strict_form("It is 5 degrees.")
    False
    """
    text = text.lower().translate(_QUOTES)
    text = re.sub(_EMPHASIS, r"\2", text)
    text = re.sub(_EDGE, "", re.sub(_BULLET, "", text))
    if governing().search(text) is None:
        text = re.sub(_QUOTE, " ", text)
        text = re.sub(_EDGE, "", re.sub(_PAUSE, " ", text))
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())
