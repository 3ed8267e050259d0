"""What the documentation's own build does not check."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from tests.docs.pages import PAGES, ROOT

DOCS = ROOT / "docs"
MKDOCS = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
NAVIGATION = re.findall(r"^ +- .*: (\S+\.md)$", MKDOCS, re.MULTILINE)


@pytest.mark.parametrize(
    "package", ["semtoken_rag", "langchain_semtoken", "llama_index.postprocessor.semtoken"]
)
def test_every_public_name_is_in_the_reference(package: str):
    reference = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    documented = set(re.findall(r"^::: (\S+)$", reference, re.MULTILINE))
    assert {f"{package}.{name}" for name in import_module(package).__all__} <= documented


def test_llms_txt_lists_every_page():
    text = (DOCS / "llms.txt").read_text(encoding="utf-8")
    listed = re.findall(r"\]\((\S+)\)", text)
    assert [name.replace(".html", ".md") for name in listed] == NAVIGATION


def test_the_site_asks_the_network_for_nothing():
    assert "font: false" in MKDOCS
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"!\[[^]]*\]\(https?:|(?:src|srcset)=\"https?:|^ *```mermaid", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pictures_and_pages_that_a_page_names_are_there(page):
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    names = [(a or b).partition("#")[0] for a, b in found if not re.match(r"https?:|#", a or b)]
    assert [name for name in names if not (page.parent / name).exists()] == []
