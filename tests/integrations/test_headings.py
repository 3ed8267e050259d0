"""Headings in the metadata of splitters and converters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_text_splitters import HTMLHeaderTextSplitter, MarkdownHeaderTextSplitter
from llama_index.core.node_parser import MarkdownNodeParser
from llama_index.core.schema import Document

from semtoken_rag.adapters.headings import LONGEST, read_headings, without_headings

PAGE = "# Harbour rules\n\n## Mooring\n\n### Fees\n\nA night costs 30 crowns."


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ()),
        ({"title": "Rules", "source": "a.md", "page": 3}, ()),
        ({"Header 2": "Mooring", "Header 1": "Harbour rules"}, ("Harbour rules", "Mooring")),
        ({"Header_1": "Harbour rules", "Header_3": "Fees"}, ("Harbour rules", "Fees")),
        ({"h1": "Harbour rules", "H2": "Mooring"}, ("Harbour rules", "Mooring")),
        ({"header1": "Harbour rules", "heading-2": "Mooring"}, ("Harbour rules", "Mooring")),
        ({"Header 7": "Deep", "h10": "Deep", "Header": "None", "oh1": "no"}, ()),
        ({"header_path": "/Harbour rules/Mooring/"}, ("Harbour rules", "Mooring")),
        ({"header_path": "/"}, ()),
        ({"header_path": ["Harbour rules"]}, ()),
        ({"dl_meta": {"headings": ["Harbour rules", "Fees"], "doc_items": []}}, ("Harbour rules", "Fees")),
        ({"headings": ["Harbour rules", "Fees"], "origin": {}}, ("Harbour rules", "Fees")),
        ({"headings": "Fees"}, ("Fees",)),
        ({"dl_meta": {"headings": None}, "headings": ("Fees",)}, ("Fees",)),
        ({"dl_meta": "a string", "headings": {"a": 1}}, ()),
        ({"section": "Mooring", "parent_title": "Fees", "category": "Title"}, ("Mooring", "Fees")),
        ({"section": 4, "parent_title": None}, ()),
        ({"Header 1": 7, "Header 2": b"Fees", "Header 3": " ", "h4": "Fees"}, ("Fees",)),
        ({"Header 1": "Harbour\n  rules"}, ("Harbour rules",)),
        ({"Header 1": "x" * (LONGEST + 1), "Header 2": "Fees"}, ("Fees",)),
        ({"Header 1": "Fees", "Header 2": "Fees"}, ("Fees",)),
        ({1: "one", None: "none", ("Header 1",): "no", "Header 1": "Fees"}, ("Fees",)),
        ({"Header 1": 3, "header_path": "/Harbour rules/"}, ("Harbour rules",)),
    ],
)
def test_what_is_read(metadata: dict[Any, Any], expected: tuple[str, ...]) -> None:
    assert read_headings(metadata) == expected


def test_what_the_splitters_write() -> None:
    levels = [("#", "Header 1"), ("##", "Header 2"), ("###", "Header 3")]
    (split,) = MarkdownHeaderTextSplitter(levels).split_text(PAGE)
    assert read_headings(split.metadata) == ("Harbour rules", "Mooring", "Fees")
    *_, node = MarkdownNodeParser().get_nodes_from_documents([Document(text=PAGE)])
    assert read_headings(node.metadata) == ("Harbour rules", "Mooring")


def test_what_the_splitter_of_html_writes() -> None:
    pytest.importorskip("bs4")
    page = "<h1>Harbour rules</h1><h2>Mooring</h2><p>A night costs 30 crowns.</p>"
    split = HTMLHeaderTextSplitter([("h1", "Header 1"), ("h2", "Header 2")]).split_text(page)
    assert read_headings(split[-1].metadata) == ("Harbour rules", "Mooring")


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Rules > Fees\nIt costs 30.", ("Rules", "Fees"), "It costs 30."),
        ("Fees\nIt costs 30.", ("Rules", "Fees"), "It costs 30."),
        ("# Fees\nIt costs 30.", ("Rules", "Fees"), "# Fees\nIt costs 30."),
        ("Rules > Other\nIt costs 30.", ("Rules", "Fees"), "Rules > Other\nIt costs 30."),
        ("It costs 30.", ("Rules",), "It costs 30."),
        ("Rules", ("Rules",), "Rules"),
        ("Rules\n \n", ("Rules",), "Rules\n \n"),
        ("", (), ""),
        ("\nIt costs 30.", (), "\nIt costs 30."),
    ],
)
def test_the_line_that_was_put_in_front(text: str, names: tuple[str, ...], expected: str) -> None:
    assert without_headings(text, names) == expected


ONE = st.none() | st.integers() | st.text(max_size=9) | st.binary(max_size=4)
ANY = ONE | st.lists(ONE, max_size=3)
KEYS = st.sampled_from(["Header 1", "h2", "header_path", "dl_meta", "headings", "section", "parent_title", 3])


@given(st.dictionaries(KEYS, ANY | st.dictionaries(KEYS, ANY, max_size=2), max_size=4))
def test_any_metadata_give_strings_of_one_line(metadata: dict[Any, Any]) -> None:
    for heading in read_headings(metadata):
        assert isinstance(heading, str)
        assert heading.strip()
        assert len(heading.splitlines()) == 1
        assert len(heading) <= LONGEST
