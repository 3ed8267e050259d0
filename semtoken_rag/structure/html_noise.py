"""What is not text of a page: scripts, menus, footers, banners, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from semtoken_rag.structure.html_tokens import RAW, TAG, Token, is_inline

_DROPPED = frozenset({
    "nav", "footer", "noscript", "template", "svg", "button", "select", "iframe", "object", "canvas",
    "textarea",
})  # fmt: skip
_BANNER = (
    r"(?is)<[^>]*(?:cookie|consent|gdpr)[-_ ]?(?:banner|consent|notice|bar\b|popup|overlay|modal|law-info"
    r"|message|warning|hinweis|dialog|alert|wall)|<[^>]*(?:onetrust|cookiebot|usercentrics)|<[^>]*role=[\"']?navigation"
)
_CONTAINER = frozenset({"div", "section", "aside", "dialog", "form", "p"})
_CONTENT = (
    r"(?i)<(?:div|section|aside|article|main|dialog|form|table|h1)\b"  # more than one thing is in there
)
_BUTTON = (
    r"(?i)<(?:a|button)\b[^>]{0,300}>\s*(?:accept|ok\b|agree|got it|allow|alle |zustimmen|akzeptieren"
    r"|accepter|tout |aceptar|accetta|aceitar)"
)


def dropped(text: str, found: Sequence[Token], pairs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last tag of what is not text of the page; the last is -1 if none closes it.

    Parameters
    ----------
    text
        The page.
    found
        Tags of the page, in source order.
    pairs
        Number of the tag that closes or opens each tag, -1 for none.

    Yields
    ------
    (int, int)
        Number of the first tag and of the last, in source order.
    """
    inside = -1
    for number, token in enumerate(found):
        last = pairs[number]
        if token.closing or number <= inside:
            continue
        if token.name in RAW or (
            last > number and (token.name in _DROPPED or _is_banner(text, token, found[last].end))
        ):
            yield number, last
        else:
            continue
        inside = max(inside, last)


def holes(text: str, found: Sequence[Token], skips: Mapping[int, int], end: int) -> list[tuple[int, int]]:
    """Return the ranges that no segment has: what is dropped, comments, tags that are very long or cut off.

    A comment without words is none, as frameworks write them between words.

    Parameters
    ----------
    text
        The page.
    found
        Tags of the page, in source order.
    skips
        From the first tag to the last of what is dropped, -1 if none closes it.
    end
        Where the page ends, in characters.

    Returns
    -------
    list of (int, int)
        Character ranges, sorted and disjoint.
    """
    made = [(0, 0)]
    for number, (start, stop, name, _) in enumerate(found):
        if number in skips:
            stop = found[skips[number]].end if skips[number] >= 0 else end
        elif name == "!--":
            if not text[start + 4 : stop - 3].strip("- \t\r\n") and text.endswith("-->", start, stop):
                continue
        elif text[stop - 1] == ">" and (stop - start <= TAG or not is_inline(name)):
            continue
        if start >= made[-1][1]:
            made.append((start, stop))
    return made[1:]


def _is_banner(text: str, token: Token, end: int) -> bool:
    """Return whether an element asks for consent to cookies, or is a menu."""
    if token.name not in _CONTAINER or end - token.start > 4000:
        return False
    if re.match(_BANNER, text[token.start : min(token.end, token.start + 500)]):
        return True
    if token.name == "p" or end - token.start > 1000 or text.find("ookie", token.end, end) < 0:
        return False
    inner = text[token.end : end]
    return re.search(_BUTTON, inner) is not None and re.search(_CONTENT, inner) is None
