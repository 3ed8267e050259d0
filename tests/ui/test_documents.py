from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from semtoken_rag.files import read_document
from semtoken_rag.stages.passages import LONG, passages
from semtoken_rag.ui.documents import Document, chunks, read
from tests.ui.samples import pdf


def text_of(name: str, data: bytes) -> str:
    *_, last = read(name, data)
    assert last.name == "document"
    assert last.data["title"] == name
    return last.data["text"]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "README"])
def test_text_is_as_in_the_file(name: str):
    text = "# Tower\r\n\r\nHöhe: 330 m 🗼\n"
    assert text_of(name, text.encode()) == text


def test_a_byte_order_mark_is_no_text():
    assert text_of("a.txt", b"\xef\xbb\xbfTower") == "Tower"


def test_pdf_is_read_page_by_page():
    seen = list(read("a.pdf", pdf("First page.", "Second page.", "Third page.")))
    assert [(e.data["done"], e.data["total"]) for e in seen[:-1]] == [(1, 3), (2, 3), (3, 3)]
    assert seen[-1].data["text"] == "First page.\n\nSecond page.\n\nThird page."


def locked() -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(pdf("Secret."))))
    writer.encrypt("word", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"caf\xe9", "not UTF-8, got byte E9 in line 1; save it as UTF-8"),
        (b"  \n ", "holds no text"),
        (pdf(""), "holds no text"),
        (b"%PDF-1.7 and nothing more", "cannot be read"),
        (locked(), "cannot be read"),
    ],
    ids=["latin-1", "blank", "pdf without text", "broken pdf", "encrypted pdf"],
)
def test_what_cannot_be_read_is_named(data: bytes, said: str):
    with pytest.raises(ValueError, match=r"odd\.pdf") as error:
        text_of("odd.pdf", data)
    assert said in str(error.value)


PIECES = ["\n", "\n\n", " \n \n", " ", "- item\n", "One two. ", "| a | b |\n", "x" * 400, "字。", "🗼"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@settings(deadline=None)
@given(TEXTS)
def test_passages_are_sorted_disjoint_and_hold_all_that_is_not_blank(text: str):
    found = passages(text)
    assert all(a < b for a, b in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    edges = [0, *(edge for pair in found for edge in pair), len(text)]
    assert not any(text[a:b].strip() for a, b in zip(edges[::2], edges[1::2], strict=True))


@settings(deadline=None)
@given(TEXTS)
def test_no_passage_is_longer_than_the_bound(text: str):
    assert max((b - a for a, b in passages(text)), default=0) <= LONG


def test_passages_are_those_of_the_commands_so_that_a_store_has_them():
    text = "# Tower\n\n" + 60 * "It opened in 1889. " + "\n\n" + 60 * "It is red. "
    of_page = chunks([Document(title="tower.md", text=text)])
    of_file = read_document("notes/tower.md", text.encode()).chunks()
    assert [(c.text, c.context) for c in of_page] == [(c.text, c.context) for c in of_file]
    assert of_page[-1].context == "tower > Tower"


def test_chunks_say_where_they_stand():
    documents = [Document(title="a", text="One.\n\nTwo."), Document(title="b", text="\n\n" + 400 * "Go on. ")]
    made = chunks(documents)
    assert [c.metadata["document"] for c in made] == [0, 1, 1]
    assert len({c.id for c in made}) == 3
    for chunk in made:
        document, start = documents[chunk.metadata["document"]], chunk.metadata["start"]
        assert document.text[start:].startswith(chunk.text)
        assert chunk.title == document.title
