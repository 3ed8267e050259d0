"""Checks of arguments that more than one module makes."""

from __future__ import annotations

from numbers import Integral, Real


def check_positive(name: str, value: object) -> int:
    """Return ``value`` as an int; raise a ValueError if it is no whole number of at least 1. A bool is none.

    >>> check_positive("max_tokens", 8)
    8
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an int of at least 1, got {value!r}")
    return int(value)


def is_share(value: object, *, whole: bool = False) -> bool:
    """Return whether ``value`` is a number in (0, 1), or in (0, 1] if it may be ``whole``; a bool is none.

    >>> is_share(0.5), is_share(1), is_share(1, whole=True), is_share(True, whole=True)
    (True, False, True, False)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    number = float(value)
    return 0 < number < 1 or (whole and number == 1)
