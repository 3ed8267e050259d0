"""Checks of arguments that more than one module makes."""

from __future__ import annotations

import math
from numbers import Integral, Real


def check_positive(name: str, value: object) -> int:
    """Return ``value`` as an int; raise a ValueError if it is no whole number of at least 1. A bool is none.

    >>> check_positive("max_tokens", 8)
    8
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an int of at least 1, got {value!r}")
    return int(value)


def check_key(name: str, key: str) -> str:
    """Return an API key; raise a ValueError, which does not show it, if no header can have it as its bearer.

    >>> check_key("api_key", "sk-1")
    'sk-1'
    """
    if not (key.isascii() and key.isprintable() and key and key == key.strip()):
        raise ValueError(f"{name} must be printable ASCII without blanks at its ends, got one that is not")
    return key


def check_seconds(name: str, value: float) -> float:
    """Return a number of seconds; raise a ValueError if it is not above 0, or endless.

    >>> check_seconds("timeout", 2.5)
    2.5
    """
    if not isinstance(value, Real) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be a number of seconds above 0, got {value!r:.80}")
    return value


def is_share(value: object, *, whole: bool = False) -> bool:
    """Return whether ``value`` is a number in (0, 1), or in (0, 1] if it may be ``whole``; a bool is none.

    >>> is_share(0.5), is_share(1), is_share(1, whole=True), is_share(True, whole=True)
    (True, False, True, False)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    number = float(value)
    return 0 < number < 1 or (whole and number == 1)
