"""Fingerprints: the encoding and the segments of each chunk, computed or read back from a store."""

from __future__ import annotations

from semtoken_rag.fingerprints.base import Fingerprint, Fingerprints
from semtoken_rag.fingerprints.compute import Fingerprinter

Read = Fingerprints

__all__ = ["Fingerprint", "Fingerprinter", "Fingerprints", "Read"]
