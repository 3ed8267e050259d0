"""Web pages: what is a segment, what it hangs on, and what of a page is never kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.structure.html import find_html_tables, parse_html
from semtoken_rag.structure.html_tokens import tokens
from tests.support.segments import NEGATIVES, chain, check, shown, steps, texts

BITS = (
    "<p>", "</p>", "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th>", "<li>", "<ul>", "</ul>",
    "<br>", "<!--", "-->", "<!-- x -->", "<script>", "</script>", "<h1>", "</h1>", "<h2>", "<b>", "</b>",
    "<a href='x>'>", "</a>", "<dl>", "<dt>", "<dd>", "<pre>", "<", "<td rowspan=2>", "<caption>", "<thead>",
    "<nav>", "</nav>", ":", "x. Y ", "<div", "<section>", "</section>", "&nbsp;", f"<x {'y' * 1300}>",
    "w" * 1300, "<details>", "<summary>",
)  # fmt: skip


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """End a sentence at every full stop, inside of tags too."""
    at = start
    for match in re.finditer(r"[.!?]\s+", text[start:end]):
        yield at, start + match.end()
        at = start + match.end()
    yield at, end


def parsed(text: str):
    segments = parse_html(text, sentences)
    assert segments is not None
    check(text, segments)
    for tag in tokens(text, 0, len(text)):
        assert not any(tag.start < at < tag.end for s in segments for at in (s.start, s.end))
    return segments


def test_a_table_without_blanks():
    text = (
        "<table><tr><th>Pump</th><th>Head</th></tr><tr><td>P-1</td><td>12</td></tr></table><p>In metres.</p>"
    )
    assert shown(text, parsed(text)) == [
        ("header", "<tr><th>Pump</th><th>Head</th></tr>", -1),
        ("row", "<tr><td>P-1</td><td>12</td></tr>", 0),
        ("sentence", "In metres.", -1),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<h1>A</h1><h2>B</h2><p>One. Two.</p><h2>C</h2><p>Three.</p>",
            [
                ("heading", "A", -1),
                ("heading", "B", 0),
                ("sentence", "One.", 1),
                ("sentence", "Two.", 1),
                ("heading", "C", 0),
                ("sentence", "Three.", 4),
            ],
        ),
        (
            "<p>The policy covers:</p><ul><li>Fire</li><li>Water</li></ul><p>That is all.</p>",
            [
                ("lead", "The policy covers:", -1),
                ("item", "Fire", 0),
                ("item", "Water", 0),
                ("sentence", "That is all.", -1),
            ],
        ),
        (
            "<ul><li>Obst<ul><li>Apfel<ul><li>rot</li></ul></li></ul></li><li>Brot</li></ul>",
            [("item", "Obst", -1), ("item", "Apfel", 0), ("item", "rot", 1), ("item", "Brot", -1)],
        ),
        (
            "<p>One.<p>Two.<ul><li>Sauf:<ul><li>lundi<li>mardi</ul></ul>",
            [
                ("sentence", "One.", -1),
                ("sentence", "Two.", -1),
                ("lead", "Sauf:", -1),
                ("item", "lundi", 2),
                ("item", "mardi", 2),
            ],
        ),
        (
            "<dl><dt>Laufzeit<dt>Dauer<dd>3 Monate.<dd>Oder mehr.<dt>Frist<dd>1 Tag.</dl>",
            [
                ("key", "Laufzeit", -1),
                ("key", "Dauer", 0),
                ("sentence", "3 Monate.", 1),
                ("sentence", "Oder mehr.", 1),
                ("key", "Frist", -1),
                ("sentence", "1 Tag.", 4),
            ],
        ),
        (
            "<h3>Use</h3><pre><code>a = 1\n  b = 2</code></pre>",
            [("heading", "Use", -1), ("code", "a = 1\n  b = 2", 0)],
        ),
        (
            "<details><summary>How?</summary><p>By card.</p></details><p>Bye.</p>",
            [("heading", "How?", -1), ("sentence", "By card.", 0), ("sentence", "Bye.", -1)],
        ),
        (
            "<p>Hours:<br>Mo 9-17<br>Tu 9-12</p><p>This is a<br>wrapped line.</p>",
            [
                ("lead", "Hours:", -1),
                ("sentence", "Mo 9-17", 0),
                ("sentence", "Tu 9-12", 0),
                ("sentence", "This is a<br>wrapped line.", -1),
            ],
        ),
        (
            "<div>Loose <i>text</i>.</div><div><p>Inner.</p>Tail.</div>",
            [("sentence", "Loose <i>text</i>.", -1), ("sentence", "Inner.", -1), ("sentence", "Tail.", -1)],
        ),
        (
            "<h2>Empty</h2><h2>Full</h2><P>Text.</P>",
            [("sentence", "Empty", -1), ("heading", "Full", -1), ("sentence", "Text.", 1)],
        ),
        (
            "<section><h2>A</h2><p>In A.</p></section><p>Outside.</p>",
            [("heading", "A", -1), ("sentence", "In A.", 0), ("sentence", "Outside.", -1)],
        ),
        (
            "<ul><li><p><b>Fire</b></p><p>Up to 5.</p></li></ul>",
            [("item", "Fire", -1), ("item", "Up to 5.", 0)],
        ),
        ("<title>Shop</title><p>One.</p>", [("heading", "Shop", -1), ("sentence", "One.", 0)]),
        ("<p>5 &lt; 6</p><p>&nbsp;</p><p><img src=x></p>", [("sentence", "5 &lt; 6", -1)]),
        ("ends here.</p><p>Next.</p>", [("sentence", "ends here.", -1), ("sentence", "Next.", -1)]),
    ],
)
def test_blocks_and_what_they_hang_on(text, expected):
    assert shown(text, parsed(text)) == expected


def test_a_row_hangs_on_header_caption_lead_and_headings():
    text = (
        "<h1>Fees</h1><h2>2031</h2><p>They are as follows:</p><table><caption>All <i>plans</i></caption>"
        "<thead><tr><th>Plan</th><th>Fee</th></tr></thead><tbody><tr><td>Team</td><td>5</td></tr></tbody></table>"
    )
    assert chain(text, parsed(text), "<tr><td>") == [
        "<tr><td>Team</td><td>5</td></tr>",
        "<tr><th>Plan</th><th>Fee</th></tr>",
        "All <i>plans</i>",
        "They are as follows:",
        "2031",
        "Fees",
    ]


@pytest.mark.parametrize(
    ("rows", "parents"),
    [
        ("<tr><th>A</th><td>1</td></tr><tr><th>B</th><td>2</td></tr>", [-1, -1]),
        ("<tr><td>Item</td><td>Price</td></tr><tr><td>Bolt</td><td>1</td></tr>", [-1, 0]),
        (
            "<tr><th rowspan=2>A</th><th colspan=2>B</th></tr>\n<tr><th>C<th>D</tr><tr><td>1</td></tr>",
            [-1, 0],
        ),
        ("<thead><tr><td>A</td></tr></thead><tbody><tr><td>1</td></tr></tbody>", [-1, 0]),
        ("<tr><th>A<th>B<tr><td>1<td>2<tr><td>3<td>4", [-1, 0, 0]),
        (
            "<tr><th>A</th><th>B</th></tr><tr><td colspan=2>Nord</td></tr><tr><td>1</td><td>2</td></tr>",
            [-1, 0, 1],
        ),
        (
            "<tr><th>A</th><th>B</th></tr><tr><td rowspan=2>x</td><td>1</td></tr><tr><td>2</td></tr>"
            "<tr><td>y</td><td>3</td></tr>",
            [-1, 0, 1, 0],
        ),
        (
            "<tr><th>A</th><th>B</th></tr><tr><td>x</td><td>1</td></tr><tr><td></td><td>2</td></tr>",
            [-1, 0, 1],
        ),
    ],
)
def test_headers_sections_and_cells_over_several_rows(rows, parents):
    assert [s.parent for s in parsed(f"<table>{rows}</table>")] == parents


def test_a_table_that_is_cut_off_at_both_ends():
    text = "x</td></tr><tr><td>Bolt</td><td>5</td></tr><tr><td>Nut</td><td>7</td></tr><tr><td>P"
    assert [piece for _, piece, _ in shown(text, parsed(text))] == [
        "x",
        "<tr><td>Bolt</td><td>5</td></tr>",
        "<tr><td>Nut</td><td>7</td></tr>",
        "<tr><td>P",
    ]


def test_a_table_that_only_places_text_has_no_rows():
    inner = "<table><tr><td>a</td><td>1</td></tr></table>"
    text = f"<table><tr><td>Menu</td><td><h2>Head</h2><p>One. Two.</p>{inner}</td></tr></table>"
    assert shown(text, parsed(text)) == [
        ("sentence", "Menu", -1),
        ("heading", "Head", -1),
        ("sentence", "One.", 1),
        ("sentence", "Two.", 1),
        ("row", "<tr><td>a</td><td>1</td></tr>", 1),
    ]


@pytest.mark.parametrize(
    "noise",
    [
        "<nav><a href=/>SECRET</a></nav>",
        "<footer><p>SECRET</p></footer>",
        "<script>var a = '<p>SECRET</p>';</script>",
        "<style>.SECRET {}</style>",
        "<noscript><p>SECRET</p></noscript>",
        "<template><li>SECRET</li></template>",
        "<!-- <p>SECRET</p> -->",
        "<div class='cookie-banner'><p>SECRET</p></div>",
        "<div id=onetrust-sdk>SECRET</div>",
        "<aside><p>This site uses cookies. SECRET</p><button>Accept all</button></aside>",
        "<section>Wir verwenden Cookies. SECRET <a href=#>Alle akzeptieren</a></section>",
        "<div role=navigation>SECRET</div>",
    ],
)
@pytest.mark.parametrize(
    "page",
    [
        "<p>One.</p>{}<p>Two.</p><p>Three.</p>",
        "<p>One {} more.</p><p>Two.</p>",
        "<table><tr><td>One</td><td>1{}</td></tr><tr><td>Two</td><td>2</td></tr></table>",
        "<ul><li>One {}</li><li>Two</li></ul>",
    ],
)
def test_nothing_of_what_is_no_text_is_kept(page, noise):
    text = page.format(noise)
    kept = " ".join(piece for _, piece, _ in shown(text, parsed(text)))
    assert "SECRET" not in kept
    assert "One" in kept
    assert "Two" in kept


def test_what_stands_behind_a_comment_hangs_on_what_stands_before():
    text = "<p>Up to 5 <!-- was 4 -->euros. Then</p><p>Price: <!-- -->5<!-- --> EUR</p>"
    assert shown(text, parsed(text)) == [
        ("sentence", "Up to 5", -1),
        ("sentence", "euros.", 0),
        ("sentence", "Then", -1),
        ("sentence", "Price: <!-- -->5<!-- --> EUR", -1),
    ]


def test_words_about_cookies_are_text():
    text = "<h2>Privacy</h2><p>We use cookies to keep your cart.</p><p>They last 30 days.</p>"
    assert len(parsed(text)) == 3


def test_no_sentence_ends_inside_of_a_tag_or_a_short_element():
    text = "<p>See <a href='x. Y'>this. And that</a> now. <b>Go. Now.</b> Then <i title='a. B'>on</i>.</p>"
    assert [piece for _, piece, _ in shown(text, parsed(text))] == [
        "See <a href='x. Y'>this. And that</a> now.",
        "<b>Go. Now.</b> Then <i title='a. B'>on</i>.",
    ]


def test_unknown_tags_in_code_are_code():
    text = "<pre>List<String> x = new List<>();\nint y;</pre><p>a</p>"
    assert shown(text, parsed(text))[0] == ("code", "List<String> x = new List<>();\nint y;", -1)


def test_a_tag_that_is_cut_off_is_in_no_segment():
    text = "<p>One.</p><p>Two.</p><p>Three</p"
    assert [piece for _, piece, _ in shown(text, parsed(text))] == ["One.", "Two.", "Three"]


@pytest.mark.parametrize(
    "text",
    [
        *NEGATIVES.values(),
        "Use `<p>`, `<div>` or `<li>` here.",
        "# Title\n\n<p align=center><img src=x></p>\n\nSome text that is markdown.\n\n<br>\n<br>",
        "function App() {\n  return (\n    <div className='a'>\n<p>x</p></div>\n  );\n}",
        "```html\n<p>a</p>\n<div>b</div>\n```",
        "<rss><item><name>x</name></item></rss>",
        "if a <b and c> d then <stop>",
        "line one<br>line two",
    ],
)
def test_other_texts_are_no_pages(text):
    assert parse_html(text, sentences) is None


def test_tables_in_markdown_are_found():
    text = "# A\n<table class=x><tr><td><table></table></td></tr></table>\nb <table><tr></table> <table>"
    assert [text[a:b] for a, b in find_html_tables(text)] == [
        "<table class=x><tr><td><table></table></td></tr></table>",
        "<table><tr></table>",
    ]


def test_a_range_is_read_with_the_offsets_of_the_text():
    text = "# A\n<table><tr><th>a</th></tr><tr><td>1</td></tr></table> b"
    start, end = next(find_html_tables(text))
    segments = parse_html(text, start=start, end=end)
    assert segments is not None
    assert [text[s.start : s.end] for s in segments] == ["<tr><th>a</th></tr>", "<tr><td>1</td></tr>"]


@settings(max_examples=400, deadline=None)
@given(text=texts(BITS), typed=st.booleans())
def test_any_text_keeps_the_contract(text, typed):
    text = "<!doctype html>" * typed + text
    if parse_html(text, sentences) is not None:
        parsed(text)
    assert all(0 <= a < b <= len(text) for a, b in find_html_tables(text))


WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "<b>gamma</b>", "5.3", "Ölpumpe", "été"]), min_size=1, max_size=5
).map(" ".join)
BLOCK = st.one_of(
    WORDS.map("<p>{}.</p>".format),
    WORDS.map("<h2>{}</h2>".format),
    st.lists(WORDS, min_size=1, max_size=3).map(
        lambda w: "<ul>" + "".join(f"<li>{i}</li>" for i in w) + "</ul>"
    ),
    st.lists(WORDS, min_size=1, max_size=3).map(
        lambda w: "<table>" + "".join(f"<tr><td>{i}</td><td>1</td></tr>" for i in w) + "</table>"
    ),
    st.tuples(WORDS, WORDS).map(lambda w: f"<dl><dt>{w[0]}</dt><dd>{w[1]}</dd></dl>"),
    WORDS.map("<div><section>{}</section></div>".format),
)


@settings(max_examples=150, deadline=None)
@given(blocks=st.lists(BLOCK, min_size=2, max_size=8))
def test_a_page_loses_no_word(blocks):
    text = "".join(blocks)
    kept = " ".join(text[s.start : s.end] for s in parsed(text))
    assert re.sub(r"<[^>]*>|\s+", "", kept) == re.sub(r"<[^>]*>|\s+", "", text)


@pytest.mark.parametrize(
    "unit",
    [
        "<p>a",
        "<p><",
        '<p><a ="',
        "<p><!--",
        "<div>a",
        "<div></p>",
        "<ul><li>a",
        "<tr><td>a",
        "<table><tr><td>",
        "<p>a <b>",
        "<p>a<br>",
        "<section><h2>x</h2>",
        "<p>x<script>",
        "<title>x</title><p>y",
        "<p>a<!-- x -->",
        "<div>cookie <a>",
        "<dl><dt>a",
        "<nav>x",
        "<p><i>a</i> ",
    ],
)
def test_time_grows_as_the_text_does(unit):
    few, many = (steps(lambda n=n: parse_html("<!doctype html>" + unit * n, sentences)) for n in (100, 400))
    assert many < 4.4 * few
