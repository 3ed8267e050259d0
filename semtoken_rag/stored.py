"""Former path of `semtoken_rag.fingerprints.stored`."""

from __future__ import annotations

import warnings

from semtoken_rag.fingerprints.stored import StoredFingerprinter

__all__ = ["StoredFingerprinter"]

warnings.warn("semtoken_rag.stored is now semtoken_rag.fingerprints.stored", DeprecationWarning, stacklevel=2)
