"""Find import circles: ``python scripts/circles.py [--types] [--layers] [FOLDER ...]``.

The source is read, nothing is imported. An import inside a function counts like one at the top of a module;
one under ``if TYPE_CHECKING:`` counts with ``--types`` alone. An import of a module is one of the packages
that hold it too, since their ``__init__.py`` runs, unless the importer lies in them. Ends with 1 if there is
a circle, and prints where each of its imports stands.

``--layers`` prints the figures of a folder: files and folders in it, arrows and layers between them, circles,
the longest class and the longest function.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Graph = dict[str, dict[str, int]]  # importer -> imported -> line of the first import


@dataclass(frozen=True, slots=True)
class Module:
    """One file of a package.

    Attributes
    ----------
    name : str
        Dotted name; a package's ``__init__.py`` has the name of its folder.
    path : Path
        The file.
    tree : ast.Module
        Its source.
    """

    name: str
    path: Path
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether it is the ``__init__.py`` of a folder."""
        return self.path.name == "__init__.py"


class Package:
    """All modules below a folder, and which imports which.

    Attributes
    ----------
    modules : dict of str to Module
        By dotted name.
    types : bool
        Whether imports under ``if TYPE_CHECKING:`` count too.
    graph : Graph
        For each module the modules that it imports, with the line of the first import.
    """

    def __init__(self, modules: dict[str, Module], *, types: bool = False) -> None:
        self.modules = modules
        self._types = types
        self._bound = {m.name: set(_names(m)) for m in modules.values() if m.is_package}
        self.graph: Graph = {name: self._arrows(module) for name, module in modules.items()}

    @classmethod
    def read(cls, folder: Path, *, types: bool = False) -> Package:
        """Read every ``.py`` file below a folder; the folder's name is the package's name."""
        modules = {}
        for path in sorted(folder.rglob("*.py")):
            parts = [folder.name, *path.relative_to(folder).with_suffix("").parts]
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            modules[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
        return cls(modules, types=types)

    def circles(self) -> list[list[str]]:
        """Return the shortest circle of each group of modules that import each other.

        Returns
        -------
        list of list of str
            Names of modules, the first one again at the end.
        """
        return [_shortest(self.graph, group) for group in groups(self.graph)]

    def describe(self, circle: list[str]) -> str:
        """Write a circle with the place of each import, a line each."""
        lines = []
        for importer, imported in pairwise(circle):
            place = f"{_shown(self.modules[importer].path)}:{self.graph[importer][imported]}"
            lines.append(f"  {importer} imports {imported} ({place})")
        return "\n".join(lines)

    def _arrows(self, module: Module) -> dict[str, int]:
        arrows: dict[str, int] = {}
        for node in imports(module.tree, types=self._types):
            for target in self._targets(node, module):
                for name in self._run(target, module.name):
                    arrows.setdefault(name, node.lineno)
        return arrows

    def _run(self, target: str, importer: str) -> Iterator[str]:
        """Yield a module and the ``__init__.py`` files that its import runs, but those above the importer."""
        yield target
        while (target := target.rpartition(".")[0]) and not f"{importer}.".startswith(f"{target}."):
            if target in self.modules:
                yield target

    def _targets(self, node: ast.Import | ast.ImportFrom, module: Module) -> Iterator[str]:
        """Yield the modules of this package that an import statement names."""
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in self.modules)
            return
        if node.level:
            raise ValueError(f"{module.path}:{node.lineno}: a relative import; name the module in full")
        source = node.module or ""
        for alias in node.names:
            if (full := f"{source}.{alias.name}") in self.modules and alias.name not in self._bound.get(
                source, ()
            ):
                yield full  # `from package import module`
            elif source in self.modules:
                yield source


def imports(tree: ast.AST, *, types: bool = False) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports of a module, in functions too; those for type checkers alone if ``types``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and _for_types(node.test) and not types:
            yield from imports(ast.Module(node.orelse, []))
        else:
            yield from imports(node, types=types)


def _names(module: Module) -> Iterator[str]:
    """Yield the names that a package's ``__init__.py`` binds itself, which hide modules of that name."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom) and node.module != module.name:
            yield from (alias.asname or alias.name for alias in node.names)


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _for_types(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def groups(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the groups of nodes that reach each other (Tarjan); a node that names itself is one."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[-len(group) :]
            if len(group) > 1 or node in graph[node]:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return sorted(found)


def _shortest(graph: Mapping[str, Iterable[str]], group: list[str]) -> list[str]:
    """Return the shortest way from a member of a group back to itself."""
    return min((_way_back(graph, start) for start in group), key=len)


def _way_back(graph: Mapping[str, Iterable[str]], start: str) -> list[str]:
    ways = deque([[start]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for other in graph[way[-1]]:
            if other == start:
                return [*way, start]
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    raise ValueError(f"no circle goes through {start}")


def contracted(package: Package, folder: str) -> dict[str, set[str]]:
    """Return the arrows between the files and folders that lie directly in a folder."""
    depth = folder.count(".") + 1

    def part(name: str) -> str | None:
        pieces = [*name.split("."), "__init__"]
        return pieces[depth] if f"{name}.".startswith(f"{folder}.") else None

    arrows: dict[str, set[str]] = {p: set() for name in [*package.modules, folder] if (p := part(name))}
    for importer, imported in package.graph.items():
        if own := part(importer):
            arrows[own] |= {p for name in imported if (p := part(name)) and p != own}
    if not arrows["__init__"]:  # an empty face is not counted
        del arrows["__init__"]
    return arrows


def layers(graph: Mapping[str, Iterable[str]]) -> int:
    """Return how many layers a graph has: the nodes of its longest chain, a circle counting as one."""
    member = {node: group[0] for group in groups(graph) for node in group}
    merged: dict[str, set[str]] = {}
    for node, others in graph.items():
        own = member.get(node, node)
        merged.setdefault(own, set()).update(o for other in others if (o := member.get(other, other)) != own)
    heights: dict[str, int] = {}

    def height(node: str) -> int:
        if node not in heights:
            heights[node] = 1 + max(map(height, merged[node]), default=0)
        return heights[node]

    return max(map(height, merged), default=0)


def longest(package: Package, folder: str, *kinds: type[ast.AST]) -> str:
    """Name the definition of some kinds with the most lines, decorators left out."""
    found = [
        (node.end_lineno - node.lineno + 1, node.name, module.path)
        for module in package.modules.values()
        if f"{module.name}.".startswith(f"{folder}.")
        for node in ast.walk(module.tree)
        if isinstance(node, kinds)
    ]
    if not found:
        return "none"
    lines, name, path = max(found)
    return f"{name}, {lines} lines ({_shown(path)})"


def figures(package: Package, folder: str) -> Iterator[tuple[str, object]]:
    """Yield the figures of a folder with their names."""
    arrows = contracted(package, folder)
    names = [name for name in package.graph if f"{name}.".startswith(f"{folder}.")]
    circular = groups({name: package.graph[name].keys() & set(names) for name in names})
    yield "files and folders", len(arrows)
    yield "arrows between them", sum(map(len, arrows.values()))
    yield "layers", layers(arrows)
    yield "circles", f"{len(circular)}, of {sum(map(len, circular))} modules" if circular else 0
    yield "longest class", longest(package, folder, ast.ClassDef)
    yield "longest function", longest(package, folder, ast.FunctionDef, ast.AsyncFunctionDef)


def main() -> int:
    """Print the circles, or the figures of each folder, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", default=["semtoken_rag"], metavar="FOLDER")
    parser.add_argument("--types", action="store_true", help="count imports for type checkers alone too")
    parser.add_argument("--layers", action="store_true", help="print the figures of each folder")
    args = parser.parse_args()
    status = 0
    for name in args.folders:
        folder = name.strip("/").removeprefix("integrations/")
        place = ROOT / "integrations" if "integrations" in name else ROOT
        package = Package.read(place / folder.split("/")[0], types=args.types)
        if not package.modules:
            parser.error(f"there is no Python file below {name!r}")
        if args.layers:
            lines = [f"  {what}: {figure}" for what, figure in figures(package, folder.replace("/", "."))]
            print(f"{name}:", *lines, sep="\n")
            continue
        for circle in package.circles():
            print(f"circle: {' -> '.join(circle)}\n{package.describe(circle)}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
