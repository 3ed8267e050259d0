"""One reader of files, folders and patterns: what compression gets to see of them."""

from __future__ import annotations

from semtoken_rag.files.document import Document
from semtoken_rag.files.kinds import SUFFIXES
from semtoken_rag.files.limits import Limits, Skipped
from semtoken_rag.files.paths import read_paths
from semtoken_rag.files.read import read_document

__all__ = ["SUFFIXES", "Document", "Limits", "Skipped", "read_document", "read_paths"]
