"""What went wrong in a newcomer's first hour: cuts through answers and dates, answers that go again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from semtoken_rag import SemToken

BESIDE = ("We thank the reviewers for their comments.", "All code is available on request.")
LEASE = """§ 2 Mietzeit
Das Mietverhältnis beginnt am 1. Oktober 2023 und endet am 30. September 2028. Es regnet.
§ 3 Miete
Die Miete beträgt 1.450,00 Euro und ist bis zum 3. Werktag eines Monats zu zahlen."""
HANDBOOK = """# Handbook

| Tier | Monthly price | Seats | Log retention |
| --- | --- | --- | --- |
| Free | 0 | 1 | 1 day |
| Team | 290 | 25 | 14 days |
| Enterprise | 1,900 | unlimited | 90 days |

Prices exclude VAT. Invoices are payable within 30 days.

## Gateway

The gateway does not support WebSocket compression. It listens on port 7443.
The drain timer runs for 45 seconds."""


@pytest.fixture(scope="module")
def engine() -> SemToken:
    return SemToken(encoder="static", on_error="raise")


def texts(engine: SemToken, text: str, question: str, step: int = 1) -> Iterator[str]:
    """Yield what is kept of a text under every budget from 4 tokens on."""
    for most in range(4, engine.counter.count(text) + 1, step):
        yield engine.compress([text], question, max_tokens=most).text


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The tower opened in 1889.", "When did the tower open?", "1889"),
        (
            "This work was funded by the Nordic Council under grant NCC-2207.",
            "Which grant?",
            "NCC-2207",
        ),
        ("Der Mieter leistet eine Kaution von drei Nettokaltmieten.", "Wie hoch ist sie?", "Nettokaltmieten"),
        ("The results for the fiscal year ended December 31, 2019 were audited.", "Which year?", "2019"),
        ("The drain timer runs for 45 seconds before connections are closed.", "How long?", "45 seconds"),
    ],
)
def test_a_sentence_is_not_kept_without_its_answer(engine, sentence, question, answer):
    found = list(texts(engine, f"{BESIDE[0]} {sentence} {BESIDE[1]}", question))
    assert answer in found[-1]
    beginning = sentence[: sentence.index(" ")]
    assert [text for text in found if beginning in text.split() and answer not in text] == []


@pytest.mark.parametrize(
    ("text", "date"),
    [
        (LEASE, "1. Oktober 2023"),
        (LEASE, "30. September 2028"),
        (LEASE, "3. Werktag"),
        ("Am 5. Mai 2021 wurde die Brücke eröffnet. Es regnete.", "5. Mai 2021"),
        ("Die Kosten betragen ca. 3,5 Mio. Euro. Mehr ist nicht bekannt.", "ca. 3,5 Mio. Euro"),
        ("Le 1er mai 2020 la boutique ferme. Il pleut.", "1er mai 2020"),
        ("The shop opens on 3. May 2022 at noon. It rained.", "3. May 2022"),
        ("Umowa wygasa 30. września 2028 r. bez wypowiedzenia. Padało.", "30. września 2028"),
        ("Sopimus päättyy 31. joulukuuta 2025. Satoi vettä.", "31. joulukuuta 2025"),
    ],
)
def test_no_cut_goes_through_a_date_or_an_amount(engine, text, date):
    first, last = date.split()[0], date.split()[-1]
    for kept in texts(engine, text, "When? Wann?", step=2):
        assert date in kept or not {first, last} & set(kept.replace(".", ". ").split())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the monthly price of the Enterprise tier?", "1,900"),
        ("How many days are logs of the Team tier kept?", "14 days"),
        ("How long is the drain timer?", "45 seconds"),
        ("Which port does the gateway listen on?", "7443"),
    ],
)
def test_more_budget_never_loses_an_answer_that_less_had(engine, question, answer):
    has = [answer in text for text in texts(engine, HANDBOOK, question, step=3)]
    assert has[-1]
    assert has == sorted(has)


def test_a_table_is_never_its_header_alone(engine):
    for text in texts(engine, HANDBOOK, "What is the monthly price of the Enterprise tier?", step=3):
        assert text.count("|") == 0 or "1 day" in text or "14 days" in text or "90 days" in text
