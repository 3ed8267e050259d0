from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from tests.llm.readers import ids, llama, model, silent  # noqa: F401  (fixtures)
