"""HTML to markdown: what the page says, with its headings, lists and tables."""

from __future__ import annotations

import re
from html import unescape

from semtoken_rag._internal.optional import require
from semtoken_rag.files.html_tables import tidy_tables
from semtoken_rag.structure.html_noise import dropped
from semtoken_rag.structure.html_tokens import is_inline, partners, tokens

# At most so much of the letters may be lost in the conversion, which leaves out what lies too deep.
LOST = 0.1
MOST = 10 * 2**20  # characters of a page
_ANCHOR = re.compile(r"(?i)<a\b[^>]{0,400}>\s{0,9}[#¶§🔗]\s{0,9}</a>")  # beside a heading
# Terms and what defines them, as one paragraph.
_TERMS = (
    (re.compile(r"(?i)</dt\s{0,9}>\s{0,99}<dt\b[^>]{0,400}>"), ", "),
    (re.compile(r"(?i):?\s{0,99}</dt\s{0,9}>\s{0,99}<dd\b[^>]{0,400}>(?:\s{0,99}<p\b[^>]{0,400}>)?"), ": "),
    (re.compile(r"(?i)<(/?)d[dt]\b[^>]{0,400}>"), r"<\1p>"),
)
# Only a link with a whole address is one outside of its page.
_TARGET = re.compile(
    r"""(?i)(<a\b[^>]{0,400}?)\shref=(?!["']?(?:https?:|mailto:))(?:"[^"]*"|'[^']*'|[^\s>"']+)"""
)
_POWER = re.compile(
    r"(?i)<sup\b[^>]{0,400}>\s{0,9}(?:<a\b[^>]{0,400}>)?\s{0,9}((?:[-+−]|&minus;|&#8722;)?\d{1,9})\s{0,9}"
    r"(?:</a>)?\s{0,9}</sup>"
)
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")  # 10⁶ is not 106


def html_text(page: str) -> tuple[str, str]:
    """Return the title and the text of a page.

    Scripts, styles, menus, footers, comments and banners that ask for consent are left out.

    Parameters
    ----------
    page
        HTML, broken or not.

    Returns
    -------
    str
        Content of ``<title>``.
    str
        The page as markdown, tables with a ``|`` between cells; where the conversion would lose some of the
        text, as of a page that is nested too deep, all of it without headings and tables.

    Raises
    ------
    ValueError
        If the page is too long.
    ImportError
        If html-to-markdown is missing; names the extra.
    """
    library = require("html_to_markdown", extra="files")
    if len(page) > MOST:
        raise ValueError(f"a page of more than {MOST} characters")
    said, plain = _said(page)
    title = re.search(r"(?is)<title\b[^>]{0,400}>(.{0,2000}?)</title", said)  # pictures have titles too
    options = library.ConversionOptions(
        extract_metadata=False,
        skip_images=True,
        compact_tables=True,
        bullets="-",
        autolinks=False,
        strip_tags=["b", "strong", "i", "em", "mark"],  # marks would stand between the words of a quote
        hidden_content="all",  # what a click shows is content
        preprocessing=library.PreprocessingOptions(enabled=False),
    )
    said = _ANCHOR.sub("", _TARGET.sub(r"\1", said))
    for pattern, instead in _TERMS:
        said = pattern.sub(instead, said)
    said = tidy_tables(_POWER.sub(lambda found: unescape(found[1]).translate(_RAISED), said))
    converted = library.convert(said, options).content or ""
    enough = _letters(converted) >= (1 - LOST) * _letters(plain)
    text = (converted if enough else plain).replace("\xad", "")  # where a browser may break a word
    return " ".join(unescape(title[1]).split()) if title else "", text.strip()


def _said(page: str) -> tuple[str, str]:
    """Return a page without what is not text of it, and then also without its tags."""
    found = tokens(page, 0, len(page))
    skips = dict(dropped(page, found, partners(found)))
    parts, lines, at, number, unsaid = list[str](), list[str](), 0, 0, False
    while number < len(found):
        token = found[number]
        parts.append(page[at : token.start])
        if not unsaid:
            lines.append(" ".join(page[at : token.start].split()))
        last = skips.get(number, number)
        if number not in skips:
            parts.append(page[token.start : token.end])
        at, number = (found[last].end, last + 1) if last >= 0 else (len(page), len(found))
        lines.append(" " if is_inline(token.name) else "\n")
        unsaid = token.name == "title" and not token.closing
    parts.append(page[at:])
    lines.append(page[at:])
    text = unescape("".join(lines))
    return "".join(parts), "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
