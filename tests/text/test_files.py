"""Text of files: UTF-8 as it is, and errors that name the place."""

from __future__ import annotations

import pytest

from semtoken_rag.text.files import decode_utf8


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
