"""XML: records are units with all their fields, below the elements around them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from semtoken_rag.stages.segment import segment
from semtoken_rag.structure.sentences import split_sentences
from semtoken_rag.structure.xml_text import parse_xml
from tests.support.segments import NEGATIVES, chain, check, texts

BITS = (
    "<a>", "</a>", "<b>x</b>", "<c/>", "<a><b>", "<?xml?>", "<!-- r -->", "<r><s>1</s></r>", "</r>",
    "<r k='v'>", "<!DOCTYPE a>", "<![CDATA[<q>]]>", "\n",
)  # fmt: skip


def parsed(text: str):
    segments = parse_xml(text)
    assert segments is not None
    check(text, segments)
    return segments


@pytest.mark.parametrize(
    ("root", "records"),
    [
        (
            "<boats>",
            ["<boat><name>Yawl</name><fee>4</fee></boat>", "<boat><name>Brig</name><fee>9</fee></boat>"],
        ),
        (
            "<Preise währung='Taler'>",
            [
                "<Posten>\n  <Name>Jolle</Name>\n  <Preis>4</Preis>\n</Posten>",
                "<Posten>\n  <Name>Brigg</Name>\n  <Preis>9</Preis>\n</Posten>",
            ],
        ),
        (
            "<ships>",
            ["<ship><name>小艇</name><fee>4</fee></ship>", "<ship><name>帆船</name><fee>9</fee></ship>"],
        ),
        ("<tarifs>", ["<tarif nom='Canot' prix='4'/>", "<tarif nom='Cotre' prix='9'/>", "<note>net</note>"]),
        ("<feed>", ["<entry><title>Ebb</title><link ref='a'/></entry>", "<entry><title>Sea</title></entry>"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0"?>\n'])
@pytest.mark.parametrize("blank", ["", "\n", "\n  "])
def test_a_record_is_one_unit(root, records, declared, blank):
    name = root.strip("<>").split()[0]
    text = declared + blank.join([root, *records]) + f"{blank}</{name}>\n"
    segments = parsed(text)
    assert [chain(text, segments, record) for record in records] == [[record, root] for record in records]
    assert segment(text) == segments


def test_a_larger_element_is_named_by_its_first_fields():
    tiers = (
        "<tiers><tier><users>5</users><fee>3</fee></tier><tier><users>8</users><fee>6</fee></tier></tiers>"
    )
    text = (
        f"<plans><plan id='1'><name>Basic</name>{tiers}</plan>"
        f"<!-- no longer sold -->\n<plan id='2'><name>Pro</name>{tiers.replace('6', '9')}</plan></plans>"
    )
    segments = parsed(text)
    assert chain(text, segments, "<tier><users>5</users><fee>3")[1:] == [
        "<tiers>",
        "<plan id='1'><name>Basic</name>",
        "<plans>",
    ]
    assert chain(text, segments, "<tier><users>8</users><fee>9")[2] == (
        "<!-- no longer sold -->\n<plan id='2'><name>Pro</name>"
    )


def test_a_long_text_is_cut_into_sentences():
    story = "The dam was built in spring. It holds the river. " * 20
    text = f"<news><item><title>Dam</title><body>{story}</body></item><item><title>Sea</title></item></news>"
    segments = parse_xml(text, lambda t, a, b: split_sentences(t, a, b, "en"))
    assert segments is not None
    check(text, segments)
    assert chain(text, segments, "It holds")[1:] == ["<body>", "<item><title>Dam</title>", "<news>"]


def test_a_text_that_is_cut_off_and_one_that_begins_inside():
    text = "<items><item><name>Yawl</name><fee>4</fee></item><item><name>Brig</name>"
    assert chain(text, parsed(text), "<item><name>Yawl")[1:] == ["<items>"]
    text = "<item><name>Yawl</name><fee>4</fee></item>\n<item><name>Brig</name><fee>9</fee></item></items>"
    assert [s.kind for s in parsed(text)] == ["row", "row"]


@pytest.mark.parametrize(
    "text",
    [
        *NEGATIVES.values(),
        "<p>One <b>two</b> <i>three</i></p>",
        "<html><head><title>a</title></head><body><main>b</main></body></html>",
        "<div><x-card><x-name>a</x-name></x-card></div>",
        "If <a> then <b> and <c>",
        "<note>It rained.</note>",
        "<thought>It <sure>may</sure> be</thought> so <it>is</it>",
    ],
)
def test_other_texts_are_no_xml(text):
    assert parse_xml(text) is None


@settings(max_examples=150, deadline=None)
@given(text=texts(BITS))
def test_any_text_keeps_the_contract(text):
    if (segments := parse_xml(text)) is not None:
        check(text, segments)


@pytest.mark.parametrize(
    "bit",
    ["<a><b>", "<a><b>x</b></a>", "<a/>", "<a></b>", "<!-- a -->", "</a>", "<a b='", "<a><b><c>1</c></b>"],
)
def test_time_is_bounded(bit):
    text = "<r>" + (bit * 30_000)[:30_000] + "</r>"
    start = time.process_time()
    segment(text)
    assert time.process_time() - start < 1.5
