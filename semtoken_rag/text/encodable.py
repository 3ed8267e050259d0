"""Text that tokenizers accept: without lone surrogates."""

from __future__ import annotations


def encodable(text: str) -> str:
    """Replace each lone surrogate by U+FFFD: tokenizers accept the result, and its offsets are the same."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
