"""Headings: lines that name what stands below them, in markdown, numbered, legal and plain notation."""

from __future__ import annotations

import re

from semtoken_rag.structure.markers import BULLET
from semtoken_rag.structure.unfinished import wants_more

LONGEST = 100  # characters of a heading
TERM = 9  # level of a term, whose meaning is indented below it
TITLE_WORDS = 9  # words of a heading that nothing marks but the blank lines around it

# Strings: re compiles them at their first use and not at import.
_ATX = r"\s{0,3}(#{1,6})(?:\s+\S|\Z)"
_UNDERLINE = r"\s{0,3}(={3,}|-{3,}|~{3,}|\*{3,})\s*\Z"
_BOLD = r"\s*(\*\*|__)(?!\s)[^*_]{1,80}(?<!\s)\1:?\s*\Z"
_WORDS = {  # of legal headings, by level
    2: "part|title|teil|titre|schedule|annex|appendix|annexe|anlage|anhang",
    3: "chapter|kapitel|chapitre|capítulo|capitolo",
    4: "art(?:icle|ikel|ículo|icolo|igo)?|section|clause|abschnitt|sección|seção|sezione",
}
_LEGAL = (
    rf"(?i:\s*(?P<word>§)+\s*\d+\w?|\s*(?P<name>{'|'.join(_WORDS.values())})"
    r"\.?\s+(?:\d+\w?(?:\.\d+)*|[ivxlc]+\b|[a-z]\b))(?:\s*[.:–—-]|\s+|\Z)"
)
_COUNTED = (  # Item 3: Parking; only with a mark behind the number, or nothing
    r"\s*(?:(?:agenda )?item|topic|top|tagesordnungspunkt|lesson|lektion|leçon|module?|unit|day|tag|jour"
    r"|día|giorno|dia|week|woche|semaine|phase|option|plan|tarif|zone|scenario|variante?)\s+(?:\d{1,2}|[a-z])"
    r"\s*(?:[.:：–—-]\s*\S|\Z)"
)
_VERSION = (  # Version 3.2.0 (2024-05-01), 1.4.2 - 2024-05-01
    r"\s*(?:(?:version|release|v)\s?\d{1,4}(?:\.\d{1,4}){1,3}[\w.-]{0,12}|\d{1,4}(?:\.\d{1,4}){1,3}(?=\s*[(–—-]\s*\d{4}))"
    r"(?:\s*[–—:(,-]\s*(?:\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}|[\w ,.]{3,24}))?\)?\s*\Z"
)
_NAMED = r"\s*[^\W\d_a-zß-öø-ÿ][^.!?;:]{1,60}\.\s*\Z"  # Exemptions.
_NAME_WORDS = 6
_CJK = (
    r"\s*第[0-9０-９一二三四五六七八九十百]{1,5}(?P<word>[章节節条條款部編编回])"
    r"|\s*제\s?\d{1,3}\s?(?P<korean>[장절조편])"
)
_CJK_LEVELS = {"条": 4, "條": 4, "款": 4, "节": 3, "節": 3, "조": 4, "절": 3}
_QUOTES = r"\s*(?:abs|satz|nr|para|al\.|alinéa|apartado|comma|n\.º)\b"  # § 8 Abs. 2: no heading
_NUMBERED = r"\s*((?:\d{1,2}\.)+\d{1,2}|\d{1,2}(?:\.\d{1,2})*\.|[IVX]{1,5}\.|[A-Z]\.)\s+\S"
_UNDOTTED = r"\s*\d{1,2}\s+[^\W\d_a-zß-öø-ÿ]"  # 2 Boats for hire
_CODE_TERM = (  # ``size``, size, ttl : int, !!! note, .. deprecated:: 2.1
    r"\s*(?:(?:!!!|\?\?\?\+?) ?[a-z]+(?: \"[^\"\n]{1,60}\")?|\.\. [\w-]{1,30}::[^\n]{0,40}"
    r"|`{1,2}[^`\n]{1,60}`{1,2}|\*{0,2}[A-Za-z_][\w.]{0,40}(?:, \*{0,2}[A-Za-z_][\w.]{0,40}){0,4}"
    r"(?:\([^()\n]{0,40}\))?)(?: ?: \S[^\n]{0,60}(?<![.!?:;,]))?\s*\Z"
)
_DATED = (
    r"\s*\d{4}(?:\s?[–-]\s?\w{2,10})?[:,]?\s+[^\W\d_][^|=<>{}\t]{1,80}(?<![.!?:;,])\Z"  # 2019–2023 Acme Ltd
)
_MEANING = r"\s{0,3}[:~]\s+\S"  # of the term above
_WIKI = r"\s{0,3}(=(?: ?=){0,5})(?!=) ?[^=\s](?:[^=]*[^=\s])? ?\1\s*\Z"  # == Fees ==
_ENDS = tuple(".!?;,。！？；，、।؟؛።…")
_INNER_END = r"[.!?;。！？；।؟።][\s\"'”’)]"
_NO_TITLE = r"[|\t=<>{}]|: |\A\d{4}|\d{5,}|(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{4}"  # long numbers, but no years
_PLAIN = r"\s*[^\W\d_a-zß-öø-ÿ]|\s*\d"  # begins with a capital, a letter of a script without case, or a digit


def marked_level(line: str, following: str) -> int:
    """Return the level of a line that its notation marks as a heading, 1 = highest; 0 if none does.

    Parameters
    ----------
    line
        The line, without its break.
    following
        The line below it, empty if there is none.

    Returns
    -------
    int
        Level of the heading, 0 if the line is none.
    """
    if len(line) > LONGEST + 40 or not line.strip():
        return 0
    if match := re.match(_ATX, line):
        return len(match.group(1))
    short = len(line.strip()) <= LONGEST
    if match := re.match(_WIKI, line):
        return match.group(1).count("=")
    if short and (match := re.match(_UNDERLINE, following)) and not re.match(_UNDERLINE, line):
        level = 1 if match.group(1)[0] == "=" else 2
        return level if is_title(line) else 0
    if short and re.match(_BOLD, line):
        return 6
    if short and (level := _legal_level(line)):
        return level
    if short and _is_counted(line, following):
        return 4
    if short and _names_what_is_below(line, following):
        return TERM
    return 0


def _is_counted(line: str, following: str) -> bool:
    """Return whether a line is the heading of an item of an agenda, a day or a version, not listed."""
    lower = line.lower().rstrip()
    if lower.endswith(_ENDS):
        return False
    return any(
        re.match(pattern, lower) and not re.match(pattern, following.lower())
        for pattern in (_COUNTED, _VERSION)
    )


def _legal_level(line: str) -> int:
    """Return the level of a line that is the heading of an article, a chapter or a part; 0 if it is none."""
    match = re.match(_LEGAL, line) or re.match(_CJK, line)
    if not match:
        return 0
    if line.rstrip().endswith(_ENDS):
        title = line[match.end() :]
        named = match.group()[-1] in ".:–—-" and re.match(_NAMED, title)
        if not named or len(title.split()) > _NAME_WORDS:
            return 0
    return _level_of(match)


def _level_of(match: re.Match[str]) -> int:
    if word := match["word"] or match.groupdict().get("korean"):
        return 4 if word == "§" else _CJK_LEVELS.get(word, 2)
    return next(level for level, words in _WORDS.items() if re.fullmatch(words, match["name"].lower()))


def begun_article(line: str) -> str:
    """Return what an article is called that begins in a line with its text; empty if none does.

    >>> begun_article("Art. 9 The excess is 100 euros."), begun_article("第十条 免赔额为100元。")
    ('art', '条')
    >>> begun_article("Section 5 applies."), begun_article("§ 8 Abs. 2 gilt nicht.")
    ('', '')
    """
    if match := re.match(_CJK, line):
        return match["word"] or match["korean"]
    match = re.match(_LEGAL, line)
    text = line[match.end() :].lstrip(" (") if match else ""
    if not match or not text[:1].isupper() or re.match(_QUOTES, text.lower()):
        return ""
    return (match["word"] or match["name"]).lower()


def _names_what_is_below(line: str, following: str) -> bool:
    """Return whether the line below is indented under this one, or marked as what it means."""
    if re.match(_MEANING, following):
        return re.match(BULLET, line) is None and re.match(_MEANING, line) is None
    return (
        _indent(following) > _indent(line)
        and (is_title(line) or re.match(f"{_CODE_TERM}|{_DATED}", line.rstrip()) is not None)
        and not re.match(BULLET, line)
        and not wants_more(line.rstrip())
    )


def plain_level(line: str, alone: bool) -> int:
    """Return the level of a line that only its looks make a heading, 1 = highest; 0 if they do not.

    Parameters
    ----------
    line
        The line, without its break.
    alone
        Whether the lines above and below it are blank, or missing above.

    Returns
    -------
    int
        Level of the heading, 0 if the line is none.
    """
    text = line.strip()
    if not alone or not text or len(text) > LONGEST or text.endswith((*_ENDS, ":", "：")):
        return 0
    if match := re.match(_NUMBERED, line):
        return 3 + match.group(1).rstrip(".").count(".")
    if re.match(_UNDOTTED, line) and is_title(line):
        return 3
    letters = [c for c in text if c.isalpha()]
    if len(letters) > 3 and all(c.isupper() for c in letters) and any(c.lower() != c for c in letters):
        return 5
    return 7 if is_title(line) else 0


def _indent(line: str) -> int:
    """Return the width of the blanks in front of a line; 0 for a blank line."""
    return len(line) - len(line.lstrip()) if line.strip() else 0


def is_title(line: str) -> bool:
    """Return whether a line is as short as a title and begins as one.

    >>> is_title("Room rates - low season"), is_title("The room costs 60 euros.")
    (True, False)
    """
    text = line.strip()
    words = text.split()
    if text.endswith((*_ENDS, ":", "：")):
        return False
    if len(words) > TITLE_WORDS or len(text) > LONGEST or (len(words) == 1 and len(text) > 40):
        return False
    if re.search(_INNER_END, re.sub(r"^\w{1,3}\.\s|\b[A-Z]\.\s", "", text)):
        return False
    return bool(re.match(_PLAIN, text)) and not re.search(_NO_TITLE, text)
