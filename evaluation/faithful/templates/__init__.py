"""The templates: functions of a draw that write one document, with what it says and what that hangs on.

To add one: write ``function(draw) -> Sheet`` in the module of its kind and name it in that module's
``TEMPLATES``; texts in all four languages, none of them twice in a document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from evaluation.faithful.case import Sheet
from evaluation.faithful.draw import Draw

MODULES = (
    "policies",
    "plans",
    "statutes",
    "manuals",
    "tables",
    "logs",
    "chats",
    "configs",
    "contracts",
    "negations",
    "values",
)


def _all() -> dict[str, tuple[str, Callable[[Draw], Sheet]]]:
    modules = [import_module(f"{__name__}.{name}") for name in MODULES]
    return {name: (module.KIND, make) for module in modules for name, make in module.TEMPLATES.items()}


TEMPLATES: Mapping[str, tuple[str, Callable[[Draw], Sheet]]] = _all()  # name -> (kind, function)
