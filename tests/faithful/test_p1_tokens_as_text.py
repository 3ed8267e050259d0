"""Text that spells a chat template's tokens is counted and passed on as plain text."""

from __future__ import annotations

import pytest

TEXTS = [
    (
        "A turn of Gemma begins with <start_of_turn>user. The model is small. It rained.",
        "How does a turn of Gemma begin?",
        "<start_of_turn>user",
    ),
    (
        "Mistral wraps an instruction in [INST] and [/INST]. Its license is Apache. Bread is good.",
        "What does Mistral wrap an instruction in?",
        "[INST] and [/INST]",
    ),
    (
        "Llama 2 beginnt den Systemtext mit <<SYS>>. Das Modell ist alt. Es regnete.",
        "Womit beginnt Llama 2 den Systemtext?",
        "<<SYS>>",
    ),
]


@pytest.mark.parametrize(("text", "question", "spelled"), TEXTS)
def test_what_spells_a_token_is_plain_text(engine, text, question, spelled):
    made = engine.compress([text], question, ratio=0.8)
    assert spelled in made.text
    assert made.stats.fallback is None
    assert made.stats.tokens_after <= made.stats.budget
