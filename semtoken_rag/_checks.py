"""Checks of arguments that more than one module makes."""

from __future__ import annotations


def check_positive(name: str, value: object) -> None:
    """Raise a ValueError if ``value`` is not an int of at least 1; a bool is none.

    >>> check_positive("max_tokens", 8)
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be an int of at least 1, got {value!r}")
