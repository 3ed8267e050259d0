"""Pages of a PDF, and the bounds of what it may take to read them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest

pytest.importorskip("pypdf")

from semtoken_rag.files import pdf as reading
from semtoken_rag.files.pdf import PdfLimits, read_pdf
from tests.ui.samples import pdf


def test_pages_are_read_one_by_one():
    assert list(read_pdf(pdf("First.", "Second."))) == [(1, 2, "First."), (2, 2, "Second.")]


def test_a_pdf_may_have_no_page():
    assert list(read_pdf(pdf())) == []


def test_a_broken_pdf_is_an_error():
    with pytest.raises(ValueError, match="Stream has ended unexpectedly"):
        list(read_pdf(b"%PDF-1.7 and nothing more"))


def growing(words: int, pages: int) -> bytes:
    """Return a PDF whose pages share one stream of ``words`` words."""
    text = zlib.compress(b"BT /F 9 Tf (" + b"tower " * words + b") Tj ET", 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * pages, pages),
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.5\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + end


@pytest.mark.parametrize(
    ("data", "limits", "said"),
    [
        (growing(10, 400), PdfLimits(pages=399), "it has 400 pages, more than 399"),
        (growing(10, 400), PdfLimits(characters=99), "it holds more than 99 characters, at page 2 of 400"),
        (
            growing(300_000, 400),
            PdfLimits(seconds=0.05),
            "it takes more than 0.05 seconds, before its first page",
        ),
        (
            growing(4_000_000, 1),
            PdfLimits(memory=2**27),
            "(?:it takes more than 128 MB|the process .* broke off)",
        ),
    ],
    ids=["pages", "characters", "seconds", "memory"],
)
def test_what_takes_too_much_is_refused(data: bytes, limits: PdfLimits, said: str):
    with pytest.raises(ValueError, match=f"^{said}"):
        list(read_pdf(data, limits=limits))


def test_a_reading_that_is_given_up_ends_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "BEAT", 0.05)
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[0])
    work = read_pdf(growing(300_000, 400))
    assert next(work) is None  # the child is still at its first page
    before = threading.active_count()
    work.close()
    assert started[0].poll() is not None
    assert threading.active_count() < before


def test_the_command_can_be_interrupted_while_it_reads(tmp_path: Path):
    (tmp_path / "bomb.pdf").write_bytes(growing(300_000, 400))
    code = (
        "from semtoken_rag.files.pdf import read_pdf; data = open('bomb.pdf', 'rb').read(); "
        "print(flush=True); list(read_pdf(data))"
    )
    path = {"PYTHONPATH": ":".join(str(Path(p).absolute()) for p in sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=10)
    assert re.search(rb"KeyboardInterrupt\s*$", said)


def test_a_child_that_nobody_can_kill_any_more_ends():
    """Its parent may be killed itself, and a file may take any time."""
    pytest.importorskip("resource")
    command = [sys.executable, str(reading.CHILD), str(2**30), "1", "5000", str(10**9)]
    done = subprocess.run(command, input=growing(300_000, 400), stdout=subprocess.DEVNULL, timeout=60)
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
