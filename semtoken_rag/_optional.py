"""Import of optional packages, with an error that says what to install."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def require(module: str, *, extra: str) -> Any:
    """Import ``module``; where it is missing, raise an ImportError that names the extra.

    >>> require("json", extra="torch").dumps([1])
    '[1]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is needed for this: pip install 'semtoken-rag[{extra}]'") from error
