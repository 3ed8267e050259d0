"""Read a dataclass from YAML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import yaml

T = TypeVar("T")


def from_yaml(kind: type[T], text: str, overrides: Sequence[str] = (), **fixed: Any) -> T:
    """Read an instance of a dataclass.

    Parameters
    ----------
    kind
        The dataclass.
    text
        YAML: a mapping of its fields to values.
    overrides
        ``key=value`` each, the value in YAML; ``key.inner=value`` replaces one entry of a mapping.
    **fixed
        Fields that the text does not give.

    Raises
    ------
    ValueError
        If the text is not a mapping, if an override is not ``key=value``, or if a field does not exist.
    """
    values = yaml.safe_load(text) or {}
    if not isinstance(values, dict):
        raise ValueError(f"{kind.__name__} must be read from a mapping, got {text!r:.80}")
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise ValueError(f"an override must be key=value, got {override!r}")
        name, dot, inner = key.strip().partition(".")
        read = yaml.safe_load(value)
        values[name] = {**values.get(name, {}), inner: read} if dot else read
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
    if unknown := set(values) - known:
        raise ValueError(f"{kind.__name__} has no field {sorted(unknown)}")
    return kind(**{**values, **fixed})
