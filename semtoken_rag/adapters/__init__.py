"""What the adapters of both frameworks share."""

from __future__ import annotations

from semtoken_rag.adapters.settings import SemTokenSettings

__all__ = ["SemTokenSettings"]
