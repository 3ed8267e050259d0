"""Pages as people write them: captions before tables, bold paragraphs, open lists of terms, wide headers."""

from __future__ import annotations

import time

import pytest

from semtoken_rag.stages.segment import segment
from tests.support.segments import chain

ROWS = "<table><tr><th>{}</th><th>{}</th></tr><tr><td>{}</td><td>3</td></tr></table>"


def hung(text: str, piece: str) -> list[str]:
    """What the unit that begins with ``piece`` hangs on."""
    return chain(text, segment(text), piece)[1:]


@pytest.mark.parametrize(
    ("caption", "table"),
    [
        ("Table 7. Mooring fees in crowns a night", ROWS.format("Boat", "Fee", "Skiff")),
        ("Mooring fees, in crowns:", ROWS.format("Boat", "Fee", "Skiff")),
        ("Tabelle 2: Liegegeld in Talern.", ROWS.format("Boot", "Geld", "Jolle")),
        ("Tarifs du quai en couronnes", ROWS.format("Bateau", "Tarif", "Canot")),
        ("表3 泊船费，单位：元", ROWS.format("船", "费", "小艇")),
    ],
)
def test_a_paragraph_before_a_table_is_its_caption(caption, table):
    text = f"<p>The pier was built long ago. It is long.</p>\n<p>{caption}</p>\n{table}<p>Bring a rope.</p>"
    row = table[table.index("<tr><td>") : -len("</table>")]
    assert hung(text, row) == [table[len("<table>") : table.index("<tr><td>")], caption]
    assert hung(text, "Bring a rope.") == []
    assert hung(text, "The pier") == []


@pytest.mark.parametrize("last", ["It is long.", "Sie ist lang.", "Elle est longue !", "它很长。"])
def test_a_sentence_before_a_table_is_no_caption(last):
    text = f"<p>Bring a rope.</p><p>{last}</p>" + ROWS.format("Boat", "Fee", "Skiff")
    assert len(hung(text, "<tr><td>")) == 1


@pytest.mark.parametrize(
    ("first", "second", "lines"),
    [
        ("Covered", "Excluded", ("Loss of a sail is paid.", "Loss of a key.", "Rust on the keel.")),
        ("Versichert", "Nicht versichert", ("Segel sind bezahlt.", "Schlüssel.", "Rost am Kiel.")),
        ("Compris", "Exclu :", ("La voile est payée.", "La clef.", "La rouille.")),
        ("承保范围", "除外责任", ("帆的损失。", "钥匙丢失。", "船底生锈。")),
    ],
)
@pytest.mark.parametrize("tags", [("<b>", "</b>"), ("<strong>", "</strong>")])
def test_a_bold_paragraph_heads_what_follows(first, second, lines, tags):
    titles = [f"<p>{title.join(tags)}</p>" for title in (first, second)]
    body = [f"<p>{line}</p>" for line in lines]
    text = (
        "<p>Vela.</p>"
        + titles[0]
        + body[0]
        + titles[1]
        + body[1]
        + body[2]
        + "<h2>Next</h2><p>Other text.</p>"
    )
    assert [hung(text, line) for line in lines] == [[first], [second], [second]]
    assert hung(text, "Other text.") == ["Next"]


@pytest.mark.parametrize(
    "line", ["<b>Do not jump.</b>", "<b>Note</b> the time", "Keep <b>out</b>", "<b>Ruhe</b> und <b>Zeit</b>"]
)
def test_bold_words_are_no_heading(line):
    text = f"<p>{line}</p><p>It rained.</p><p>We left.</p>"
    assert hung(text, "It rained.") == hung(text, "We left.") == []


@pytest.mark.parametrize(
    ("terms", "meanings", "behind"),
    [
        (("Low water", "Slack"), ("Two hours from noon.", "No current."), "The pier has a lamp."),
        (("Niedrigwasser", "Stau"), ("Zwei Stunden.", "Kein Strom."), "Der Steg hat eine Lampe."),
        (("低潮", "平潮"), ("自正午起两小时。", "没有水流。"), "码头有一盏灯。"),
    ],
)
@pytest.mark.parametrize(
    ("begin", "end"),
    [("<dl>", "</dl>"), ("<dl>", "<p>"), ("<dl>", "\n\n"), ("", "\n\n"), ("Intro.\n\n<dl>", "</dl>\n\n")],
)
def test_text_behind_a_list_of_terms_is_no_meaning(terms, meanings, behind, begin, end):
    pairs = "".join(f"\n<dt>{a}<dd>{b}" for a, b in zip(terms, meanings, strict=True))
    text = f"{begin}{pairs}{end}{behind}"
    assert [hung(text, meaning) for meaning in meanings] == [[term] for term in terms]
    assert hung(text, behind) == []


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        ("Covered", "Excluded", "A lost key."),
        ("Dabei", "Nicht dabei", "Ein Ruder."),
        ("包括", "不包括", "一把钥匙。"),
    ],
)
def test_bold_words_head_the_lines_and_rows_below(first, second, line):
    text = f"<p><b>{first}</b><br>The sail.<br>The mast.</p><p><b>{second}</b><br>{line}<br>It rained.</p>"
    assert hung(text, "The mast.") == [first]
    assert hung(text, line) == hung(text, "It rained.") == [second]
    rows = [f"<tr><td><b>{name}</b></td><td></td></tr>" for name in (first, second)]
    head = "<tr><th>Part</th><th>Fee</th></tr>"
    body = [f"{rows[0]}<tr><td>Sail</td><td>3</td></tr>", f"{rows[1]}<tr><td>Key</td><td>9</td></tr>"]
    text = f"<table>{head}{''.join(body)}</table>"
    assert hung(text, "<tr><td>Sail") == [rows[0], head]
    assert hung(text, "<tr><td>Key") == [rows[1], head]


def test_a_meaning_of_several_paragraphs_keeps_its_term():
    text = "<dl><dt>Ebb<dd><p>From two to six.</p><p>Not in May.</p><dt>Flood<dd>All night."
    assert hung(text, "Not in May.") == ["Ebb"]
    assert hung(text, "All night.") == ["Flood"]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (
            "<tr><td rowspan=2>Boat</td><td colspan=2>Summer</td><td colspan=2>Winter</td></tr>"
            "<tr><td>Day</td><td>Week</td><td>Day</td><td>Week</td></tr>",
            "<tr><td>Skiff</td><td>3</td><td>9</td><td>2</td><td>6</td></tr>",
        ),
        (
            '<tr><td></td><td colspan="2">Sommer</td><td colspan="2">Winter</td></tr>'
            "<tr><td>Boot</td><td>Tag</td><td>Woche</td><td>Tag</td><td>Woche</td></tr>",
            "<tr><td>Jolle</td><td>3</td><td>9</td><td>2</td><td>6</td></tr>",
        ),
        (
            "<tr><td colspan=3>Tarifs en couronnes</td></tr>"
            "<tr><td>Bateau</td><td>Jour</td><td>Mois</td></tr>",
            "<tr><td>Canot</td><td>4</td><td>40</td></tr>",
        ),
        (
            "<tr><th rowspan=2>船</th><th colspan=2>夏季</th></tr><tr><td>日</td><td>周</td></tr>",
            "<tr><td>小艇</td><td>3</td><td>9</td></tr>",
        ),
    ],
)  # fmt: skip
def test_a_header_may_have_several_rows(head, row):
    text = f"<table>{head}{row}{row.replace('3', '5').replace('4', '7')}</table>"
    assert hung(text, row) == [head]


def test_rows_of_words_are_no_second_header():
    text = (
        "<table><tr><th>Boat</th><th colspan=2>Crew</th></tr><tr><td>Skiff</td><td>Ann</td><td>Bo</td></tr>"
        "<tr><td>Yawl</td><td>Cy</td><td>Di</td></tr></table>"
    )
    assert hung(text, "<tr><td>Skiff") == ["<tr><th>Boat</th><th colspan=2>Crew</th></tr>"]


@pytest.mark.parametrize(
    "bit", ["<p><b>A</b></p>", "<dt>a<dd>b\n\n", "<dl><dd>a<p>", "<tr><td colspan=2>a<td>b"]
)
def test_time_is_bounded(bit):
    text = (bit * 30_000)[:30_000]
    start = time.process_time()
    segment(text)
    assert time.process_time() - start < 1.5
