"""Errors as responses: one sentence, where clients of either kind look for it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.responses import JSONResponse
from pydantic import BaseModel

RETRY = {"Retry-After": "1"}  # seconds


class Error(BaseModel):
    """The same sentence, where clients of the OpenAI protocol read it."""

    message: str
    type: str = "semtoken_error"
    code: int


class Problem(BaseModel):
    """What is wrong with a request."""

    detail: str
    error: Error


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the response for what is wrong.

    Parameters
    ----------
    status
        HTTP status.
    detail
        One sentence; lone surrogates in it are replaced.
    headers
        Further headers.

    Returns
    -------
    JSONResponse
        A `Problem`.
    """
    detail = detail.encode("utf-8", "replace").decode("utf-8")
    content = Problem(detail=detail, error=Error(message=detail, code=status))
    return JSONResponse(content.model_dump(), status, dict(headers or {}))
