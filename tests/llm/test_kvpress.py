"""NVIDIA's presses around a reader, through their own interface; skipped where kvpress is not installed.

kvpress 0.5 needs transformers below 5.3, so that it has an environment of its own.
"""

from __future__ import annotations

import pytest

from semtoken_rag.llm import SemTokenLLM, Settings
from tests.llm.samples import ALL, CHUNKS, QUESTION, context, tokenizer

kvpress = pytest.importorskip("kvpress")


def test_a_press_prunes_the_text_path(llama):
    made = SemTokenLLM(llama, tokenizer(), settings=Settings(max_new_tokens=4))
    whole = made.generate(QUESTION, context(ALL), chunks=CHUNKS)
    with kvpress.KnormPress(compression_ratio=0.5)(llama):
        pressed = made.generate(QUESTION, context(ALL), chunks=CHUNKS)
    again = made.generate(QUESTION, context(ALL), chunks=CHUNKS)
    assert pressed.stats.prompt_tokens == whole.stats.prompt_tokens
    assert pressed.stats.kv_bytes < 0.6 * whole.stats.kv_bytes
    assert again.ids == whole.ids  # nothing of the press is left
