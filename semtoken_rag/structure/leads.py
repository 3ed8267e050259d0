"""Leads: what announces the text behind it, with a colon or without one."""

from __future__ import annotations

import re

from semtoken_rag.structure.questions import ANSWER, QUESTION
from semtoken_rag.text.atoms import atoms

LEAD = 200  # characters of a line that announces a list below a blank line without a colon
SIGNS = (":", "：")
LONG = 3  # letters that a word of a name in capitals has more than
HEAD = 90  # characters of a heading in front of its text, with its marks

# Strings: re compiles them at their first use and not at import.
_FINAL = r"[.!;。！；…][\"'”’»）)\]]*[*_]*\Z"
_CAPITAL = r"(?=[\"'“‘„«(`]{0,2}[^\W\d_a-zß-öø-ÿ]|[€$£¥+±−-]?\d)"
_PART = r"[^\s:.!?;,()\[\]]"
_WORD = rf"(?:{_PART}{{1,24}}|\([^()\s]{{1,24}}\))"
_DEFINES = r" (?:is|was|ist|war|est|était|es|fue|è|é) (?:an?|the|one|eine?|une?|una|uno|uma?) "
_FOLLOWING = (  # what a sentence with a full stop announces a list by, in lower case
    r"\b(?:following(?! (?:years?|days?|months?|weeks?|night|morning|season|decades?|century))"
    r"|as follows|listed below"
    r"|folgende\w*(?! (?:jahr|tag|monat|woche|nacht))|nachstehend\w*|suivante?s|ci-après"
    r"|ci-dessous|siguientes|seguenti|seguintes|volgende|følgende|следующи\w*)\b|次の|次に掲げる|以下の|下記|下列|如下|以下|다음|아래"
)
_STRONG = (
    r"(?:(\*\*|__)(?!\s)[^*_\n]{1,60}(?:[.:：]\1|\1\s?[.:：–—])"  # **Zone 1.**
    r"|[*_](?!\s)[^*_\n]{1,60}[.:：][*_]"
    r"|[^\W\d_a-zß-öø-ÿ]{2,}(?:[ /&-][A-ZÀ-ÖØ-Þ\d]+){0,4}"  # EXCLUSIONS:
    r"(?:(?<=[A-ZÀ-ÖØ-Þ\d]):|(?<=[A-ZÀ-ÖØ-Þ]{4})\.)"
    r"|【[^【】\n]{1,30}】[:：]?)(?=\s*\S)"
)
_WEAK = (
    rf"(?:[^\W\d_a-zß-öø-ÿ\u3041-\u9fff]{_PART}{{0,24}}(?: {_WORD}){{0,4}}[ \u00a0\u202f]?:(?=\s)"  # Zone 1:
    r"|\*{0,2}[a-z_][\w.]{0,40}(?: \([^()\n]{1,40}\))?:(?=\s)"  # size (int):
    r"|[^\W_\x00-\u3040][^\s：:。，、；！？]{0,15}[：:](?<!\d:)"  # 除外責任：, but not 6:00
    r"|[^\W\d_a-zß-öø-ÿ][^\W\d_]{2,12} \d{1,3}(?:\.\d{1,2})*[a-z]?\.(?=\s)"  # Lemma 3.
    rf"|\d{{1,2}}(?:\.\d{{1,2}})+\.? [A-ZÀ-ÖØ-Þ]{_PART}{{0,24}}(?: {_WORD}){{0,3}}[.:](?=\s))"  # 3.2 Fees.
    rf"(?=\s*{_CAPITAL})"
)


def read_run_in(text: str, start: int, end: int) -> tuple[int, bool]:
    """Return where the heading ends that a paragraph begins with, and whether its looks are one's.

    Parameters
    ----------
    text
        Any text.
    start
        Where the paragraph begins, in characters.
    end
        Where it ends, exclusive.

    Returns
    -------
    (int, bool)
        End of the heading, ``start`` if there is none; whether bold type or capitals mark it.

    Examples
    --------
    >>> read_run_in("Zone 1: The limit is 30. Parking is free.", 0, 41)
    (7, False)
    >>> read_run_in("**Zone 1.** The limit is 30.", 0, 28), read_run_in("It rained: a lot.", 0, 17)
    ((11, True), (0, False))
    """
    line = text[start : min(end, start + HEAD)]
    if match := re.match(_STRONG, line):
        return start + match.end(), True
    match = re.match(_WEAK, line)
    if match and re.match(f"{QUESTION}|{ANSWER}", line.lower()):
        return start, False
    if match and any(a < start + match.end() < b for a, b in atoms(text, start, start + len(line))):
        return start, False  # See 3. May
    if match and not _is_subtitle(text[start + match.end() : min(end, start + LEAD)]):
        return start + match.end(), False
    return start, False


def _is_subtitle(behind: str) -> bool:
    """Return whether what is behind a colon is the rest of a name that the sentence defines.

    >>> _is_subtitle(" Race of a Lifetime is a book."), _is_subtitle(" The limit is a must.")
    (True, False)
    """
    defined = re.search(_DEFINES, behind)
    words = [word for word in behind[: defined.start()].split() if len(word) > LONG] if defined else []
    return len(words) > 1 and 3 * sum(not word[0].islower() for word in words) >= 2 * len(words)


def announces(sentence: str, near: bool, alone: bool) -> bool:
    """Return whether a sentence without a colon announces the list below it.

    Parameters
    ----------
    sentence
        The sentence, or line.
    near
        Whether the list begins on the next line.
    alone
        Whether the sentence is all of its paragraph.

    Returns
    -------
    bool
        Whether it is a question, ends without a mark, or speaks of what follows it.
    """
    text = sentence.rstrip("*_ \t")
    if near and re.search(_FOLLOWING, text[-LEAD:].lower()):
        return True
    return not re.search(_FINAL, text[-8:]) and (near or (alone and len(text) <= LEAD))


def lists(line: str) -> bool:
    """Return whether the line behind this one, below a lead, is announced too: of a quotation or a list.

    >>> lists("> The rent is low."), lists("Flood"), lists("It is low.")
    (True, True, False)
    """
    return line.startswith(">") or (len(line) <= LEAD // 2 and not re.search(_FINAL, line[-8:]))
