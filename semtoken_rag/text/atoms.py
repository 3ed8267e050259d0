"""Atoms: what is never cut inside, from a number with its unit to a link."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from semtoken_rag.text.clusters import joined_class
from semtoken_rag.text.months import any_month

# Strings: re compiles them at their first use and not at import. Each repetition is bounded, or begins only
# where a word does, so that time stays linear.
_BLANK = "[ \u00a0\u202f\u2009]"
_W = "0-9A-Za-z_\u00c0-\u024f\u0370-\u052f"  # letters of scripts that write blanks, for a class
_GROUPED = rf"\d{{1,3}}(?:(?:{_BLANK}|['’.,])\d{{3}})+(?!\d)(?:[.,]\d+)?"  # 1 250 000, 1'250'000.50
_PLAIN = r"\d+(?:[.,:/'’\u2010-\u2015-]\d+)*"
_NUMBER = rf"(?:{_GROUPED}|{_PLAIN})"
_SYMBOL = r"[€$£¥₹₽₩₺]"
_CURRENCY = r"(?:EUR|USD|CHF|GBP|JPY|CNY|RMB|SEK|NOK|DKK|PLN|INR|AUD|CAD|Fr\.|Rs\.?|kr\.?)"
_NO_UNIT = (
    "(?:to|or|and|of|in|on|at|by|for|the|as|is|was|und|oder|im|am|an|auf|zu|der|die|das|bis|von|et|ou|du|le|la|les"
    "|de|en|à|y|o|e|di|il|da|do|than|per|with|from|if|not|no)(?!\\w)"
)
# Such as km and m³/h, or any short word.
_SHORT = rf"(?!{_NO_UNIT})[^\W\d_]{{1,4}}[²³]?(?:[/·*^][A-Za-zµμ]{{1,4}}[²³]?){{0,3}}(?!\w)"
_LONG = (
    "millions?|billions?|trillion|thousand|hundred|percent|per cent|euros|dollars|pounds|cents|hours?"
    "|minutes?|seconds?|weeks?|months?|years?|metres?|meters?|kilomet(?:re|er)s?|degrees?|Million(?:en)?|Milliarden?"
    "|Tausend|Prozent|Franken|Stunden?|Minuten?|Sekunden?|Wochen?|Monaten?|Jahren?|Tagen?|Kilometer|Meter"
    "|milliards?|milliers|heures?|jours?|semaines?|années?|mètres?|kilomètres?|degrés|millones|millón|horas?|minutos?"
    "|segundos?|semanas?|meses|años|metros|kilómetros|grados|milioni|milione|miliardi|minuti|secondi|giorni"
    "|settimane|metri|chilometri|gradi|milh(?:ões|ão)|bilhões|qui?lômetros|graus|миллион\\w*|миллиард\\w*"
    "|тысяч\\w*|рубл\\w*|процент\\w*"
)
_EAST = (
    "(?:[年月日号號時时点分秒元円圆塊块万萬億亿千個个人件回歳岁米里斤天週周届位条條章节節倍層层]|公里|公斤|小时|分钟|時間"
    "|[かヶ]月|キロ|メートル|원|개월|년|월|일){1,4}"
)
_UNIT = (
    rf"{_BLANK}?(?:[%‰℃℉]|°{_BLANK}?[CFK]?|{_SYMBOL}|[ap]\.m\.|h{_BLANK}?\d\d(?!\d)|{_SHORT}"
    rf"|(?:{_LONG})(?!\w)|{_EAST})"
)
_THROUGH = r"(?:to|till|through|bis|à|a|hasta|até|al|fino a|до|[\u2010-\u2015~〜～至到-]|から)"
_COUNT = (
    rf"(?<![{_W}.]){_NUMBER}"
    rf"(?:(?:{_UNIT})?{_BLANK}?{_THROUGH}{_BLANK}?{_SYMBOL}?{_BLANK}?{_NUMBER})?(?:{_UNIT})?"
)
_DAY = r"\d{1,2}(?:\.|st|nd|rd|th|er|º|ª|°)?"
_TEN = "[\\d一二三四五六七八九十]{1,3}"
_CALENDAR = (
    rf"[\d一二三四五六七八九十〇零○]{{1,4}}\s?年(?:\s?{_TEN}\s?月)?(?:\s?{_TEN}\s?[日号])?"
    rf"|{_TEN}\s?月\s?{_TEN}\s?[日号]"
)
_LINK = r"\((?:[^()]|\([^()]{0,200}\)){0,600}\)|\[[^\[\]]{0,80}\]"
_TITLES = (
    "Dr|Prof|Mr|Mrs|Ms|St|Sr|Sra|Mme|Art|Abs|Nr|No|Fig|Sec|Eq|vgl|bzw|ca|gem|inkl|zzgl|approx|env|núm|pág|pag|sig"
    "|dott|z\\. ?B|d\\. ?h|u\\. ?a|Mio|Mrd"
)
QUOTED = (
    r"„[^„“”\"]{1,200}[“”\"]|“[^“”]{1,200}”|«[^«»]{1,200}»|»[^«»]{1,200}«|‹[^‹›]{1,200}›|《[^《》]{1,200}》"
    r"|「[^「」]{1,200}」|『[^『』]{1,200}』|(?<!\w)‘[^‘’]{1,200}’(?!\w)"
    r"|(?<![\w\"])\"(?=[^\s\"])[^\"]{1,200}(?<=[^\s\"])\"(?!\w)"
)
_DIGITS, WIDE = "0123456789", "\x80"

# What a text must have one of (`WIDE`: anything beyond ASCII), and the pattern.
ATOMS = (
    (_DIGITS, _COUNT),
    ("€$£¥₹₽₩₺", rf"(?:(?<!\w)(?:US|CA|A|HK|NZ|R))?{_SYMBOL}{_BLANK}?[+−-]?\d"),
    ("+−±~≈-", rf"(?<![{_W}])[+−±~≈-]{_BLANK}?{_SYMBOL}?\d"),
    (_DIGITS, rf"(?<!\w)(?:{_CURRENCY}){_BLANK}?[+−-]?\d"),
    (_DIGITS, rf"(?<!\d){_DAY}(?:\s(?:of|de|del|di|do|den))?\s?%M\.?(?:,?(?:\sdel?|\sdi)?\s\d{{4}})?"),
    (_DIGITS, r"(?<!\w)%M\.?\s\d{1,4}(?:st|nd|rd|th)?(?!\d)(?:,?\s\d{4}(?!\d))?"),
    ("年月", _CALENDAR),
    (_DIGITS, r"(?<![\w.])[+(]{0,2}\d(?:(?:[ \u00a0/.()-]|\) | \()?\d){5,18}(?!\w)"),  # telephones
    (_DIGITS, r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)"),  # IBAN
    # Number plates; identifiers, domains, e-mails and versions.
    (_DIGITS, r"(?<!\w)(?:[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[ -]?\d{1,4}[EH]?|[A-Z]{2}\d{2} [A-Z]{3})(?!\w)"),
    ("-_./#:@+&'’", rf"(?<![{_W}])[{_W}]{{1,200}}(?:[-_./#:@+&'’]{{1,2}}[{_W}]{{1,200}})+"),
    (_DIGITS, rf"(?<![{_W}])(?!\d)[{_W}]{{0,40}}?\d[{_W}]{{0,60}}"),
    (":.", r"(?<![^\W_])(?:[A-Za-z][A-Za-z0-9+.-]{1,15}://|www\.|mailto:|doi:)[^\s<>\"，。、；：！？）」』]{0,2000}"
     r"(?<![.,;:!?)\]'])"),
    ("/\\", r"(?<![\w/])(?:~|\.{1,2})?/[\w@+%-]{1,200}(?:[./:][\w@+%-]{1,200})*/?"
     r"|(?<!\w)[A-Za-z]:\\[^\s\"<>|,;]{0,400}"),
    # A number in words and in figures: thirty (30) days.
    ("(", r"(?<!\w)[^\W\d_]{2,20}\s\(\d{1,3}(?:[.,]\d{1,3})?%?\)(?:\s[^\W\d_]{1,20}['’]?)?"),
    # Citations: (Kern et al., 2019), [3, 4], [^1].
    ("(", r"\((?:see |cf\. |e\.g\. |vgl\. |siehe |voir |s\. )?[^\W\d_][^()\d]{0,120}\d{4}[^()]{0,80}\)"),
    ("[", r"\[\d{1,4}(?:\s?[,;–-]\s?\d{1,4}){0,40}\]|\[[\^@][^\[\]\s]{1,80}\]"),
    ("]", rf"!?\[(?:[^\[\]]|!\[[^\[\]]{{0,300}}\]\([^()]{{0,600}}\)){{0,300}}\](?:{_LINK})"),
    ("`", r"``[^\n]{1,300}?``|`[^`\n]{1,300}`"),
    ("<", r"</?[A-Za-z!][^<>]{0,300}>"),
    ("\"„“«»‹‘《「『", QUOTED),
    ("$\\", r"\$\$[^$]{1,400}\$\$|(?<![\w$])\$(?![\s\d])[^$\n]{1,200}(?<!\s)\$(?!\d)|\\\([^\n\\]{1,200}\\\)"),
    # x = y + z
    ("=+*/×·÷<>≤≥≈≠±→^", r"(?<!\S)(?=\S{0,29}\w)\S{1,30}(?:\s(?:[=+*/×·÷≤≥≈≠±→^]|[<>]=?|[!:=]=)\s\S{1,30})+"),
    (".", r"(?<!\w)(?:[^\W\d_]{1,2}\.){2,3}\s\S{1,30}|(?<!\w)(?:%A)\.\s\S{1,30}"),
    (WIDE, r"[\U0001f1e6-\U0001f1ff]{2}|\S(?:\u200d\S|[%J]){1,40}"),  # flags, emoji, accents
)  # fmt: skip


def atoms(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Find what is never cut inside.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range, such as a sentence, begins, in characters.
    end
        Where it ends, exclusive.

    Returns
    -------
    list of (int, int)
        Character ranges inside ``start:end``, in order, disjoint.

    Examples
    --------
    >>> text = "It cost € 1 250 000 on July 29, 2026 (see NCC-2207)."
    >>> [text[a:b] for a, b in atoms(text, 0, len(text))]
    ['€ 1 250 000', 'July 29, 2026', '(see NCC-2207)']
    """
    part = text[start:end]
    if "  " in part:
        return _spaced(text, start, end)
    signs = {*part, WIDE} if not part.isascii() else set(part)
    found = []
    for needed, pattern in _compiled():
        if not needed.isdisjoint(signs):
            found += [match.span() for match in pattern.finditer(text, start, end)]
    return merged(found)


def _spaced(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Find atoms where some blanks are doubled, as if they were not."""
    first = max(start - 1, 0)  # patterns look at the character before
    places = [at for at in range(first, end) if at <= start or text[at - 1 : at + 1] != "  "]
    found = atoms("".join(text[at] for at in places), start - first, len(places))
    return [(places[left], places[right - 1] + 1) for left, right in found]


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges that overlap, and sort them.

    >>> merged([(5, 9), (0, 3), (2, 4), (4, 5)])
    [(0, 4), (4, 5), (5, 9)]
    """
    joined: list[tuple[int, int]] = []
    for left, right in sorted(ranges):
        if joined and left < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(right, joined[-1][1]))
        elif left < right:
            joined.append((left, right))
    return joined


@cache
def _compiled() -> tuple[tuple[frozenset[str], re.Pattern[str]], ...]:
    made = (
        (signs, pattern.replace("%M", any_month()).replace("%A", _TITLES).replace("%J", joined_class()))
        for signs, pattern in ATOMS
    )
    return tuple((frozenset(signs), re.compile(pattern)) for signs, pattern in made)
