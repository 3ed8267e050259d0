"""No module imports another that imports it back, not even inside a function."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.circles import ROOT, Package, contracted, layers

PACKAGES = ("semtoken_rag", "integrations/langchain_semtoken", "integrations/llama_index", "evaluation")


def write(folder: Path, **files: str) -> Package:
    """Write a package of modules, ``a__b`` for ``a/b.py``, and read it."""
    for name, source in files.items():
        path = folder / "made" / f"{name.replace('__', '/') or '__init__'}.py"
        path = path.with_name("__init__.py") if path.stem == "init" else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return Package.read(folder / "made")


@pytest.mark.parametrize("types", [False, True], ids=["at run time", "for type checkers too"])
@pytest.mark.parametrize("package", PACKAGES)
def test_there_is_no_circle(package: str, types: bool):
    found = Package.read(ROOT / package, types=types)
    circles = [found.describe(circle) for circle in found.circles()]
    assert found.modules
    assert not circles, "\n\n".join(circles)


def test_an_import_inside_a_function_closes_a_circle(tmp_path: Path):
    made = write(
        tmp_path,
        init="",
        a="from made.b import x\n",
        b="from made import c\nx = 1\n",
        c="class C:\n    def late(self):\n        import made.a\n",
        d="import made.a\n",
    )
    (circle,) = made.circles()
    assert sorted(circle[1:]) == ["made.a", "made.b", "made.c"]
    assert f"made.c imports made.a ({tmp_path / 'made' / 'c.py'}:3)" in made.describe(circle)


def test_an_import_for_type_checkers_counts_if_asked_for(tmp_path: Path):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.b import B\n"
    assert write(tmp_path, a=source, b="import made.a\n").circles() == []
    assert len(Package.read(tmp_path / "made", types=True).circles()) == 1
    assert len(write(tmp_path, a=f"{source}else:\n    import made.b\n").circles()) == 1


def test_a_name_is_looked_up_as_python_does(tmp_path: Path):
    made = write(
        tmp_path,
        part__init="from made.part.page import page\nfrom made.part import other\n",
        part__page="def page(): ...\n",
        part__other="",
        user="from made.part import page, other\n",
        reader="from made.part import other\n",
    )
    # `page` is the function that the package binds; `other` is a module, whose package runs before it.
    assert set(made.graph["made.user"]) == {"made.part", "made.part.other"}
    assert set(made.graph["made.reader"]) == {"made.part", "made.part.other"}
    assert set(made.graph["made.part"]) == {"made.part.page", "made.part.other"}
    assert made.circles() == []


def test_a_module_that_asks_its_own_package_for_a_name_closes_a_circle(tmp_path: Path):
    made = write(tmp_path, part__init="from made.part.a import x\n", part__a="from made.part import x\n")
    assert len(made.circles()) == 1


def test_a_package_runs_for_whoever_imports_a_part_of_it(tmp_path: Path):
    made = write(
        tmp_path,
        part__init="import made.part.b\n",
        part__a="",
        part__b="import made.user\n",
        user="import made.part.a\n",
    )
    assert sorted(made.circles()[0][1:]) == ["made.part", "made.part.b", "made.user"]


def test_a_relative_import_is_refused_with_its_place(tmp_path: Path):
    with pytest.raises(ValueError, match=r"a\.py:2: a relative import"):
        write(tmp_path, a="\nfrom . import b\n", b="")


def test_layers_are_those_of_the_longest_chain(tmp_path: Path):
    made = write(
        tmp_path, a="import made.part.x\n", part__x="import made.part.y\n", part__y="import made.b\n", b=""
    )
    arrows = contracted(made, "made")
    assert arrows == {"a": {"part"}, "part": {"b"}, "b": set()}
    assert layers(arrows) == 3
    assert layers({"a": {"b"}, "b": {"a", "c"}, "c": set()}) == 2


def test_the_command_ends_with_1_on_a_circle_and_prints_figures():
    command = [sys.executable, str(ROOT / "scripts" / "circles.py")]
    done = subprocess.run([*command, "--layers", "semtoken_rag"], capture_output=True, text=True, check=True)
    for figure in ("files and folders", "arrows between them", "layers", "circles", "longest class"):
        assert f"  {figure}: " in done.stdout
    done = subprocess.run([*command, "nowhere"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no Python file below 'nowhere'" in done.stderr
