"""Training of an encoder's fingerprints for late interaction on questions with known answers."""

from __future__ import annotations

from semtoken_rag._optional import require

require("torch", extra="torch")  # so that a missing torch is named with its extra
