"""Paths of requests."""

from __future__ import annotations

from starlette.types import Scope


def own_path(scope: Scope) -> str:
    """Return the path of a request below the one at which the application is mounted.

    >>> own_path({"path": "/api/v1/models", "root_path": "/api"}), own_path({"path": "/health"})
    ('/v1/models', '/health')
    """
    return str(scope["path"].removeprefix(scope.get("root_path", "")))
