"""Import of optional packages, with an error that names the extra to install."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def require(module: str, *, extra: str) -> Any:
    """Import an optional module.

    Parameters
    ----------
    module
        Full name.
    extra
        The extra of this package that installs it.

    Returns
    -------
    module
        The module.

    Raises
    ------
    ImportError
        If the module cannot be imported; the message names the extra.

    Examples
    --------
    >>> require("json", extra="torch").dumps([1])
    '[1]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is needed for this: pip install 'semtoken-rag[{extra}]'") from error
