"""For agents: tool results and old turns of a history in fewer tokens, with the originals within reach."""

from __future__ import annotations

from semtoken_rag.agents.originals import Originals, UnknownRef, expand

__all__ = ["Originals", "UnknownRef", "expand"]
