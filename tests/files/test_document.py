"""Passages of a document, the headings above them, and the names of places."""

from __future__ import annotations

import time

import pytest

from semtoken_rag.files import Document, read_document
from semtoken_rag.files.document import LONGEST
from tests.support.samples import BREAD, ROME

FENCED = "# Guide\n\n```bash\n# not a heading\nmake all\n```\n\n## Towers\n\n"


def headings(document: Document) -> list[tuple[str, ...]]:
    return [chunk.headings for chunk in document.chunks()]


def test_a_passage_has_the_headings_above_it_and_none_of_code():
    document = read_document("a.md", f"{FENCED}{BREAD * 20}\n\n# Rome ##\n\n{ROME * 20}".encode())
    assert headings(document)[0] == ()
    assert set(headings(document)[1:]) == {("Guide", "Towers"), ("Rome",)}
    assert headings(read_document("a.txt", document.text.encode()))[-1] == ()


def test_a_place_is_lines_or_pages():
    text = "one\ntwo\r\nthree\n"
    assert [Document("a.txt", text).place(span) for span in ((0, 3), (4, 14), (0, 4), (9, 14))] == [
        "line 1",
        "lines 2-3",
        "line 1",
        "line 3",
    ]
    assert Document("a.txt", text).place((0, 3), (4, 14), (1, 2)) == "lines 1, 2-3"
    pages = Document("a.pdf", "one\n\ntwo\n\n", pages=(0, 5))
    assert [pages.place(span) for span in ((0, 3), (5, 8), (0, 8))] == ["page 1", "page 2", "pages 1-2"]


def test_what_only_looks_like_a_heading_is_none():
    text = f"We use C# and # here.\n\n####### deep\n\n# {'x' * (LONGEST + 1)}\n\n{BREAD * 20}"
    assert set(headings(read_document("a.md", text.encode()))) == {()}
    assert headings(read_document("A.MD", f"# Bread\n\n{BREAD * 20}".encode()))[-1] == ("Bread",)


@pytest.mark.parametrize(
    "text",
    ["# " * 100_000 + "x", "# h\n\n```\n# x\n```\n\n" * 10_000],
    ids=["marks in one line", "headings and code"],
)
def test_headings_are_found_in_linear_time(text: str):
    start = time.perf_counter()
    assert Document("a.md", text, markdown=True).chunks()
    assert time.perf_counter() - start < 15  # minutes, where each is compared with each


def test_places_in_a_large_text_are_counted_from_near_by():
    text = "\n\n" + "a line\n" * 300_000
    document = Document("a.txt", text)
    assert document.place((0, 1)) == "line 1"
    start = time.perf_counter()
    for line in range(3, 300_000, 100):
        at = (line - 3) * 7 + 2
        assert document.place((at, at + 8)) == f"lines {line}-{line + 1}"
    assert time.perf_counter() - start < 3
