from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, SemToken
from semtoken_rag.explain import explain, frame, page
from semtoken_rag.explain.outcome import duration, percent
from semtoken_rag.testing import HashEncoder
from semtoken_rag.text.visible import visible
from tests.explain.samples import DOCUMENTS, HOSTILE, QUESTION, call, hostile
from tests.support.samples import words

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join),
)
VOID = {"meta", "link", "input"}


class Read(HTMLParser):
    """Elements with their attributes, and the text of those that were asked for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in VOID:
            self.open.append((tag, found.get("id") or found.get("class") or tag))
        if found.get("class") == "text":
            self.said.setdefault("text", []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        names = [name for _, name in self.open]
        if "text" in names and "unseen" not in names:
            self.said["text"][-1] += data
        for name in ("data", "title", "h1", "bdi"):
            if names[-1:] == [name]:
                self.said.setdefault(name, []).append(data)


def made(chunks, query, **budget):
    context = SemToken(encoder=HashEncoder(), token_counter=words, on_error="raise").compress(
        chunks, query, **budget
    )
    return page(explain(context))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=3), TEXT, st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_whatever_the_texts_say_is_text_and_all_of_it_is_there(texts, query, budget):
    read = Read(made([Chunk(text, title=title) for text, title in texts], query, max_tokens=budget))
    assert read.said.get("text", []) == [visible(text) for text, _ in texts]
    assert [tag for tag, _ in read.elements].count("script") == 2
    assert not {tag for tag, _ in read.elements} & {"img", "iframe", "svg", "a", "base", "form", "object"}
    assert not [name for _, found in read.elements for name in found if name.startswith("on")]
    assert read.open == []


def test_the_policy_names_the_page_s_own_script_and_style_and_lets_nothing_else_in():
    read = Read(page(explain(hostile())))
    policy = next(
        found["content"]
        for tag, found in read.elements
        if found.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].startswith("'sha256-")
    assert "unsafe" not in policy
    assert [found for tag, found in read.elements if tag in ("link", "input") and "http" in str(found)] == []


def test_the_data_say_what_the_call_decided():
    context = call(max_tokens=50)
    data = json.loads("".join(Read(page(explain(context))).said["data"]))
    assert [u["grain"] for u in data["units"]] == [int(u.granularity) for u in context.units]
    assert [u["document"] for u in data["units"]] == [u.chunk for u in context.units]
    assert [u["value"] for u in data["units"]] == [u.value for u in context.units]
    assert data["names"] == ["relevance", "bridge", "density", "score"]
    assert (data["budget"], data["after"]) == (50, context.stats.tokens_after)


def test_a_reason_ends_no_element():
    context = call(max_tokens=50)
    said = "</script><script>window.hit=1</script><!--<script>"
    units = tuple(replace(unit, reason=said, bridged_from=-1) for unit in context.units)
    read = Read(page(explain(replace(context, units=units))))
    assert [tag for tag, _ in read.elements].count("script") == 2
    reasons = [u["reason"][0] for u in json.loads("".join(read.said["data"]))["units"] if u["grain"]]
    assert set(reasons) == {f"Kept: {said}."}


def test_the_question_and_the_figures_of_the_call_are_shown():
    context = call(max_tokens=50)
    text = page(explain(context))
    assert f'<h1 dir="auto">{QUESTION}</h1>' in text
    assert all(f">{stage}</th>" in text for stage in context.stats.seconds)
    assert f"{context.stats.encoder} on cpu" in text
    assert f"{context.stats.saved} saved ({context.stats.factor:.1f} times fewer)" in text
    assert f"About this call: {duration(context.stats.total_seconds)}" in text


def test_the_chances_of_the_call_and_of_each_unit_are_there():
    context = call(ratio=1, keep=0.5)
    text = page(explain(context))
    assert (
        f"<p>{percent(context.stats.confidence)} sure that nothing wanted is lost, cut by keep=0.5.</p>"
        in text
    )
    data = json.loads("".join(Read(text).said["data"]))
    assert [u["chance"] for u in data["units"]] == [percent(u.probability) for u in context.units]
    assert data["budget"] == data["after"] == context.stats.tokens_after  # where the slider begins
    assert "What the call kept" in text


def test_a_failure_is_told():
    def broken(problem):
        raise RuntimeError("<b>no</b>")

    context = SemToken(encoder=HashEncoder(), strategy=broken).compress(DOCUMENTS, QUESTION, ratio=0.3)
    assert "RuntimeError: &lt;b&gt;no&lt;/b&gt;" in page(explain(context))


def test_the_page_is_one_file_that_any_text_can_be_written_to(tmp_path):
    path = tmp_path / "page.html"
    hostile().to_html(path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_the_same_call_gives_the_same_page():
    context = call(max_tokens=50)
    assert page(explain(context)) == page(explain(context))


def test_twenty_long_documents_stay_under_two_megabytes():
    sentences = (
        f"The {a} river of {b} rose by {n} metres in the spring of {1800 + n}, and the old bridge held. "
        for n, (a, b) in enumerate(
            (a, b) for a in ("wide", "slow", "cold", "deep") for b in ("Arn", "Bex", "Cor")
        )
    )
    text = "".join(sentences) * 4
    chunks = [
        Chunk(f"Report {n}. {text.replace('river', f'river {n}')}", title=f"River {n}") for n in range(20)
    ]
    context = call(chunks, "When did the cold river of Bex rise?", ratio=0.2)
    assert len(context.units) > 900
    assert len(page(explain(context)).encode()) < 2_000_000


def test_a_notebook_gets_the_page_in_a_frame_that_may_only_run_its_scripts():
    context = hostile()
    html = context._repr_html_()
    ((tag, found),) = Read(html).elements
    assert (tag, found["sandbox"]) == ("iframe", "allow-scripts")
    assert found["srcdoc"] == page(explain(context))
    assert html == frame(explain(context))
    assert unescape(html).count("<script>") == html.count("&lt;script&gt;")


def test_nothing_of_it_is_loaded_before_it_is_asked_for():
    code = (
        "import sys, semtoken_rag; print([m for m in sys.modules if 'explain' in m or m.startswith('rich')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [("\u202e", "[U+202E]"), ("\ud800", "[U+D800]"), ("\x1b", "[U+001B]"), ("\U000e0041", "[U+E0041]")],
)
def test_what_cannot_be_seen_is_spelled_out(hidden, shown):
    assert visible(f"a{hidden}b") == f"a{shown}b"


@pytest.mark.parametrize("text", ["tab\tand\nbreak", "שלום", "👩‍👩‍👧", "می‌خواهم", "é e\u0301"])
def test_what_can_be_seen_stays(text):
    assert visible(text) == text
