"""Calibrate an engine on questions whose answers are known."""

from semtoken_rag._internal.optional import require

require("sklearn", extra="calibrate")  # the error for a missing scikit-learn names the extra

from semtoken_rag.calibrate.pose import calibrate_on  # noqa: E402

__all__ = ["calibrate_on"]
