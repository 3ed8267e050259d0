"""What the documentation's own build does not check."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from evaluation.report.budget import curves
from evaluation.results import load
from tests.docs.pages import PAGES, ROOT

DOCS, README = ROOT / "docs", ROOT / "README.md"
MKDOCS = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
NAVIGATION = re.findall(r"^ +- .*: (\S+\.md)$", MKDOCS, re.MULTILINE)


@pytest.mark.parametrize(
    "package",
    [
        "semtoken_rag",
        "semtoken_rag.llm",
        "semtoken_rag.mcp_server",
        "semtoken_rag.readers",
        "langchain_semtoken",
        "llama_index.postprocessor.semtoken",
        "haystack_semtoken",
    ],
)
def test_every_public_name_is_in_the_reference(package: str):
    reference = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    documented = set(re.findall(r"^::: (\S+)$", reference, re.MULTILINE))
    assert {f"{package}.{name}" for name in import_module(package).__all__} <= documented


def test_llms_txt_lists_every_page():
    text = (DOCS / "llms.txt").read_text(encoding="utf-8")
    listed = re.findall(r"\]\((\S+)\)", text)
    assert [name.replace(".html", ".md") for name in listed] == NAVIGATION


def test_the_curves_of_the_budget_page_are_those_of_the_results():
    assert curves(load(ROOT / "results" / "bench")) in (DOCS / "budget.md").read_text(encoding="utf-8")


def test_other_pages_repeat_the_figures_of_the_results():
    page, columns = (
        (DOCS / "results.md").read_text(encoding="utf-8"),
        ["method", "hotpotqa .2", "hotpotqa .4"],
    )
    page = page.partition("<!-- headline -->")[2].partition("<!-- /headline -->")[0]
    lines = [[cell.strip() for cell in line.split("|")] for line in page.splitlines() if line.startswith("|")]
    header = next(line for line in lines if set(columns) <= set(line))
    found = {line[1]: line for line in lines if len(line) == len(header)}

    def kept(method: str, column: str) -> str:
        return found[method][header.index(column)].partition(" / ")[0]

    migrating, start = ((DOCS / page).read_text(encoding="utf-8") for page in ("migrating.md", "index.md"))
    ours, theirs = kept("semtoken", "hotpotqa .2"), kept("embeddings_filter", "hotpotqa .2")
    assert f"a fifth of the tokens, {theirs} against {ours}" in migrating
    assert f"**{float(ours):.0%} still".replace("%", " %") in start
    assert kept("semtoken", "hotpotqa .4") == "1.00"  # "and all have it in two fifths"


def test_each_promise_names_tests_that_are_there():
    promised = (DOCS / "how-it-works.md").read_text(encoding="utf-8").split("## What is promised")[1]
    rows = re.findall(r"^\| [A-Z].*$", promised.split("## ")[0], re.MULTILINE)
    assert len(rows) >= 10
    for row in rows:
        named = re.findall(r"`(tests/\S+\.py)`", row)
        assert named, row
        assert all((ROOT / path).is_file() for path in named), row


def test_the_site_asks_the_network_for_nothing():
    assert "font: false" in MKDOCS
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(
            r"!\[[^]]*\]\(https?:|(?:src|srcset)=\"https?:|^ *```mermaid", text, re.MULTILINE
        )


@pytest.mark.parametrize("start", [README, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_what_a_page_outside_the_site_points_to_is_there(start: Path):
    text = without_code(start)
    found = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    for target in (a or b for a, b in found):
        name, _, heading = target.partition("#")
        page = ROOT / name if name else start
        assert page.exists(), target
        assert not heading or heading in headings(page), target


def without_code(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> set[str]:
    """Anchors of a page's headings."""
    found = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}
