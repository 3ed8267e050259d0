"""What kind a file is: by its content first, and by its name where that does not tell."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

# What is offered to open; any other text can be read too.
SUFFIXES = (
    *(".txt", ".md", ".markdown", ".rst", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".csv", ".tsv"),
    *(".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml", ".ini", ".xml", ".log", ".py", ".js", ".ts"),
    *(".java", ".c", ".h", ".cpp", ".cs", ".go", ".rs", ".rb", ".php", ".sh", ".sql"),
)
_BY_SUFFIX = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    **dict.fromkeys((".jsonl", ".ndjson"), "json lines"),
    ".json": "json",
}
_PAGE = re.compile(
    rb"(?is)(?:\xef\xbb\xbf)?\s{0,99}(?:<\?xml[^>]{0,200}>\s{0,99})?<(?:!doctype\s+html|html)\b"
)
_ZIP, _OLE, _RTF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM", b"RIFF")
_PACKED = {  # the first folder or file that tells, what it is of, and what to save it as
    "word/document.xml": ("docx", ""),
    "xl/": ("xlsx", "CSV"),
    "ppt/": ("pptx", "PDF"),
    "META-INF/container.xml": ("epub", "HTML"),
    "content.xml": ("OpenDocument", "DOCX or CSV"),
}
_OLD = {".xls": "CSV", ".ppt": "PDF"}


def kind_of(name: str, data: bytes) -> str:
    """Return ``pdf``, ``docx``, ``html``, ``markdown``, ``json``, ``json lines`` or ``text``.

    Parameters
    ----------
    name
        Name of the file.
    data
        Its content.

    Returns
    -------
    str
        The kind; ``text`` does not say that it is one.

    Raises
    ------
    ValueError
        If it is of a kind that is not supported; the message has what to do.
    """
    suffix = PurePath(name).suffix.lower()
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(_ZIP):
        return _packed(data)
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise ValueError("it is encrypted; save it without a password")
        raise ValueError(
            f"{suffix[1:] or 'this format'} is not supported; save as {_OLD.get(suffix, 'DOCX')}"
        )
    if data.startswith(_RTF):
        raise ValueError("rtf is not supported; save as DOCX")
    if data.startswith(_IMAGES) and b"\0" in data:
        raise ValueError("an image; it needs text recognition first")
    return "html" if _PAGE.match(data[:1024]) else _BY_SUFFIX.get(suffix, "text")


def _packed(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise ValueError("a broken archive") from None
    for sign, (kind, instead) in _PACKED.items():
        if any(each.startswith(sign) for each in names):
            if instead:
                raise ValueError(f"{kind} is not supported; save as {instead}")
            return kind
    raise ValueError("an archive; unpack it first")
