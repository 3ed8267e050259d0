"""Properties that are computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy_property(Generic[T]):
    """Compute a property when it is first asked for, and keep it in the object.

    In Python 3.10 and 3.11 ``functools.cached_property`` holds one lock for all objects: their threads wait
    for each other, and a forked process may wait for ever.

    Parameters
    ----------
    make
        The method. Two threads that ask at once both call it.

    Examples
    --------
    >>> class Text(str):
    ...     @lazy_property
    ...     def words(self):
    ...         return self.split()
    >>> text = Text("It rained.")
    >>> text.words is text.words
    True
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self._name = make, make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> lazy_property[T]: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type | None = None) -> lazy_property[T] | T:
        if instance is None:
            return self
        made = self._make(instance)
        instance.__dict__[self._name] = made
        return made
