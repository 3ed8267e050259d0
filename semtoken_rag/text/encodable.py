"""Text as tokenizers take it: without lone surrogates."""

from __future__ import annotations


def encodable(text: str) -> str:
    """``text`` with each lone surrogate replaced by U+FFFD, so that tokenizers take it and offsets stay."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
