"""What is read of each kind of file, and what is said of files that are not read."""

from __future__ import annotations

import io
import json
import re
import sys
import time

import pytest

pytest.importorskip("docx")
pytest.importorskip("html_to_markdown")
pytest.importorskip("pypdf")
import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from pypdf import PdfReader, PdfWriter

from semtoken_rag import SemToken
from semtoken_rag.files import Document, Limits, read_document
from tests.files.samples import PAGE, archive, changed, lease, saved
from tests.ui.samples import pdf

BODY = "word/document.xml"
SENTENCE = "<p>The tower is 330 m tall.</p>"


def text(name: str, data: bytes | str) -> str:
    return read_document(name, data.encode() if isinstance(data, str) else data).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.py", "README"])
def test_a_text_is_as_in_the_file(name: str, encoding: str):
    said = "# Höhe,\tm\r\n{'330': \"🗼\"}\n"
    assert read_document(name, said.encode(encoding)) == Document(name, said)


def test_a_page_has_its_headings_lists_and_tables_and_no_menus():
    document = read_document("page.html", PAGE.encode())
    assert document.title == "Release & notes"
    assert document.text == (
        "# Release 4.3\n\nWhat is shipped, see older ones and [sources](https://example.org/src).\n\n"
        "## Libraries\n\n*Versions*\n\n| Library | Version |\n| --- | --- |\n| OpenSSL | 3.0.13 |\n"
        "| zlib < 2 | 1.3 \\| 1.4 |\n\n- one\n  - inner\n\n```\na = 1\n  b = 2\n```"
    )
    assert document.chunks()[0].title == "Release & notes"


def test_a_short_page_is_not_lost():
    assert text("a.html", SENTENCE) == "The tower is 330 m tall."
    assert text("no-suffix", f"<!DOCTYPE html>\n{SENTENCE}") == "The tower is 330 m tall."


@pytest.mark.parametrize(
    "page",
    [
        f"<form>{SENTENCE}</form>",
        f"<aside>{SENTENCE}</aside>",
        f"<div hidden>{SENTENCE}</div>",
        f"<header>{SENTENCE}</header>",
        f"<table><tr><td>{SENTENCE}</table>",
        f"<nav><div>{SENTENCE}",
        "<div>" * 5000 + SENTENCE + "</div>" * 5000,
        "<div>" * 100_000 + SENTENCE,
        "<table><tr><td>" * 50_000 + SENTENCE,
        "<b>" * 100_000 + SENTENCE,
        "<title>" * 50_000 + SENTENCE,
        '<a href="' * 100_000 + SENTENCE,
    ],
)
def test_odd_pages_keep_their_text_and_end_soon(page: str):
    start = time.perf_counter()
    assert "The tower is 330 m tall." in text("a.html", page)
    assert time.perf_counter() - start < 20  # about one second; minutes, where each is compared with each


def test_a_term_stands_with_its_definition():
    terms = "<dt>Notice</dt><dd>Three months.</dd><dt>Deposit:</dt>\n<dd class=x>2,400 EUR</dd><dd>cash</dd>"
    assert text("a.html", f"<dl>{terms}</dl>") == "Notice: Three months.\n\nDeposit: 2,400 EUR\n\ncash"


def test_terms_share_a_definition_that_is_a_paragraph():
    terms = "<dt><code>f(x)</code></dt> <dt>g(x)</dt><dd class=x>\n<p>Returns x.</p><p>Since 3.</p></dd>"
    assert text("a.html", f"<dl>{terms}</dl>") == "`f(x)`, g(x): Returns x.\n\nSince 3."


def test_each_row_of_a_page_has_what_spans_it():
    rows = (
        "<tr><th>City</th><th>Year</th><th>People</th></tr>"
        "<tr><td rowspan='3'>Ulm</td><td>1990</td><td>7</td></tr>"
        "<tr><td>2000</td><td rowspan=2>8</td></tr><tr><td>2010</td></tr><tr><td>Bonn<td>1990<td>9"
    )
    assert text("a.html", f"<table>{rows}</table>").split("\n")[2:] == [
        "| Ulm | 1990 | 7 |",
        "| Ulm | 2000 | 8 |",
        "| Ulm | 2010 | 8 |",
        "| Bonn | 1990 | 9 |",
    ]


def test_a_row_of_nothing_but_spans_moves_no_label():
    rows = "<tr><td rowspan=2>a</td><td rowspan=2>1</td></tr><tr></tr><tr><td>b</td><td>2</td></tr>"
    assert text("a.html", f"<table>{rows}</table>").endswith("| b | 2 |")


def test_spans_repeat_little_text_and_end_soon():
    start = time.perf_counter()
    cell = f"<tr><td rowspan=1000 colspan=1000>{'x' * 300}</td></tr>"
    assert len(text("a.html", f"<table>{cell * 2000}</table>")) < 5 * 2000 * len(cell)
    assert time.perf_counter() - start < 10


MAIL = (
    "<table role=presentation><tr><td><table><tr><td><p>Dear Ann,</p><p>your invoice is due.</p></td></tr>"
    "</table></td></tr><tr><td><p>Total: 90 EUR</p></td></tr></table>"
)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (MAIL, "Dear Ann,\n\nyour invoice is due.\n\nTotal: 90 EUR"),
        (
            "<table><tr><td><h1>Fees</h1><p>One.</p><ul><li>two</ul></td><td>aside</table>",
            "# Fees\n\nOne.\n\n- two\n\naside",
        ),
        ("<table><tr><td><pre>1\n2</pre><td><pre>a\nb</pre></table>", "```\n1\n2\n```\n\n```\na\nb\n```"),
        ("<table><tr><td>Fee<td>9</table>", "| Fee | 9 |\n| --- | --- |"),
        ("<table><tr></tr><tr></tr><tr><td>Fee<td>9</table>", "| Fee | 9 |\n| --- | --- |"),
    ],
    ids=["mail", "columns", "code", "data", "empty rows"],
)  # fmt: skip
def test_a_table_that_only_places_text_is_paragraphs(page: str, said: str):
    assert text("a.html", page) == said


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (
            "10<sup>6</sup> m<sup>2</sup>, 10<sup>-3</sup> 10<sup>&minus;3</sup>, 1<sup>st</sup>",
            "10⁶ m², 10⁻³ 10⁻³, 1st",
        ),
        ("Paris<sup><a href='#n1'>1</a></sup>", "Paris¹"),
        ("so&shy;fort", "sofort"),
        ("a <mark>b</mark> c", "a b c"),
    ],
)
def test_marks_of_a_page_neither_join_numbers_nor_part_words(page: str, said: str):
    assert text("a.html", f"<p>{page}</p>") == said


def test_the_title_is_none_of_a_picture():
    page = "<html><svg><title>Menu</title></svg><title>Fees</title><p>9 EUR</p></html>"
    assert read_document("a.html", page.encode()).title == "Fees"
    assert read_document("a.html", page.replace("<title>Fees</title>", "").encode()).title == ""


def test_a_page_may_declare_its_encoding():
    assert text("a.html", "<meta charset='iso-8859-1'><p>Höhe 5 €</p>".encode("cp1252")) == "Höhe 5 €"
    for name in ("no-such", "hex", "idna"):  # of the last two, Python has one that is no encoding of text
        assert text("a.html", f"<meta charset='{name}'><p>Höhe</p>") == "Höhe"


def test_a_docx_has_its_headings_lists_and_tables_in_order():
    document = read_document("lease.docx", lease())
    assert document.title == "Lease of 2024"
    assert document.text == (
        "# Rent\n\nThe rent is due on the third working day.\n\n- water\n- heating\n\n## Deposit\n\n"
        "| Flat | Deposit |\n| --- | --- |\n| Attic | 900 \\| 950 EUR |\n| Attic | 1,200 EUR |\n\n"
        "Signed in March."
    )
    assert document.chunks([(8, 20)])[0].headings == ("Rent",)


def test_a_docx_has_what_was_inserted_and_not_what_was_deleted():
    body = (
        b"<w:p><w:ins><w:r><w:t>Paid in </w:t></w:r></w:ins>"
        b"<w:del><w:r><w:delText>May</w:delText></w:r></w:del>"
        b"<w:r><w:t>June</w:t><w:tab/><w:t>2024</w:t></w:r></w:p>"
        b"<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt><w:p>"
    )
    data = changed(lease(), BODY, lambda xml: xml.replace(b"<w:p>", body, 1))
    assert text("a.docx", data).startswith("Paid in June\t2024\n\nIn a control.")


def boxed(text: bytes) -> bytes:
    """A text box, with what is there for programs that cannot show it."""
    box = b"<w:txbxContent>" + b"".join(
        b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % each for each in text.split(b"/")
    )
    return (
        b"<w:r><w:drawing>%s</w:txbxContent></w:drawing><w:Fallback>%s</w:txbxContent></w:Fallback></w:r>"
        % (
            box,
            box,
        )
    )


def test_text_boxes_of_a_docx_have_their_own_paragraphs_and_stand_once_in_a_cell():
    paragraph = b"<w:p><w:r><w:t>Before </w:t></w:r>%s<w:r><w:t>after.</w:t></w:r></w:p><w:p>" % boxed(
        b"One./Two."
    )
    data = changed(lease(), BODY, lambda xml: xml.replace(b"<w:p>", paragraph, 1))
    assert text("a.docx", data).startswith("Before after.\n\nOne.\n\nTwo.\n\n# Rent")
    cell = b"<w:t>Flat</w:t></w:r>" + boxed(b"or/room")
    data = changed(lease(), BODY, lambda xml: xml.replace(b"<w:t>Flat</w:t></w:r>", cell))
    assert "| Flat or room | Deposit |" in text("a.docx", data)


def test_a_docx_has_its_footnotes_and_endnotes():
    document = docx.Document()
    run = document.add_paragraph("Rent").add_run()
    for kind, said in (("footnote", "Without heating."), ("endnote", "Since 2024.")):
        run._r.append(OxmlElement(f"w:{kind}Reference", {qn("w:id"): "2"}))
        note = f'<w:{kind} w:id="2"><w:p><w:r><w:t>{said}</w:t></w:r></w:p></w:{kind}>'
        xml = f"<w:{kind}s {nsdecls('w')}>{note}</w:{kind}s>".encode()
        part = Part(PackURI(f"/word/{kind}s.xml"), "application/xml", xml, document.part.package)
        document.part.relate_to(part, getattr(RELATIONSHIP_TYPE, f"{kind.upper()}S"))
    notes = "[^2]: Without heating.\n[^end2]: Since 2024."
    assert text("a.docx", saved(document)) == f"Rent[^2][^end2]\n\n{notes}"


def test_levels_and_columns_of_a_docx():
    def item(style: str, number: str = "") -> bytes:
        numbered = f'<w:numPr><w:numId w:val="{number}"/></w:numPr>' if number else ""
        return (
            f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{numbered}</w:pPr><w:r><w:t>x</w:t></w:r></w:p>'.encode()
        )

    body = item("ListBullet") + item("ListBullet2") + item("ListBullet", "0") + b"<w:p>"
    data = changed(lease(), BODY, lambda xml: xml.replace(b"<w:p>", body, 1))
    assert text("a.docx", data).startswith("- x\n  - x\n\nx\n\n# Rent")
    cell = b"<w:tc><w:p><w:r><w:t>5 EUR</w:t></w:r></w:p></w:tc>"
    shifted = b"<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>" + cell + b"</w:tr>"
    data = changed(lease(), BODY, lambda xml: xml.replace(b"</w:tbl>", shifted + b"</w:tbl>", 1))
    assert "|  | 5 EUR |" in text("a.docx", data)


def test_entities_of_a_docx_are_neither_fetched_nor_expanded(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("4711")
    entity = f'<!DOCTYPE w [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode()
    data = changed(lease(), BODY, lambda xml: xml.replace(b"?>", b"?>" + entity, 1).replace(b"March", b"&e;"))
    with pytest.raises(
        ValueError, match=r"^a\.docx cannot be read: broken, word/document\.xml has a DOCTYPE$"
    ):
        read_document("a.docx", data)


def test_the_answer_in_a_row_brings_its_header():
    rows = "Plan,Monthly fee,Seats\n" + "".join(f"Plan {i},{i * 7} EUR,{i}\n" for i in range(2, 60))
    chunks = read_document("fees.csv", rows.encode()).chunks()
    kept = SemToken(encoder="static").compress(chunks, "What is the monthly fee of Plan 31?", max_tokens=40)
    assert "Plan 31,217 EUR,31" in kept.text
    assert "Monthly fee" in kept.text


PLANS = [{"plan": f"Plan {i}", "fee": f"{i * 7} EUR", "für": [i, 0.50]} for i in range(2, 60)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("within", [False, True], ids=["list", "object"])
@pytest.mark.parametrize("letters", [False, True])
def test_a_record_of_json_is_a_line(indent: int | None, within: bool, letters: bool):
    data = json.dumps({"fees": PLANS} if within else PLANS, indent=indent, ensure_ascii=not letters)
    document = read_document("fees.json", data.replace("0.5", "0.50").encode())
    line = '{"plan": "Plan 31", "fee": "217 EUR", "für": [31, 0.50]}'
    assert document.text.split("\n")[29] == (f'{{"fees": {line}}}' if within else line)
    kept = SemToken(encoder="static").compress(
        document.chunks(), "What is the fee of Plan 31?", max_tokens=70
    )
    assert "217 EUR" in kept.text


def test_a_long_record_of_json_has_lines_with_their_paths():
    data = json.dumps(
        {"meta": {"id": 7}, "rows": [{"name": "a", "text": "b" * 990, "more": {"k": ["c"] * 3}}, 5]}
    )
    assert text("a.json", data + " " * 500).split("\n") == [
        '{"meta": {"id": 7}}',
        '{"rows[0].name": "a"}',
        '{"rows[0].text": "' + "b" * 990 + '"}',
        '{"rows[0].more": {"k": ["c", "c", "c"]}}',
        '{"rows": 5}',
    ]


@pytest.mark.parametrize(
    "data",
    [
        '{"a": 1, "a": 2}' + " " * 1500,
        '{"a": "\\u0000", "b": 1}' + " " * 1500,
        "[" * 100_000 + "]" * 100_000,
        '{"short":\n1.0}',
        '{"broken": ' + "[1," * 900,
    ],
    ids=["key twice", "the mark", "deep", "short", "broken"],
)
def test_json_that_would_lose_anything_is_as_in_the_file(data: str):
    assert text("a.json", data) == data


def test_letters_of_json_lines_are_letters_in_their_lines():
    data = '{"fee": "9 \\u20ac", "at": 1.50}\r\n{"broken \\u20ac\n{"half": "\\ud800"}\n'
    expected = '{"fee": "9 €", "at": 1.50}\r\n{"broken \\u20ac\n{"half": "\ufffd"}\n'
    assert text("a.jsonl", data) == expected
    long = '["' + "\\u00fc" * 500_000 + "a" * 5_000_000  # half of a line: minutes, if each place is tried
    assert text("a.jsonl", long) == long


def test_a_pdf_has_pages():
    document = read_document("a.pdf", pdf("First page.", "", "Third page."))
    assert document.text == "First page.\n\n\n\nThird page."
    at = document.text.index("Third")
    assert document.place((0, 5), (at, at + 5)) == "pages 1, 3"


def locked() -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(pdf("Secret."))))
    writer.encrypt("word", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def macros(xml: bytes) -> bytes:
    old = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return xml.replace(old, b"application/vnd.ms-word.document.macroEnabled.main+xml")


PICTURE = "docProps/thumbnail.jpeg"
WIDE = b"<table>" + b"<tr><td colspan=1000>x</td></tr>" * 900
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UNREAD = {
    "empty.txt": (b"", "it holds no text"),
    "blank.html": (b"<html><script>x</script></html>", "it holds no text"),
    "blank.docx": (
        changed(lease(), BODY, lambda x: re.sub(b"<w:t[ >].*?</w:t>", b"", x)),
        "it holds no text",
    ),
    "scan.pdf": (pdf("", ""), "it holds no text; a scan needs text recognition first"),
    "locked.pdf": (locked(), "it is encrypted; save it without a password"),
    "broken.pdf": (b"%PDF-1.7 and nothing more", "Stream has ended unexpectedly"),
    "latin.txt": (b"one\ntwo caf\xe9", "not UTF-8, got byte E9 in line 2; save it as UTF-8"),
    "half.txt": ("Höhe".encode("utf-16")[:-1], "not UTF-16, got byte 65 in line 1; save it as UTF-8"),
    "data.bin": (b"a\0b", "not a text"),
    "photo.txt": (b"\x89PNG\r\n\x1a\n\0", "an image; it needs text recognition first"),
    "fees.xlsx": (archive("xl/workbook.xml"), "xlsx is not supported; save as CSV"),
    "talk.pptx": (archive("ppt/presentation.xml"), "pptx is not supported; save as PDF"),
    "all.zip": (archive("a.txt"), "an archive; unpack it first"),
    "half.docx": (lease()[:2000], "a broken archive"),
    "letter.doc": (OLD_OFFICE + b"\0" * 99, "doc is not supported; save as DOCX"),
    "locked.docx": (
        OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"),
        "it is encrypted; save it without a password",
    ),
    "letter.rtf": (rb"{\rtf1 Hello}", "rtf is not supported; save as DOCX"),
    "letter.docm": (
        changed(lease(), "[Content_Types].xml", macros),
        "it has macros; save it as DOCX without them",
    ),
    "broken.docx": (
        changed(lease(), BODY, lambda xml: xml[:-30]),
        "broken, XMLSyntaxError when it is read",
    ),
    "no-rels.docx": (archive(BODY), "broken, KeyError when it is read"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_said_in_one_sentence(name: str):
    data, said = UNREAD[name]
    with pytest.raises(ValueError, match=f"^{re.escape(f'{name} cannot be read: {said}')}$"):
        read_document(name, data)


BOMB = b"<w:p/>" * (3 * 2**20)


@pytest.mark.parametrize(
    ("name", "data", "limits", "said"),
    [
        ("a.txt", b"x" * 11, Limits(file_bytes=10), "larger than 10 bytes"),
        ("a.html", b"<p>x" * (13 * 2**20), Limits(), "larger than 20971520 bytes"),
        ("a.html", b"<p>x" * (3 * 2**20), Limits(), "a page of more than 10485760 characters"),
        ("a.html", WIDE, Limits(file_bytes=99_999), "it holds more"),
        ("a.docx", changed(lease(), BODY, lambda x: BOMB), Limits(), "it unpacks to .* of XML, more than"),
        ("a.docx", changed(lease(), PICTURE, lambda x: BOMB * 3), Limits(), "it unpacks to .*, more"),
        ("a.pdf", pdf(*["a page"] * 9), Limits(file_bytes=2000), "larger than 2000 bytes"),
    ],
)  # fmt: skip
def test_what_takes_too_much_is_refused_soon(name: str, data: bytes, limits: Limits, said: str):
    start = time.perf_counter()
    with pytest.raises(ValueError, match=rf"^{re.escape(name)} cannot be read: {said}"):
        read_document(name, data, limits=limits)
    assert time.perf_counter() - start < 5


def test_a_limit_must_be_above_zero():
    with pytest.raises(ValueError, match="seconds must be above 0, got -1"):
        Limits(seconds=-1)


@pytest.mark.parametrize(
    ("module", "name", "data"),
    [
        ("html_to_markdown", "a.html", SENTENCE.encode()),
        ("docx", "a.docx", lease()),
        ("pypdf", "a.pdf", pdf("a")),
    ],
)
def test_a_missing_library_names_the_extra(module: str, name: str, data: bytes, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"semtoken-rag\[files\]"):
        read_document(name, data)
