"""Captions: what a line in front of a table must look like to name it."""

from __future__ import annotations

import re

CAPTION = 200  # characters of a caption
NAMED = (
    r"(?i:\W*(?:table|tab\.|tabelle|übersicht|tableau|tabla|tabella|tabela|exhibit|schedule|figure|liste?)\W*\w{0,6}\b)"
    r"|\W*[表图圖]"
)
ANY = NAMED + r"|.*[:：]\Z|(?!.*[.!?。！？;；…]\Z)"


def is_caption(line: str) -> bool:
    """Return whether a line that stands right in front of a table names it.

    Parameters
    ----------
    line
        The line, or a short paragraph.

    Returns
    -------
    bool
        Whether it is short, and calls itself a table, ends with a colon, or is no whole sentence.

    Examples
    --------
    >>> [is_caption(line) for line in ("Table 2. Fees.", "Fees:", "Fees in euro", "It rained.")]
    [True, True, True, False]
    """
    return 0 < len(line) <= CAPTION and re.match(ANY, line, re.DOTALL) is not None
