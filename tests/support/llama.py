"""The local server of the examples, for every folder of tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

from local_server import MODEL, local_server

__all__ = ["MODEL", "local_server"]
