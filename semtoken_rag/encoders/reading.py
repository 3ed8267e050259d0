"""Whether the English WordPiece reads a text or spells it: when ``"auto"`` takes the multilingual encoder.

The rule knows no list of languages. Other scripts are spelled letter by letter: a call goes to the
multilingual encoder if more than half of the letters of its question, or of question and chunks together,
stand alone or are unknown. Other languages in Latin letters are spelled in syllables: pieces of four letters
and more, which are most of a word, hold two thirds to four fifths of the letters of English, and a sixth to
two fifths of theirs. A call goes there too if they hold less than `READ` of at least `ENOUGH` letters, since
few words say little. Words with digits do not count: identifiers are spelled in any language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from semtoken_rag.encoders.static import default_static_encoder

LONG = 4  # letters of a piece
READ, ALONE = 0.45, 0.5  # shares of the letters
ENOUGH, FEW = 200, 3  # letters
MOST, SAMPLE = 16, 200  # chunks that are looked at, and characters of each and of the question
WORD = re.compile(r"[0-9A-Za-z_-]+")


def is_spelled(question: str, texts: Sequence[str]) -> bool:
    """Return whether the English WordPiece spells a question or the texts.

    Parameters
    ----------
    question
        May be empty.
    texts
        Those of the chunks.

    Returns
    -------
    bool
        False too if there are no letters.
    """
    letters, alone, read = _letters([question[:SAMPLE]])
    if alone > max(FEW, ALONE * letters):
        return True
    more = _letters([text[:SAMPLE] for text in texts[:MOST]])
    letters, alone, read = letters + more[0], alone + more[1], read + more[2]
    return alone > max(FEW, ALONE * letters) or (letters >= ENOUGH and read < READ * letters)


def _letters(texts: Sequence[str]) -> tuple[int, int, int]:
    """Count the letters of texts, those that stand alone or are unknown, and those in long pieces."""
    encoder, letters, alone, read = default_static_encoder(), 0, 0, 0
    bare = [WORD.sub(_without_digits, text) for text in texts]
    for text, tokens in zip(bare, encoder.tokenize(bare), strict=True):
        letters += sum(map(str.isalpha, text))
        at = 0  # a letter that is several pieces counts once
        for token, (start, end) in zip(tokens.ids.tolist(), tokens.offsets.tolist(), strict=True):
            inside = sum(map(str.isalpha, text[max(start, at) : end]))
            at = max(at, end)
            if end - start == 1 or token == encoder.unknown:
                alone += inside
            elif end - start >= LONG:
                read += inside
    return letters, alone, read


def _without_digits(word: re.Match[str]) -> str:
    """Return a word of ASCII, or a blank if it has a digit."""
    return " " if any(map(str.isdigit, word[0])) else word[0]
