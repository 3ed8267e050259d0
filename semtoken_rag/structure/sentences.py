"""Sentences: the rules of sentencex in a sliding window, repaired where people's own documents break them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

import sentencex

from semtoken_rag.structure.full_stops import REACH, ends_sentence
from semtoken_rag.text.atoms import QUOTED
from semtoken_rag.text.clusters import UNSPACED
from semtoken_rag.text.encodable import encodable

WINDOW = 4096  # characters that sentencex sees at once: it takes quadratic time over quotation marks
AHEAD = 48  # characters behind a mark that are looked at
PHRASE = 20  # characters that a phrase must have for a blank of Thai, Lao, Khmer or Burmese to end it

# Strings: re compiles them at their first use and not at import.
_CLOSERS = r"[\"'”’“»)\]』」）】〉》*_]*"
_NOTE = r"(?:\[\d{1,3}(?:[,–-]\s?\d{1,3})*\]|\[(?:\^[\w-]{1,20}|[a-z]|note \d{1,3})\]|[¹²³⁰⁴-⁹]{1,3})+"
_NOTES = rf"(?:{_NOTE}|\[[^\W\d_][^\[\]\n]{{2,40}}\])+"  # [citation needed], without a blank before it
_END = (
    rf"[.!?…]{_CLOSERS}(?:{_NOTES})?(?=\s)"  # whether a sentence ends there is seen at each
    rf"|(?:[।॥۔؟។៕။።。！？]|፡፡)+{_CLOSERS}"
    rf"|(?<=[{UNSPACED}])[ \t\r\n]+(?=[{UNSPACED}])"
)
_ASCII_END = rf"[.!?](?:[\"')\]*_]*(?:{_NOTES})?)(?=\s)"
_TAIL = rf"([.!?…।॥۔؟។៕။።፡。！？])({_CLOSERS})((?:{_NOTES}|\s{_NOTE})?)\Z"
_MARKED = rf"(?:{_NOTES}|\s{_NOTE})(?=\s|\Z)"
_CLOSED = r"(?:\*{1,3}|_{1,3})(?=\s)"  # emphasis
_HELD = (  # sentences inside these stay with the one around them
    r"\((?:[^()]|\([^()]{0,100}\)){1,200}\)|\[[^\[\]]{1,200}\]|（[^（）]{1,200}）|" + QUOTED
)
_OPENERS = r"[(\[（\"„“«»‹《「『‘]"  # what one of these begins with
_CALL = (  # what calls to attention says nothing without what it is about
    r"\W*(?:warning|caution|danger|attention|important|notice|achtung|warnung|vorsicht|gefahr|wichtig|hinweis"
    r"|avertissement|danger|important|atención|advertencia|cuidado|peligro|attenzione|avvertenza|pericolo"
    r"|atenção|aviso|perigo|let op|waarschuwing|varning|advarsel|uwaga|внимание)\s?!\W*"
)
_BEFORE_NOTE = frozenset(".!?…\"'”’“»)")
# What ties a phrase of a script without blanks to the one before, and what opens a condition for the next.
_BOUND = (
    "ๆ|[ก-ฮ]{1,3}\\.|ยกเว้น|เว้นแต่|แต่|และ|หรือ|ซึ่ง|ที่|เพราะ|เพื่อ|โดย|ถ้า|หาก|ไม่|ຍົກເວັ້ນ|ແຕ່|ແລະ|ຫຼື|ເຊິ່ງ|ທີ່|ຖ້າ|ບໍ່"
    "|លើកលែងតែ|ប៉ុន្តែ|តែ|និង|ឬ|ដែល|ប្រសិនបើ|မှအပ|သို့မဟုတ်|သို့သော်"
)
_OPENING = "ถ้า|หาก|เมื่อ|ຖ້າ|ຫາກ|ເມື່ອ|ប្រសិនបើ|បើ"
_UNDONE = rf"(?:{_BOUND})\Z|(?:\A|\s)(?:{_OPENING})\S*\Z"


def split_sentences(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    """Cut a paragraph into its sentences.

    Parameters
    ----------
    text
        The text that the paragraph stands in.
    start
        Where the paragraph, which may have several lines, begins, in characters.
    end
        Where it ends, exclusive.
    language
        Language code, as of `guess_language`; unknown ones have general rules.

    Yields
    ------
    (int, int)
        Character ranges in source order, disjoint, without surrounding blanks; together they hold every
        character of the range but blanks.

    Examples
    --------
    >>> text = "Siehe Art. 5 Abs. 2. Er endet am 3. Mai. Ende."
    >>> [text[a:b] for a, b in split_sentences(text, 0, len(text), "de")]
    ['Siehe Art. 5 Abs. 2.', 'Er endet am 3. Mai.', 'Ende.']
    """
    held = list(_held(text, start, end))
    left, q = _after_blanks(text, start, end), 0
    for mark, certain in _marks(text, start, end, language).items():
        stop = _before_blanks(text, mark, left)
        while q < len(held) and held[q][1] <= stop:
            q += 1
        inside = q < len(held) and held[q][0] < stop
        if (
            left < stop
            and not inside
            and _ends(text, (left, stop), text[stop : stop + AHEAD], language, certain)
        ):
            yield left, stop
            left = mark
    stop = _before_blanks(text, end, left)
    if left < stop:
        yield left, stop


def _held(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges in brackets and quotation marks, in order and disjoint."""
    pattern, part, at = re.compile(_HELD), text[start:end], 0
    for opener in re.finditer(_OPENERS, part):
        if opener.start() >= at and (found := pattern.match(part, opener.start())):
            at = found.end()
            yield start + found.start(), start + at


def _marks(text: str, start: int, end: int, language: str) -> dict[int, bool]:
    """Where sentences may begin, in order, and whether sentencex says so."""
    marks: dict[int, bool] = {}
    found = dict.fromkeys(_rough(text, start, end, language), True)
    part = text[start:end]
    for match in re.finditer(_ASCII_END if part.isascii() else _END, part):
        found.setdefault(start + match.end(), False)
    note, closed, begins = re.compile(_MARKED), re.compile(_CLOSED), start
    for at in sorted(found):
        if at < begins:
            continue
        if at < end and '"""' in (text[at - 1 : at + 2], text[at - 2 : at + 1]):
            continue  # inside what closes a docstring
        certain = found[at]
        if text[at - 1 : at] in _BEFORE_NOTE and (shut := closed.match(text, at, end)):
            at = shut.end()
        before = _before_blanks(text, at, begins)
        noted = note.match(text, before, end) if text[before - 1 : before] in _BEFORE_NOTE else None
        begins = _after_blanks(text, noted.end() if noted else at, end)
        if begins < end:
            marks[begins] = certain or marks.get(begins, False)
    return marks


def _rough(text: str, start: int, end: int, language: str) -> Iterator[int]:
    """Find where sentences end by the rules of sentencex."""
    left = start  # of the sentence that is open
    while start < end:
        stop = min(end, start + WINDOW)
        parts = sentencex.segment(language, encodable(text[start:stop]))
        for mark in accumulate(map(len, parts), initial=start):
            if start < mark < stop:
                left = mark
                yield mark
        start = left if stop < end and left - start >= WINDOW // 2 else stop


def _ends(text: str, sentence: tuple[int, int], following: str, language: str, certain: bool) -> bool:
    """Return whether a sentence with this range so far ends, by its last mark and by what follows it."""
    left, stop = sentence
    ahead = following.lstrip()
    if text[stop - 1] == ".":  # as most do
        return ends_sentence(text[max(left, stop - REACH) : stop], following, language, certain)
    tail = re.search(_TAIL, text[max(left, stop - AHEAD) : stop])
    if tail is None:
        return (
            _phrase_ends(text[left:stop], ahead) if _between_phrases(text[stop - 1], following) else certain
        )
    mark, closers, note = tail.groups()
    if mark in "।॥۔؟។៕။።፡":
        return True
    if mark in "。！？":
        return not closers or re.match(r"[\u3041-\u309f，、,;；]", ahead) is None
    if note:
        return not ahead[:1].islower()
    if mark == "!" and re.fullmatch(_CALL, text[left:stop].lower() if stop - left < AHEAD else ""):
        return False
    small = ahead[:1].islower()
    if mark == "." and not (closers and certain):
        before = text[max(left, stop - REACH) : stop - len(closers)]
        return ends_sentence(before, following, language, certain) and not (closers and small)
    return certain and not (small and (closers or mark == "…" or text[left].isupper()))


def _between_phrases(last: str, following: str) -> bool:
    script = f"[{UNSPACED}]"
    return re.match(script, last) is not None and re.match(rf"\s+{script}", following) is not None


def _phrase_ends(phrase: str, ahead: str) -> bool:
    """Return whether a blank behind a phrase of a script without blanks ends a sentence there."""
    tied = re.match(_BOUND, ahead) or re.search(_UNDONE, phrase)
    return len(phrase) >= PHRASE and not tied


def _after_blanks(text: str, at: int, end: int) -> int:
    """First character from ``at`` on that is no blank."""
    while at < end and text[at].isspace():
        at += 1
    return at


def _before_blanks(text: str, at: int, start: int) -> int:
    """End of the last character before ``at`` that is no blank."""
    while at > start and text[at - 1].isspace():
        at -= 1
    return at
