"""The page in a browser: upload, ask, move the budget, read the answer, follow a citation."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from semtoken_rag.testing import HashEncoder, ScriptedReader
from semtoken_rag.ui.app import create_app
from semtoken_rag.ui.documents import Document
from semtoken_rag.ui.server import serving
from semtoken_rag.ui.workbench import Workbench
from tests.support.samples import words
from tests.ui.samples import ANSWER, MARA, QUESTION, TOWER, pdf

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
HOSTILE = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>\"'&lt;b&gt;{{7*7}}"


class Slow(ScriptedReader):
    """Says a word, and goes on only once it is told to, or left."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.left, self.go_on = threading.Event(), threading.Event()

    def stream(self, question, context):
        try:
            for part in super().stream(question, context):
                yield part
                self.go_on.wait(0.05)
        finally:
            self.left.set()


@pytest.fixture
def visit(open_page):
    """Serve the playground and open it: ``visit(reader=, documents=, max_bytes=, encoder=, width=)``."""
    running = []

    def start(reader=None, documents=(), max_bytes=1_000_000, encoder=None, **window) -> Page:
        reader = reader or ScriptedReader(ANSWER)
        bench = Workbench(encoder=encoder or HashEncoder(), reader=reader, token_counter=words)
        running.append(serving(create_app(bench, documents, max_bytes=max_bytes)))
        page = open_page(**window)
        page.goto(running[-1].__enter__())
        expect(page.locator("#ready:enabled")).to_be_attached()
        return page

    yield start
    open_page.close()
    for server in running:
        server.__exit__(None, None, None)


def two(tower: str = TOWER, mara: str = MARA) -> list[Document]:
    return [Document(title="Tower", text=tower), Document(title="Mara", text=mara)]


def kept(page: Page) -> str:
    return " ".join(page.locator(".unit > span:not(.gone)").all_text_contents())


def figures(page: Page):
    return page.locator(".figures").first


def move(page: Page, percent: int) -> None:
    page.get_by_role("slider").fill(str(percent))


def test_upload_ask_move_the_budget_read_the_answer_and_follow_a_citation(visit):
    page = visit()
    page.locator("#files").set_input_files(
        [
            {"name": "tower.md", "mimeType": "text/markdown", "buffer": TOWER.encode()},
            {"name": "mara.pdf", "mimeType": "application/pdf", "buffer": pdf(*MARA.split(". "))},
        ]
    )
    expect(page.locator("#documents .name")).to_have_text(["tower.md", "mara.pdf"])
    page.get_by_label("Question", exact=True).fill(QUESTION)
    expect(figures(page)).to_contain_text("13 of 68 tokens (19 %)")
    less = kept(page)
    move(page, 60)
    expect(figures(page)).to_contain_text(re.compile(r"(3\d|40) of 68 tokens"))
    assert words(less) == 13 < words(kept(page)) <= 40
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("heading", name="Answer from 60 % of the tokens")).to_be_visible()
    expect(page.locator(".said")).to_have_text(
        re.compile(r"Mara Lindqvist\.1 She was born .* Vessel\.2 Nobody")
    )
    expect(page.locator(".unsupported")).to_have_count(1)
    expect(page.locator(".unsupported")).to_have_attribute("title", "What is kept has no Nobody")
    expect(page.get_by_text("Numbers lead to a source")).to_be_visible()
    page.get_by_role("button", name="Source 2, in mara.pdf").click()
    target = page.locator(".target")
    expect(target).to_be_in_viewport()
    expect(target).to_be_focused()
    expect(target).to_have_text("She was born in the port of Vessel")
    assert page.locator(".source", has=target).locator("summary").text_content().startswith("mara.pdf")


def test_all_of_it_by_keyboard_alone(visit):
    page = visit()
    reached = []

    def tab_to(name: str, most: int = 12) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent || document.activeElement.id"))
            if name in reached[-1]:
                return
        raise AssertionError(f"{name} is not reached, only {reached}")

    tab_to("Paste a text")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Mara")
    page.keyboard.press("Tab")
    page.keyboard.type(f"{TOWER} {MARA}")
    tab_to("Add the text")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.keyboard.type(QUESTION)
    tab_to("ratio")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(figures(page)).to_contain_text("(50 %)")
    page.get_by_label("Question", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cite")).to_have_count(2)
    tab_to("1")
    page.keyboard.press("Enter")
    expect(page.locator(".target")).to_be_focused()
    expect(page.locator(".target")).to_have_text("builder was Mara Lindqvist")
    expect(page.locator(".detail")).to_contain_text("Kept · density")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".unit:focus")).to_contain_text("Crowds come every summer.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Source 1, in Mara")).to_be_focused()


def test_two_strategies_side_by_side(visit):
    page = visit(documents=two())
    page.get_by_label("Question", exact=True).fill(QUESTION)
    move(page, 60)
    page.get_by_label("Beside").select_option("lead")
    expect(page.locator(".pane h2")).to_have_text(["semtoken", "lead"])
    ours, lead = page.locator(".pane").all()
    born = "She was born in the port of Vessel."
    expect(ours.locator(".unit.kept", has_text=born)).to_be_visible()
    expect(lead.locator(".unit.gone", has_text=born)).to_be_visible()
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".said")).to_contain_text(["Vessel", "Vessel"])
    boxes = [pane.bounding_box() for pane in (ours, lead)]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    page.get_by_label("Beside").select_option("")
    expect(page.locator(".pane")).to_have_count(1)


def test_what_takes_long_is_shown_and_can_be_cancelled(visit):
    reader = Slow("word " * 100_000)
    page = visit(reader, two())
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_text("scripted reads")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".said")).to_contain_text("word word")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    assert reader.left.wait(30), "the server goes on"


def test_what_is_typed_before_the_page_is_ready_is_not_lost(visit):
    page = visit(documents=two())
    waiting = []
    page.route("**/api/about", lambda route: waiting.append(route))
    page.reload()
    expect(page.get_by_label("Question", exact=True)).to_be_disabled()
    waiting[0].continue_()
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Vessel")


def test_escape_cancels(visit):
    reader = Slow("word " * 100_000)
    page = visit(reader, two())
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Stopped.")).to_be_visible()
    assert reader.left.wait(30), "the server goes on"


def test_a_file_that_cannot_be_read_is_told_and_keeps_no_other_out(visit):
    page = visit(max_bytes=5_000)
    page.locator("#files").set_input_files(
        [
            {"name": "big.txt", "mimeType": "text/plain", "buffer": b"x" * 6_000},
            {"name": "odd.txt", "mimeType": "text/plain", "buffer": b"caf\xe9"},
            {"name": "tower.txt", "mimeType": "text/plain", "buffer": TOWER.encode()},
        ]
    )
    expect(page.get_by_role("alert")).to_contain_text("big.txt is larger than 0.0048 MB")
    expect(page.get_by_role("alert")).to_contain_text("odd.txt cannot be read: not UTF-8, got byte E9")
    expect(page.locator("#documents .name")).to_have_text(["tower.txt"])
    expect(figures(page)).to_contain_text("of 35 tokens")


def test_what_the_server_refuses_is_told(visit):
    page = visit(max_bytes=1_000)
    page.get_by_text("Paste a text").click()
    page.get_by_label("Text", exact=True).fill(TOWER * 10)
    page.get_by_role("button", name="Add the text").click()
    expect(page.get_by_role("alert")).to_contain_text("413")


def test_a_removed_document_is_gone(visit):
    page = visit(documents=two())
    expect(page.locator(".source")).to_have_count(2)
    page.get_by_role("button", name="Remove Tower").click()
    expect(page.locator(".source summary")).to_have_count(1)
    expect(page.locator(".source summary")).to_contain_text("Mara")
    page.get_by_role("button", name="Remove Mara").click()
    expect(page.get_by_text("Add documents:")).to_be_visible()
    expect(page.get_by_role("button", name="Answer")).to_be_disabled()


def test_a_hostile_document_is_text(visit):
    reader = ScriptedReader(f"{HOSTILE} The builder was Mara Lindqvist. {HOSTILE}")
    page = visit(reader, [Document(title=HOSTILE, text=f"{HOSTILE} {TOWER}\n\n{HOSTILE}")])
    page.get_by_label("Question", exact=True).fill(f"{QUESTION} {HOSTILE}")
    move(page, 90)
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".cite").first).to_be_visible()
    page.locator(".cite").first.click()
    shown = page.locator("main").inner_text()
    assert shown.count(HOSTILE) >= 6  # list, heading, document twice, answer twice
    assert page.locator("main").locator("img, script, b").count() == 0
    assert page.evaluate("window.hit") is None


def test_the_policy_stops_what_text_alone_would_not(visit):
    page = visit()
    with pytest.raises(Exception, match="TrustedHTML"):
        page.evaluate("() => { document.body.innerHTML = '<b>x</b>'; }")


def test_offsets_hold_behind_characters_of_two_units(visit):
    page = visit(documents=two("🗼🌳😀 " + TOWER, "👩‍👩‍👧 " + MARA))
    page.get_by_label("Question", exact=True).fill(QUESTION)
    move(page, 60)
    page.get_by_role("button", name="Answer").click()
    page.get_by_role("button", name="Source 2").click()
    expect(page.locator(".target")).to_have_text("She was born in the port of Vessel")
    whole = page.locator(".text").nth(0).text_content()
    assert whole == "🗼🌳😀 " + TOWER


def test_a_markdown_table_is_shown_as_one(visit):
    prices = "Prices.\n\n| Tier | Price |\n|---|---:|\n| Team \\| small | 400 |\n| Large | 1,900 |\n\nNo VAT."
    page = visit(ScriptedReader("Large is 1,900."), [Document(title="Prices", text=prices)], width=400)
    page.get_by_label("Question", exact=True).fill("What is the price of Large?")
    move(page, 90)
    page.get_by_role("button", name="Answer").click()
    page.get_by_role("button", name="Source 1").click()
    expect(page.locator(".target")).to_have_text([re.compile("Large"), re.compile("1,900")])
    boxes = [cell.bounding_box() for cell in page.locator(".cell").all()]
    assert len({box["x"] for box in boxes}) == 2  # columns
    assert len({box["y"] for box in boxes}) == 3  # rows
    assert page.locator(".text").inner_text().count("|") == 1
    assert page.locator(".text").text_content() == prices


def test_what_is_dropped_can_be_hidden(visit):
    page = visit(documents=two())
    page.get_by_label("Question", exact=True).fill(QUESTION)
    gone = page.locator(".unit.gone").first
    expect(gone).to_be_visible()
    page.get_by_label("Show what is dropped").uncheck()
    expect(gone).to_be_hidden()
    expect(page.locator(".unit.kept").first).to_be_visible()


def test_a_chance_leads_to_its_tokens_and_back(visit):
    page = visit(documents=two(), encoder="static")
    page.get_by_label("Question", exact=True).fill(QUESTION)
    move(page, 10)
    outcome = page.locator(".outcome").first
    expect(outcome).to_contain_text("sure that nothing wanted is lost, cut by ratio.")
    expect(outcome).to_contain_text(re.compile(r"The documents .* answer the question \(chance \d+ %\)\."))
    curve = page.get_by_role("img", name="Chance that nothing wanted is lost, by tokens")
    expect(curve).to_be_visible()
    little, before = words(kept(page)), curve.get_attribute("aria-label")
    button = page.get_by_role("button", name="95 %")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(curve).not_to_have_accessible_name(before)
    expect(page.locator("#percent")).not_to_have_text("10 %")
    assert words(kept(page)) > little
    assert "cut by ratio" not in outcome.text_content()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#percent")).to_have_text("10 %")
    expect(outcome).to_contain_text("cut by ratio")
    assert words(kept(page)) == little


def test_a_moved_slider_lets_a_chance_go_and_a_baseline_takes_as_many_tokens(visit):
    page = visit(documents=two(), encoder="static")
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.get_by_label("Beside").select_option("lead")
    button = page.get_by_role("button", name="80 %")
    button.click()
    ours, lead = page.locator(".pane").all()
    expect(ours.locator(".outcome")).to_contain_text(re.compile(r"cut by keep=0\.8|Nothing is left out"))
    expect(lead.locator(".outcome")).to_have_text(re.compile(r"Cut by ratio\.|Nothing is left out\."))
    expect(page.get_by_role("alert")).to_be_hidden()
    move(page, 5)
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(ours.locator(".outcome")).to_contain_text("cut by ratio")


def test_no_chances_are_shown_without_a_calibration_or_a_question(visit):
    page = visit(documents=two())
    page.get_by_label("Question", exact=True).fill(QUESTION)
    expect(page.locator(".outcome")).to_have_text("Cut by ratio.")
    expect(page.get_by_role("group", name="nothing wanted is lost")).to_be_hidden()
    page = visit(documents=two(), encoder="static")
    page.get_by_label("Question", exact=True).fill(QUESTION)
    expect(page.get_by_role("button", name="95 %")).to_be_visible()
    page.get_by_label("Question", exact=True).fill("")
    expect(page.get_by_role("button", name="95 %")).to_be_hidden()


def test_without_a_reader_it_says_how_to_have_one(open_page):
    with serving(create_app(Workbench(encoder=HashEncoder()), two())) as address:
        page = open_page()
        page.goto(address)
        expect(page.get_by_text("--llm NAME")).to_be_hidden()
        page.get_by_text("Answer needs a local LLM: how").click()
        expect(page.get_by_text("--llm NAME")).to_be_visible()
        expect(page.get_by_role("button", name="Answer")).to_be_disabled()
        expect(page.locator(".unit.kept").first).to_be_visible()
        open_page.close()


LONG = " ".join(f"Day {day} was dry and nobody came." for day in range(60))


@pytest.fixture(scope="module")
def ours(browser):
    """A page of the playground for the tests that leave it as it was, or replace what is on it."""
    bench = Workbench(encoder=HashEncoder(), reader=ScriptedReader(ANSWER), token_counter=words)
    documents = [Document(title="Weather", text=LONG), *two()]
    with serving(create_app(bench, documents)) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(address)
        expect(page.locator("#ready:enabled")).to_be_attached()
        yield page
        context.close()


@pytest.fixture
def asked(ours):
    """The page with its question and a budget that keeps nothing of the weather."""
    ours.get_by_label("Beside").select_option("")
    ours.get_by_label("Question", exact=True).fill(QUESTION)
    ours.get_by_label("or at most").fill("20")
    expect(figures(ours)).to_contain_text(re.compile(r"^(1\d|20) of "))
    return ours


def test_documents_of_which_something_is_kept_come_first_and_the_others_are_folded(asked):
    titles = asked.locator(".source summary").all_text_contents()
    assert titles[-1].startswith("Weather 0 of")
    expect(asked.get_by_text("1 document of which nothing is kept")).to_be_visible()
    expect(asked.get_by_text("Day 7 was dry")).to_be_hidden()
    asked.get_by_role("button", name="Next kept").click()
    first = asked.locator(".unit:not(.gone)").first
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    asked.get_by_role("button", name="Next kept").click()
    expect(first).not_to_be_focused()
    expect(asked.locator(".unit:focus:not(.gone)")).to_be_visible()


def test_tokens_are_a_budget_too(asked):
    slider = asked.get_by_role("slider")
    assert slider.input_value() == "5"  # per cent: as near as it comes
    move(asked, 50)
    expect(asked.get_by_label("or at most")).not_to_have_value("20")
    assert asked.locator("#ticks option").count() > 2


def test_full_context_stands_beside(asked):
    asked.get_by_label("Beside").select_option("full context")
    short, full = asked.locator(".pane").all()
    expect(full.locator(".figures")).to_contain_text("(100 %)")
    expect(full.get_by_text("Day 7 was dry")).to_be_visible()
    assert words(short.locator(".figures").text_content().split(" of")[0]) == 1
    expect(short.locator(".figures")).not_to_contain_text("(100 %)")


def test_strategies_have_a_line_each_and_those_of_the_paper_are_behind_more(asked):
    choice = asked.get_by_label("Beside")
    lines = choice.locator("option").all_text_contents()
    assert all(": " in line for line in lines[1:])
    assert not any(line.startswith(("paper", "bpe")) for line in lines)
    choice.select_option("more")
    expect(asked.locator(".pane h2").last).to_have_text("paper")
    assert any(line.startswith("bpe-chunk: ") for line in choice.locator("option").all_text_contents())


def test_what_is_kept_is_saved_with_its_places(asked):
    with asked.expect_download() as saved:
        asked.get_by_role("button", name="Save as .json").click()
    found = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
    assert (found["question"], saved.value.suggested_filename) == (QUESTION, "kept.json")
    texts = {"Weather": LONG, "Tower": TOWER, "Mara": MARA}
    assert found["kept"]
    assert all(texts[k["title"]][k["start"] : k["end"]] == k["text"] for k in found["kept"])
    with asked.expect_download() as saved:
        asked.get_by_role("button", name="Save as .md").click()
    written = Path(saved.value.path()).read_text(encoding="utf-8")
    assert written.startswith(f"# {QUESTION}\n")
    first = found["kept"][0]
    assert f"> {first['text']}\n\n{first['title']} [{first['start']}:{first['end']}]\n" in written


def test_what_is_kept_is_copied(asked):
    asked.context.grant_permissions(["clipboard-read", "clipboard-write"])
    asked.get_by_role("button", name="Copy what is kept").click()
    expect(asked.get_by_role("button", name="Copied")).to_be_visible()
    copied = asked.evaluate("navigator.clipboard.readText()")
    assert 0 < words(copied) <= 20
    assert all(line in TOWER or line in MARA for line in copied.split("\n"))


def test_scores_have_a_place_among_the_others(asked):
    asked.locator(".unit:not(.gone)").first.hover()
    expect(asked.locator(".detail")).to_contain_text(re.compile(r"score [\d.]+ \(no\. \d+ of 72\)"))


def test_without_a_question_it_asks_for_one_and_draws_no_bar(asked):
    expect(asked.locator(".meter")).to_be_visible()
    asked.get_by_label("Question", exact=True).fill(" ")
    expect(asked.get_by_text("Ask a question: what is kept for it is marked here.")).to_be_visible()
    expect(asked.locator(".meter")).to_be_hidden()
    asked.get_by_role("button", name="Answer", exact=True).click()
    expect(asked.get_by_role("alert")).to_have_text("Ask a question first.")
    expect(asked.get_by_label("Question", exact=True)).to_be_focused()
    expect(asked.locator(".answer")).to_be_hidden()


def test_a_reload_loses_nothing_and_the_example_replaces(asked):
    move(asked, 40)
    asked.get_by_role("button", name="Remove Mara").click()
    asked.reload()
    expect(asked.locator("#documents .name")).to_have_text(["Weather", "Tower"])
    expect(asked.get_by_label("Question", exact=True)).to_have_value(QUESTION)
    assert asked.get_by_role("slider").input_value() == "40"
    asked.get_by_role("button", name="Try an example").click()
    expect(asked.locator("#documents .name")).to_have_text(
        ["Morwen lighthouse", "Ada Brannock", "Keeping a light"]
    )


def test_on_a_phone_the_first_result_is_on_the_first_screen(visit):
    page = visit(documents=two(), width=400)
    page.get_by_label("Question", exact=True).fill(QUESTION)
    kept_first = page.locator(".unit:not(.gone)").first
    expect(kept_first).to_be_visible()
    assert kept_first.bounding_box()["y"] < 800
    assert page.locator("#drop").bounding_box()["y"] > kept_first.bounding_box()["y"]


def test_a_server_is_named_in_the_page(open_page, llama_server):
    with serving(create_app(Workbench(encoder=HashEncoder(), token_counter=words), two())) as address:
        page = open_page()
        page.goto(address)
        page.get_by_text("Answer needs a local LLM: how").click()
        field = page.get_by_label("Server")
        for bad, said in [
            ("openai:http://10.0.0.1/v1", "a server on this machine only"),
            ("10.0.0.1", "the address of a server must be as"),
        ]:
            field.fill(bad)
            page.get_by_role("button", name="Connect").click()
            expect(page.get_by_role("alert")).to_contain_text(said)
        field.fill(f"openai:{llama_server}#smollm2")
        page.get_by_role("button", name="Connect").click()
        expect(page.locator("#about")).to_contain_text("Reader: smollm2.")
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(page.get_by_role("button", name="Answer", exact=True)).to_be_enabled()
        open_page.close()


CONTRAST = """() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => rgb(c).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    const c = getComputedStyle(e).backgroundColor;
    return rgb(c)[3] === 0 ? behind(e.parentElement) : c;
  };
  const out = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || e.matches(":disabled, .unseen, option") || !e.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    out.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), `${e.className} ${e.textContent}`]);
  }
  return out.sort((x, y) => x[0] - y[0]);
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_every_window_has_no_sideways_scroll_and_text_that_can_be_read(visit, width: int, dark: bool):
    documents = [*two(), Document(title="long" * 60, text="x" * 900)]
    page = visit(documents=documents, width=width, dark=dark, encoder="static")
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.get_by_label("Beside").select_option("lead")
    move(page, 60)
    page.get_by_role("button", name="80 %").click()
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".cite").last).to_be_visible()
    page.locator(".cite").nth(1).click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = page.evaluate(CONTRAST)
    assert len(found) > 30
    assert found[0][0] >= 4.5, found[:3]


@pytest.mark.model
@pytest.mark.slow
def test_the_packaged_reader_answers_from_what_is_kept(open_page, packaged_reader, monkeypatch):
    from semtoken_rag.cli.ui import load_reader
    from semtoken_rag.llm.generate import SemTokenLLM

    monkeypatch.setattr(SemTokenLLM, "load", lambda name: packaged_reader)
    reader = load_reader("auto")
    bench = Workbench(encoder="static", reader=reader, token_counter=reader.tokenizer)
    with serving(create_app(bench, two())) as address:
        page = open_page()
        page.goto(address)
        page.get_by_label("Question", exact=True).fill("In which port was Mara Lindqvist born?")
        move(page, 30)
        page.get_by_role("button", name="Answer").click()
        expect(page.locator(".said")).to_contain_text("Vessel", timeout=120_000)
        page.get_by_role("button", name="Source 1, in Mara").click()
        expect(page.locator(".target").first).to_contain_text("Vessel")
        open_page.close()
