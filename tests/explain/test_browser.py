"""The page of a call in a browser: what it shows, moves and refuses to run."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from semtoken_rag import SemToken
from semtoken_rag.explain import explain, page
from semtoken_rag.explain.outcome import percent
from semtoken_rag.text.visible import visible
from semtoken_rag.types import Granularity
from tests.explain.samples import HOSTILE, QUESTION, call, hostile

pytestmark = pytest.mark.browser
BRIDGED = "He came into the world in Dijon in 1832, as the first of three children."
GRAINS = (
    "nodes => nodes.map(n => ['dropped', 'coarse', 'fine'].findIndex(name => n.classList.contains(name)))"
)
LOOKS = """nodes => nodes.map(n => {
  const line = getComputedStyle(n.querySelector(".part"));
  const state = ["fine", "coarse", "dropped"].find(name => n.classList.contains(name));
  return [state, getComputedStyle(n, "::before").content, line.textDecorationStyle, line.textDecorationLine];
})"""
MOVE = "(slider, budget) => { slider.value = budget; slider.dispatchEvent(new Event('input')); }"
CONTRASTS = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number).map((x, i) =>
    color.startsWith("color(") || i === 3 ? x : x / 255);
  const over = (top, under) => under.map((u, i) => top[3] === undefined ? top[i] : u + (top[i] - u) * top[3]);
  const linear = (x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const paper = parse(getComputedStyle(document.body).backgroundColor).slice(0, 3);
  const unit = document.querySelector(".u"), found = [];
  for (const state of ["fine", "dropped"]) for (let shade = 0; shade < 10; shade++) {
    unit.className = `u ${state} s${shade}`;
    const style = getComputedStyle(unit), under = over(parse(style.backgroundColor), paper);
    const [a, b] = [light(over(parse(style.color), under)), light(under)].sort((x, y) => y - x);
    found.push((a + 0.05) / (b + 0.05));
  }
  return found;
}"""


@pytest.fixture
def show(open_page, tmp_path):
    """Write the page of a call and open it: ``show(context, width=, height=, dark=)``."""

    def write(context, **window):
        path = tmp_path / "page.html"
        context.to_html(path)
        opened = open_page(**window)
        opened.goto(path.as_uri())
        return opened

    yield write
    assert open_page.outside == []


def grains(opened) -> list[int]:
    return opened.locator(".u").evaluate_all(GRAINS)


def of_call(context) -> list[int]:
    return [int(unit.granularity) for unit in context.units]


def move(opened, budget: int) -> None:
    opened.get_by_role("slider").evaluate(MOVE, budget)


def unit(opened, text: str):
    return opened.locator(".u", has_text=text)


def test_a_click_tells_the_scores_and_why(show):
    opened = show(call(max_tokens=40))
    unit(opened, BRIDGED).click()
    about = opened.get_by_role("region", name="About the chosen unit")
    expect(about).to_contain_text("Kept because it explains Gustave Eiffel, named in document 3.")
    for name in ("relevance", "bridge", "density", "score"):
        expect(about.get_by_role("rowheader", name=name)).to_be_visible()
    expect(about.locator("em")).to_have_text("Gustave Eiffel")


def test_a_click_tells_the_chance_and_a_preview_hides_how_sure_the_call_is(show):
    context = call(max_tokens=40)
    opened = show(context)
    unit(opened, BRIDGED).click()
    chance = percent(next(u for u in context.units if (u.chunk, u.start) == (3, 0)).probability)
    about = opened.get_by_role("region", name="About the chosen unit")
    expect(about).to_contain_text(f"wanted with a chance of {chance}")
    sure = opened.get_by_text("sure that nothing wanted is lost, cut by max_tokens")
    expect(sure).to_be_visible()
    move(opened, 60)
    expect(sure).to_be_hidden()


def test_the_slider_begins_at_what_a_promise_takes(show):
    context = call(ratio=1, keep=0.5)
    opened = show(context)
    expect(opened.get_by_role("slider")).to_have_value(str(context.stats.tokens_after))
    assert grains(opened) == of_call(context)
    move(opened, context.stats.tokens_after + 25)
    assert sum(grains(opened)) > sum(of_call(context))


def test_the_other_document_is_a_click_away(show):
    opened = show(call(max_tokens=40))
    unit(opened, BRIDGED).click()
    expect(opened.locator(".u.lent")).to_contain_text("Gustave Eiffel")
    opened.get_by_role("button", name="Show it").click()
    expect(unit(opened, "The iron tower of Paris")).to_be_focused()
    expect(opened.get_by_role("region", name="About the chosen unit")).to_contain_text("document 3")


def test_pointing_tells_the_same_and_leaves_what_was_chosen(show):
    opened = show(call(max_tokens=40))
    unit(opened, BRIDGED).click()
    about = opened.get_by_role("region", name="About the chosen unit")
    unit(opened, "Bread is made").hover()
    expect(about).to_contain_text("Dropped at place")
    opened.mouse.move(2, 2)
    expect(about).to_contain_text("Gustave Eiffel")


def test_kept_part_and_dropped_differ_by_shape(show):
    opened = show(call(max_tokens=28))
    looks = opened.locator(".u").evaluate_all(LOOKS)
    by_state = {look[0]: tuple(look[1:]) for look in looks}
    assert set(by_state) == {"fine", "coarse", "dropped"}
    assert len({look[0] for look in by_state.values()}) == 3
    assert (by_state["fine"][1:], by_state["coarse"][1:]) == (("solid", "underline"), ("dashed", "underline"))
    assert by_state["dropped"][2] == "none"


@pytest.mark.parametrize("budget", [20, 35, 50, 80])
def test_the_slider_starts_at_the_call_s_budget_with_the_call_s_decision_and_comes_back_to_it(show, budget):
    context = call(max_tokens=budget)
    opened = show(context)
    expect(opened.get_by_role("slider")).to_have_value(str(budget))
    assert grains(opened) == of_call(context)
    move(opened, 94)
    assert set(grains(opened)) == {2}
    expect(opened.get_by_text("Preview", exact=True)).to_be_visible()
    move(opened, budget)
    assert grains(opened) == of_call(context)
    expect(opened.get_by_text("Preview", exact=True)).to_be_hidden()
    move(opened, 0)
    assert set(grains(opened)) == {0}
    opened.get_by_role("button", name="Back to the call").click()
    assert grains(opened) == of_call(context)
    expect(opened.locator("#tokens")).to_have_text(str(context.stats.tokens_after))


def test_a_moved_budget_is_held_and_keeps_what_the_call_would_keep_first(show):
    context = call(max_tokens=65)
    opened = show(context)
    cost = [u.cost for u in context.units]
    own = of_call(context)
    kept = []
    for budget in range(0, 94):
        move(opened, budget)
        now = grains(opened)
        if budget < 65:
            assert sum(c for c, g in zip(cost, now, strict=True) if g == Granularity.FINE) <= budget
            assert all(g in (0, was) for g, was in zip(now, own, strict=True))
        else:
            assert all(g >= was for g, was in zip(now, own, strict=True))
        kept.append(sum(g > 0 for g in now))
    assert kept[0] == 0 < kept[25] < kept[93]


def test_the_preview_shares_most_with_what_the_engine_decides_at_budgets_around(show):
    opened = show(call(max_tokens=65))
    shared = []
    for budget in (35, 40, 60, 70):
        move(opened, budget)
        theirs = of_call(call(max_tokens=budget))
        both = [(a > 0, b > 0) for a, b in zip(grains(opened), theirs, strict=True)]
        shared.append(sum(a and b for a, b in both) / sum(a or b for a, b in both))
    assert min(shared) > 0.5


def test_what_a_unit_is_lent_counts_once_its_lender_is_kept(show):
    opened = show(call(max_tokens=65))  # Dijon, of 7 tokens, is lent by the sentence of 15 that names it
    move(opened, 30)
    expect(opened.locator(".u.fine")).to_have_count(2)
    expect(unit(opened, BRIDGED)).to_contain_class("fine")


def test_a_double_of_what_is_kept_stays_dropped_until_all_fits(show):
    double = [
        "Six million people climb it in a year. Elephants sleep.",
        "Six million people climb it in a year.",
    ]
    context = call([*double, "Bread is made of flour."], "How many people climb it in a year?", max_tokens=9)
    opened = show(context)
    move(opened, 21)
    assert sum(g > 0 for g in grains(opened)) == 3


def test_the_keyboard_is_enough(show):
    context = call(max_tokens=65)
    opened = show(context)
    opened.keyboard.press("Tab")
    slider = opened.get_by_role("slider")
    expect(slider).to_be_focused()
    opened.keyboard.press("ArrowRight")
    expect(opened.locator("#amount")).to_have_text("66")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"66 tokens, \d+ of 11 units kept"))
    for _ in range(6):
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement.matches('.u')"):
            break
    units = opened.locator(".u")
    expect(units.nth(0)).to_be_focused()
    about = opened.get_by_role("region", name="About the chosen unit")
    expect(about).to_contain_text("document 1")
    for key, to in (("ArrowRight", 1), ("ArrowLeft", 0), ("ArrowDown", 3), ("ArrowDown", 5), ("ArrowUp", 3)):
        opened.keyboard.press(key)
        expect(units.nth(to)).to_be_focused()
    for key, to in (("End", 10), ("ArrowRight", 10), ("ArrowDown", 10), ("Home", 0), ("ArrowUp", 0)):
        opened.keyboard.press(key)
        expect(units.nth(to)).to_be_focused()
    opened.keyboard.press("Escape")
    expect(about).to_be_hidden()
    expect(units.nth(0)).to_be_focused()
    opened.keyboard.press("Enter")
    expect(about).to_be_visible()


def test_everything_has_a_name_for_a_screen_reader(show):
    opened = show(call(max_tokens=28))
    expect(opened.get_by_role("heading", name=QUESTION)).to_be_visible()
    expect(opened.get_by_role("slider", name="Budget tokens")).to_be_visible()
    expect(opened.get_by_role("article", name="4 Gustave Eiffel")).to_be_visible()
    expect(opened.get_by_role("button", name="Kept: The iron tower of Paris")).to_be_visible()
    expect(opened.get_by_role("button", name="Kept in part: He came")).to_be_visible()
    expect(opened.get_by_role("button", name="Dropped: Bread is made")).to_be_visible()
    move(opened, 0)
    expect(opened.get_by_role("button", name=f"Dropped: {BRIDGED}")).to_be_visible()


def test_only_what_is_kept_reads_as_the_reader_gets_it(show):
    context = call(max_tokens=65)
    opened = show(context)
    opened.get_by_label("Show only what is kept").check()
    texts = opened.locator(".text").all_inner_texts()
    kept = {chunk.index: chunk.text.split() for chunk in context.chunks}
    seen = [re.sub("Kept in part: |Kept: |Dropped: ", "", text).split() for text in texts]
    assert seen == [kept.get(n, []) for n in range(4)]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 400])
def test_every_window_has_no_sideways_scroll(show, width, dark):
    opened = show(hostile(), width=width, dark=dark)
    opened.locator(".u").first.click()
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_every_shade_can_be_read(show, dark):
    opened = show(call(max_tokens=65), dark=dark)
    contrasts = opened.evaluate(CONTRASTS)
    assert len(contrasts) == 20
    assert min(contrasts) >= 4.5


def test_a_narrow_window_keeps_slider_text_and_details_in_sight(show):
    opened = show(call(max_tokens=65), width=400, height=700)
    unit(opened, BRIDGED).click()
    expect(opened.get_by_role("region", name="About the chosen unit")).to_be_in_viewport()
    expect(opened.get_by_role("slider")).to_be_in_viewport(ratio=1)
    expect(unit(opened, BRIDGED)).to_be_in_viewport(ratio=1)


def test_input_that_passed_unchanged_is_shown_without_a_slider(show):
    opened = show(call(ratio=1.0))
    assert grains(opened) == [2, 2, 2, 2]
    expect(opened.get_by_role("slider")).to_be_hidden()


def test_a_hostile_document_runs_nothing_and_is_shown_as_it_is(show):
    opened = show(hostile())
    for node in opened.locator(".u").all():
        node.click()
    move(opened, 1)
    assert opened.evaluate("[window.hit, document.scripts.length, document.images.length]") == [None, 2, 0]
    assert opened.locator("a, iframe, svg, form, base, object, input[autofocus]").count() == 0
    shown = "".join(opened.locator(".text").evaluate_all("nodes => nodes.map(n => n.textContent)"))
    for text in HOSTILE:
        assert visible(text)[:60] in re.sub("Kept in part: |Kept: |Dropped: ", "", shown)


@pytest.mark.parametrize(
    "smuggled",
    [
        "<script>window.hit=1</script>",
        "<img src=x onerror='window.hit=1'>",
        "<svg onload='window.hit=1'></svg>",
        "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
        "<a id=link href='javascript:window.hit=1'>click</a>",
        "<input autofocus onfocus='window.hit=1'>",
    ],
)
def test_even_what_escaped_escaping_would_not_run(open_page, tmp_path, smuggled):
    path = tmp_path / "page.html"
    path.write_text(
        page(explain(call(max_tokens=65))).replace("<main>", f"<main>{smuggled}"), encoding="utf-8"
    )
    opened = open_page()
    opened.goto(path.as_uri())
    expect(opened.locator("#hint")).to_be_visible()  # the page's own script has run
    for link in opened.locator("#link").all():
        link.click()
    assert opened.evaluate("window.hit") is None


def test_a_notebook_s_frame_works_and_stays_in_its_frame(open_page, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><p>Cell</p>{hostile()._repr_html_()}", encoding="utf-8")
    opened = open_page()
    opened.goto(path.as_uri())
    inside = opened.frame_locator("iframe")
    inside.locator(".u").first.click()
    expect(inside.locator("#details")).to_contain_text("document 1")
    assert opened.evaluate("window.hit") is None
    assert inside.locator("body").evaluate("() => window.hit") is None
    assert inside.locator("body").evaluate("() => self.origin") == "null"
    assert open_page.outside == []


def test_n_and_p_go_from_kept_to_kept_and_round(show):
    opened = show(call(max_tokens=65))
    kept = opened.locator(".u:not(.dropped)").count()
    assert kept > 1
    for _ in range(kept):
        opened.keyboard.press("n")
        expect(opened.locator(".chosen.dropped")).to_have_count(0)
    last = opened.locator(".chosen").text_content()
    opened.keyboard.press("n")
    expect(opened.locator(".u:not(.dropped)").first).to_be_focused()
    opened.keyboard.press("p")
    expect(opened.locator(".chosen")).to_have_text(last)


def test_a_long_call_opens_with_what_is_kept_alone(show):
    text = " ".join(f"Day {day} was dry." for day in range(80)) + " The tower opened in May."
    context = SemToken(encoder="static").compress([text], "When did the tower open?", max_tokens=20)
    opened = show(context)
    expect(opened.get_by_label("Show only what is kept")).to_be_checked()
    expect(opened.get_by_text("The tower opened in May.")).to_be_in_viewport()
    expect(opened.locator(".u.dropped").first).to_be_hidden()
