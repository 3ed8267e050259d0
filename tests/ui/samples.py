"""Documents, PDFs made in memory, and a server in a thread."""

from __future__ import annotations

import io

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

TOWER = (
    "The tower on the hill is made of red brick. Its builder was Mara Lindqvist. Crowds come every summer. "
    "The stairs have two hundred steps. A bell hangs under the roof. It rings at noon."
)
MARA = (
    "Mara Lindqvist drew her first plan at fourteen. She was born in the port of Vessel. "
    "Her brother sold rope. She never married. Her garden had nine apple trees. One still bears fruit."
)
QUESTION = "Where was the builder of the tower born?"
ANSWER = "The builder was Mara Lindqvist. She was born in the port of Vessel. Nobody knows the weather there."


def pdf(*pages: str) -> bytes:
    """Write a PDF with a line of text on each page."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(width=612, height=792)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 12 Tf 20 700 Td ({text}) Tj ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(content)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
