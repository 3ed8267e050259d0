"""One form of letters, digits and signs that are written in several."""

from __future__ import annotations

import re
import unicodedata

EACH = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # scripts in which each character is a word
RUNS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # others without blanks between words
_SAME = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc`"), "'"),
    **dict.fromkeys(
        (0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF)
    ),
    0x66B: ".",
    0x66C: ",",
}
_RAISED = "([¹²³⁰-⁹¼-¾⅐-⅞]+)"  # would be digits like any other: 10⁵, m²


def plain(text: str) -> str:
    r"""Return a text without accents and invisible characters, with one form of each letter, digit and sign.

    >>> plain("Adélé’s １９ – ٣")
    "Adele's 19 - 3"
    """
    if text.isascii():
        return text.replace("`", "'")
    parts = re.split(_RAISED, text)
    parts[::2] = (re.sub("[\u0300-\u036f]+", "", unicodedata.normalize("NFKD", p)) for p in parts[::2])
    text = unicodedata.normalize("NFC", "".join(parts)).translate(_SAME)
    return re.sub(r"(?![0-9])\d", lambda m: str(unicodedata.decimal(m[0])), text)
