"""Files made in memory, one of each kind, and broken ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx

PAGE = """<!doctype html><html><head><title>Release &amp; notes</title><script>x = {"a": 1}; track()</script>
<style>p { color: red }</style></head><body><nav><a href="/">Home</a> <a href="/shop">Shop</a></nav>
<div class="cookie-banner"><p>Cookies help us.</p><button>Accept</button></div>
<main><h1>Release 4.3<a class="headerlink" href="#r">¶</a></h1><p>What is <b>shipped</b>, see
<a href="/old">older ones</a> and <a href="https://example.org/src">sources</a>.</p><h2>Libraries</h2>
<table><caption>Versions</caption><tr><th>Library</th><th>Version</th></tr><tr><td>OpenSSL</td><td>3.0.13</td></tr>
<tr><td>zlib &lt; 2</td><td>1.3 | 1.4</td></tr></table><ul><li>one<ul><li>inner</li></ul></li></ul>
<pre><code>a = 1
  b = 2</code></pre></main><footer>Imprint</footer></body></html>"""


def lease() -> bytes:
    """Return a DOCX with headings, a list and a table, in an order that tells."""
    document = docx.Document()
    document.core_properties.title = "Lease of 2024"
    document.add_heading("Rent", 1)
    document.add_paragraph("The rent is due on the third working day.")
    document.add_paragraph("water", style="List Bullet")
    document.add_paragraph("heating", style="List Number")
    document.add_heading("Deposit", 2)
    table = document.add_table(rows=3, cols=2)
    for row, cells in enumerate([("Flat", "Deposit"), ("Attic", "900 | 950 EUR"), ("", "1,200 EUR")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Attic"
    document.add_paragraph("Signed in March.")
    return saved(document)


def saved(document: docx.document.Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def changed(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an archive with another content of one of its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, change(old.read(each)) if each == name else old.read(each))
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()
