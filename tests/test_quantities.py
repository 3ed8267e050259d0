"""Numbers, units and dates: one value for each, in whatever form it is written."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.support.quantities import headed, quantities
from semtoken_rag.text.plain import plain


def needs(text: str, unit_above: str = "") -> list[str]:
    return [key for q in quantities(plain(text), headed(unit_above)) for key in q.needs]


def offers(text: str, unit_above: str = "") -> set[str]:
    return {key for q in quantities(plain(text), headed(unit_above)) for key in q.offers}


@pytest.mark.parametrize(
    "forms",
    [
        ("1,234,567", "1.234.567", "1 234 567", "1\u202f234 567", "1’234’567", "12,34,567", "１２３４５６７"),
        ("1889", "١٨٨٩", "๑๘๘๙", "१८८९"),
        ("5 km", "5km", "5-km", "5\u00a0km", "5 kilometres", "5 kilometers", "5.0 km"),
        ("5 %", "5%", "5 percent", "5 per cent", "5 Prozent"),
        ("$5", "5 dollars", "5 US dollars", "USD 5", "US$5", "$5.00"),
        ("€5 million", "5 Mio. EUR", "5 million euros", "€5m", "5.000.000 €", "5 Millionen Euro"),
        ("5亿元", "500000000元", "5億元"),
        ("-5 °C", "−5 °C", "–5℃", "minus 5 degrees Celsius"),
        ("5 km/h", "5km/h", "5 kilometres per hour", "5 km per hour"),
        ("3 May 2021", "May 3, 2021", "2021-05-03", "3. Mai 2021", "03.05.2021", "2021年5月3日"),
        ("5 m", "5m", "5 metres"),
        ("$5k", "5,000 dollars", "$5 thousand"),
        ("5 pm", "5 p.m.", "5 PM"),
        ("40 EUR per month", "€40/month", "40 euros a month"),
        ("five hours", "5 hours", "5h"),
    ],
    ids=lambda forms: forms[0],
)  # fmt: skip
def test_forms_of_one_value_are_equal(forms: tuple[str, ...]):
    assert {tuple(needs(form)) for form in forms} == {tuple(needs(forms[0]))}
    assert needs(forms[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 km", "5 m"),
        ("5 million", "5 billion"),
        ("-5", "5"),
        ("5", "-5"),
        ("5 %", "5"),
        ("$5", "5 EUR"),
        ("5 MB", "5 Mb"),
        ("5 GB", "5 GiB"),
        ("5 hours", "5 minutes"),
        ("5 am", "5 pm"),
        ("5 m²", "5 m"),
        ("10⁵", "105"),
        ("3.10", "3.1"),
        ("40 EUR per month", "40 EUR per year"),
        ("3 May", "3 June"),
        ("2021-05-03", "2021-05-04"),
        ("5/3", "3 May"),
        ("100000000000000000000000000000000001 kg", "100000000000000000000000000000000002 kg"),
    ],
)
def test_other_values_do_not_offer_it(one: str, other: str):
    assert needs(one) != needs(other)
    assert not needs(one) or not offers(other) >= set(needs(one))


@pytest.mark.parametrize(
    ("wanted", "there", "above"),
    [
        ("5", "5 km", ""),
        ("40 EUR", "40 EUR a month", ""),
        ("2021", "2021-05-03", ""),
        ("May 2021", "3 May 2021", ""),
        ("5 km", "5-10 km", ""),
        ("5 April 2021", "04/05/2021", ""),
        ("4 May 2021", "04/05/2021", ""),
        ("345", "12 345 678", ""),
        ("€1,900", "1,900", "Price (EUR)"),
        ("5.2 million euros", "5.2", "Sales (in millions of EUR)"),
    ],
)
def test_what_a_form_says_too(wanted: str, there: str, above: str):
    assert offers(there, above) >= set(needs(wanted))


@pytest.mark.parametrize("text", ["0x20", "version 3.1.2.", "May I set it?", "set, out, ago"])
def test_what_is_no_quantity_has_no_unit_or_month(text: str):
    assert not [key for key in needs(text) if " " in key or key.startswith("--")]


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="15 .,-/'$€km%MayIn万年²½٣", max_size=30))
def test_any_text_has_its_quantities_in_order(text: str):
    text = plain(text)
    assert plain(text) == text
    found = [*quantities(text)]
    assert all(q.needs and text[q.start : q.end] for q in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
