"""A public callable with three or more arguments describes them; pydoclint checks the description."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ("Parameters\n-----", "Attributes\n-----")
MANY = 3
Callable = ast.FunctionDef | ast.AsyncFunctionDef
FILES = [
    path
    for folder in ("semtoken_rag", "integrations")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.stem.startswith("_") or path.stem == "__init__"
]


def undocumented(tree: ast.AST, within: ast.ClassDef | None = None) -> Iterator[tuple[int, str]]:
    """Yield line and name of each public callable whose arguments are many and not described."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from undocumented(node, node)
        elif isinstance(node, Callable) and (owner := described_at(node, within)):
            text = ast.get_docstring(owner) or ""
            if len(arguments(node, within)) >= MANY and not any(section in text for section in SECTIONS):
                yield node.lineno, f"{within.name}.{node.name}" if within else node.name


def described_at(node: Callable, within: ast.ClassDef | None) -> Callable | ast.ClassDef | None:
    """Return where the arguments of a callable are documented, None if it is not public."""
    decorators = {ast.unparse(d).partition("(")[0].rpartition(".")[2] for d in node.decorator_list}
    if decorators & {"overload", "override"} or "typer." in ast.unparse(node.args):  # options have their help
        return None
    if node.name == "__init__":
        return within
    return None if node.name.startswith("_") and node.name != "__call__" else node


def arguments(node: Callable, within: ast.ClassDef | None) -> list[str]:
    """Return the names of a callable's arguments, without the instance and those that are ignored."""
    found = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
    found = found[1:] if within and not static else found
    return [name for name in found if not name.startswith("_")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_three_arguments_are_described(path: Path):
    assert list(undocumented(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(a, b, c):\n    '''Do.'''", [(1, "f")]),
        ("def f(a, b, *, c=1):\n    '''Do.'''", [(1, "f")]),
        ("def f(a, b, c):\n    '''Do.\n\n    Parameters\n    ----------\n    a\n        It.\n    '''", []),
        ("def f(a, b):\n    '''Do.'''", []),
        ("def _f(a, b, c): ...", []),
        ("class A:\n    def f(self, a, b): ...\n    def g(self, a, b, c): ...", [(3, "A.g")]),
        ("class A:\n    '''A.'''\n    def __init__(self, a, b, c): ...", [(3, "A.__init__")]),
        (
            "class A:\n    '''A.\n\n    Attributes\n    -----\n    '''\n    def __init__(self, a, b, c): ...",
            [],
        ),
        ("def f(a, b: Annotated[int, typer.Option(help='It.')], c): ...", []),
    ],
)
def test_what_is_found(source: str, found: list[tuple[int, str]]):
    assert list(undocumented(ast.parse(source))) == found
