"""Weights of relevance, bridge and letters, fitted by ``evaluation/fitting`` and stored with their source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parent / "weights.json"
DEFAULT = "semtoken-minilm"  # whose weights an encoder takes that none were fitted for


@cache
def fitted(encoder: str) -> Mapping[str, Mapping[str, float]]:
    """Weights by stage (``relevance``, ``bridge``, ``lexical``) and feature, for an encoder's name."""
    table: Mapping[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["encoders"]
    found: Mapping[str, Mapping[str, float]] = table.get(encoder.split(":")[0], table[DEFAULT])
    return found
