"""Text that is safe to show: characters that hide, reorder or steer what is shown are spelled out."""

from __future__ import annotations

import re

# Control characters except tab and line breaks, byte order marks, marks and overrides of direction, invisible
# operators, tags, lone surrogates. Joiners stay: emoji and several scripts need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    r"""Return a text without what a terminal would obey; line ends become line feeds.

    >>> printable("a\x1b[2J\r\nb")
    'a[U+001B][2J\nb'
    """
    return visible(text.replace("\r\n", "\n").replace("\r", "\n"))


def visible(text: str) -> str:
    """Spell out the characters of a text that cannot be seen.

    >>> visible("left\u202eright")
    'left[U+202E]right'
    """
    return _HIDDEN.sub(lambda match: f"[U+{ord(match.group()):04X}]", text)
