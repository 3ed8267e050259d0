"""Responses for what is wrong with a request."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError


def describe(error: RequestValidationError) -> str:
    """Describe what is wrong without the input, which may be large, or hold NaN or lone surrogates."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
