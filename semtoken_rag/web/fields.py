"""Fields of requests, as the service and the MCP server read them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict

from semtoken_rag.text.encodable import encodable

# A lone surrogate, which JSON can contain and UTF-8 cannot, becomes U+FFFD; positions stay.
Text: TypeAlias = Annotated[str, AfterValidator(encodable)]


class Strict(BaseModel):
    """Refuses unknown fields and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def whole(value: object) -> object:
    """Convert 8.0 to 8, as JSON Schema does.

    >>> whole(8.0), whole(8.5)
    (8, 8.5)
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value
