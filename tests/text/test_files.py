"""Text of files: UTF-8 as it is, pages of a PDF, and errors that name the place."""

from __future__ import annotations

import pytest

pytest.importorskip("pypdf")

from semtoken_rag.text.files import decode_utf8, read_pdf
from tests.ui.samples import pdf


def test_newlines_and_byte_order_marks_stay():
    text = "\ufeffone\r\ntwo\rGröße 🗼"
    assert decode_utf8(text.encode(), "a.txt") == text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"caf\xe9 au lait, encore", r"a, line 1: a text must be UTF-8, got b'\xe9 au lait,' at 3"),
        (b"one\r\ntwo\n\xff\xfe", r"a, line 3: a text must be UTF-8, got b'\xff\xfe' at 9"),
    ],
)
def test_what_is_not_utf8_is_named_with_its_place(data: bytes, said: str):
    with pytest.raises(ValueError, match="must be UTF-8") as error:
        decode_utf8(data, "a")
    assert str(error.value) == said


def test_pages_are_read_one_by_one():
    assert list(read_pdf(pdf("First.", "Second."), "a.pdf")) == [(1, 2, "First."), (2, 2, "Second.")]


def test_a_broken_pdf_is_named():
    with pytest.raises(ValueError, match=r"^a\.pdf cannot be read: "):
        list(read_pdf(b"%PDF-1.7 and nothing more", "a.pdf"))
