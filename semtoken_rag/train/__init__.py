"""Training an encoder for late interaction on questions with known answers: examples, loss, trainer."""

from __future__ import annotations

from semtoken_rag._internal.optional import require

require("torch", extra="torch")  # the error for a missing torch names the extra
