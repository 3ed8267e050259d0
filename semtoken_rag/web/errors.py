"""Errors as responses: one sentence, where clients of either kind look for it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

TOLD = 3  # of what is wrong with a request, which may be wrong in each of thousands of places


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


def describe(error: RequestValidationError | ValidationError, *within: str) -> str:
    """Describe what is wrong without the input, which may be large, or hold NaN or lone surrogates.

    Parameters
    ----------
    error
        The error.
    *within
        Names of the fields around what was checked.

    Returns
    -------
    str
        The first places and what is wrong there.
    """
    found = error.errors()
    unread = isinstance(error, RequestValidationError) and isinstance(error.body, bytes)
    if unread and found[0]["loc"] == ("body",):
        return "the body must be JSON, sent with Content-Type: application/json"
    said = [f"{'.'.join((*within, *_names(e['loc'])))}: {e['msg']}" for e in found[:TOLD]]
    return "; ".join(said) + (f"; and {len(found) - TOLD} more" if len(found) > TOLD else "")


def _names(place: tuple[int | str, ...]) -> list[str]:
    """Return the names of the fields that lead to a place, without those that pydantic gives to types."""
    return [str(name) for name in place if not str(name).endswith("]")]
