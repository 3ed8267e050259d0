"""Locks that are free in a forked process.

A fork copies the locks as they are, but of the threads only the one that forks: a lock that another thread
held would never be released in the child.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from weakref import ref

_renewed: dict[tuple[int, str], tuple[ref[Any], Callable[[], object]]] = {}


def renew_in_child(owner: object, name: str, make: Callable[[], object]) -> None:
    """Set an attribute anew in every process that is forked from this one.

    Parameters
    ----------
    owner
        An object or a module that holds a lock; it is not kept alive.
    name
        Name of the attribute.
    make
        Makes its value in the child, such as ``threading.Lock``.
    """
    key = id(owner), name
    _renewed[key] = ref(owner, lambda _: _renewed.pop(key, None)), make


def _renew() -> None:
    for (_, name), (holder, make) in list(_renewed.items()):
        if (owner := holder()) is not None:
            setattr(owner, name, make())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
