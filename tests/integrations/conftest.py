from __future__ import annotations

from tests.llm.readers import ids, llama, model  # noqa: F401  (fixtures)
