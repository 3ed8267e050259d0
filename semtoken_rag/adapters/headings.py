"""Headings that splitters and document converters leave in a passage's metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST = 200  # characters: what is longer is no heading
# "Header 1" (LangChain's splitters of markdown and HTML), "Header_1" (LlamaIndex), "h1", "H1".
_LEVEL = re.compile(r"(?:header|heading|h)[ _-]?([1-6])", re.IGNORECASE)


def read_headings(metadata: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return the headings that a passage stands under in its document.

    The first of these that holds a heading counts: one key a level (``Header 1``, ``Header_1``, ``h1``);
    LlamaIndex's ``header_path``; Docling's ``headings``, which LangChain's loader puts under ``dl_meta``;
    Unstructured's ``section`` and ``parent_title``.

    Parameters
    ----------
    metadata
        Metadata of the passage; keys and values may be of any type.

    Returns
    -------
    tuple of str
        The highest first, each on one line. What is no string, blank or of more than `LONGEST` characters is
        left out.

    Examples
    --------
    >>> read_headings({"Header 2": "Business plan", "Header 1": "Price list"})
    ('Price list', 'Business plan')
    >>> read_headings({"header_path": "/Price list/Business plan/"})
    ('Price list', 'Business plan')
    """
    for found in (_levels(metadata), _path(metadata), _docling(metadata), _unstructured(metadata)):
        lines = (" ".join(each.split()) for each in found if isinstance(each, str))
        if headings := tuple(dict.fromkeys(line for line in lines if 0 < len(line) <= LONGEST)):
            return headings
    return ()


def without_headings(text: str, names: Iterable[str]) -> str:
    r"""Return a compressed text without the line of titles and headings that was put in front of it.

    >>> without_headings("Price list > Business plan\nThe fee is 9.", ["Price list", "Business plan"])
    'The fee is 9.'
    """
    first, _, rest = text.partition("\n")
    known = {part for name in names for part in " ".join(name.split()).split(" > ")}
    return rest if rest.strip() and known.issuperset(first.split(" > ")) else text


def _levels(metadata: Mapping[Any, Any]) -> list[Any]:
    found = []
    for key, value in metadata.items():
        if isinstance(key, str) and (level := _LEVEL.fullmatch(key)):
            found.append((int(level[1]), value))
    return [value for _, value in sorted(found, key=lambda each: each[0])]


def _path(metadata: Mapping[Any, Any]) -> list[str]:
    path = metadata.get("header_path")
    return path.split("/") if isinstance(path, str) else []


def _docling(metadata: Mapping[Any, Any]) -> list[Any]:
    inner = metadata.get("dl_meta")
    for holder in (inner, metadata):
        found = holder.get("headings") if isinstance(holder, Mapping) else None
        if found:
            return list(found) if isinstance(found, list | tuple) else [found]
    return []


def _unstructured(metadata: Mapping[Any, Any]) -> list[Any]:
    return [metadata.get("section"), metadata.get("parent_title")]
