"""What a sentence of an answer rests on: names and numbers, not a run of common words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, SemToken
from semtoken_rag.support import Passage, SupportedSentence, support

SOURCES = {
    "Morwen lighthouse": (
        "The Morwen lighthouse stands on a rock. It was built between 1871 and 1875. Its engineer was Ada "
        "Brannock, who had never built at sea before. Entrance costs 1,900 crowns."
    ),
    "Ada Brannock": "She was born in Tolverne in 1838. She died in 1909 and left her house to the town.",
    "Notes": ("It is under the third oak behind the church. Set `co_flags` to 0x20. 塔は1889年に開業した。"),
}
QUESTION = "In which town was the engineer of the Morwen lighthouse born?"


def ask(answer: str, question: str = QUESTION) -> list[SupportedSentence]:
    return support(answer, [Passage(t, text, 0, len(text), t) for t, text in SOURCES.items()], question)


def cited(answer: str, question: str = QUESTION) -> list[str]:
    return [SOURCES[name][start:end] for s in ask(answer, question) for name, start, end in s.sources]


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("The engineer of the Morwen lighthouse was born in Tolverne.", "was born in Tolverne"),
        ("Tolverne", "She was born in Tolverne in 1838."),
        ("1838.", "She was born in Tolverne in 1838."),
        ("It costs 1900 crowns.", "Entrance costs 1,900 crowns."),
        ("under the third oak", "under the third oak"),
        ("According to the text, it was built between 1871 and 1875.", "It was built between 1871 and 1875"),
        ("Ada Brannock was born in Tolverne.", "She was born in Tolverne in 1838."),
        ("塔は1889年に開業した。", "塔は1889年に開業した"),
    ],
)
def test_a_source_with_its_names_and_numbers_supports_it(answer: str, source: str):
    assert cited(answer) == [source]


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("The engineer of the Morwen lighthouse was born in the town of Morwen.", ()),  # only what was asked
        ("Tolverne, France.", ("France",)),
        ("It costs 190 crowns.", ("190",)),
        ("She was born in 1875.", ()),  # another year's sentence
        ("Ada Brannock was born in 1909 in Tolverne.", ()),  # a place and a year of two sentences
        ("in the old keeper's grave", ()),
        ("Use `co_names`.", ("Use", "co_names")),
        ("...", ()),
    ],
)
def test_words_in_common_alone_support_nothing(answer: str, missing: tuple[str, ...]):
    (sentence,) = ask(answer)
    assert not sentence.supported
    assert sentence.missing == missing


def test_an_empty_answer_has_no_sentence():
    assert ask("") == []


TABLE = "Sales (in millions of EUR)\n\n| Year | Sales |\n|---|---|\n| 2021 | 5.2 |\n| 2022 | 6 |\n"


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("Unfortunately it closed in 1889.", "It closed in 1889."),
        ("Located in Paris, it opened in 1889.", "It opened in 1889 in Paris."),
        ("Tower and bridge opened in 1889.", "The tower and the bridge opened in 1889."),
        ("Das Gebäude wurde 1889 eröffnet.", "Der Turm wurde 1889 eröffnet."),
        ("It is Paris’s tower.", "It is the tower of Paris."),
        ("It is O’Brien’s.", "It was O'Brien."),
        ("Jean\u2011Paul did it.", "Jean-Paul did it."),
        ("The cafe\u0301 Ade\u0301le opened in 1889.", "The caf\u00e9 Ad\u00e9le opened in 1889."),
        ("The \uff34ower.", "The Tower stands."),
        ("So\u00adft Paris.", "Soft Paris."),
        ("U.S. exports rose 5 %.", "US exports rose 5 %."),
        ("1. Paris", "Paris and Lyon are cities."),
        ("3. Mai 2021", "Am 3.5.2021."),
        ("Between 1871 and 1875.", "It was built 1871–1875."),
        ("Dr. Brannock died in 1909.", "Ada Brannock died in 1909."),
        ("There are three oaks.", "There are 3 oaks."),
        ("利润为5亿元。", "利润为500000000元。"),
        ("หอคอยเปิด", "วันนี้หอคอยเปิดแล้ว"),
        ("افتتح في ١٨٨٩", "افتتح في 1889"),
        ("Sales in 2021 were 5.2 million euros.", TABLE),
    ],
)
def test_other_forms_of_the_same_are_supported(answer: str, source: str):
    assert support(answer, [Passage("a", source, 0, len(source))])[0].supported


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("The road is 5 km long.", "The road is 5 m long."),
        ("Italy is where it opened in 1889.", "It opened in 1889 in France."),
        ("Paris, however, opened in 1889.", "It opened in 1889."),
        ("Sie wurde in Paris geboren.", "Sie wurde in Tolverne geboren."),
        ("Julian built it.", "Julia built it."),
        ("Mail ada@sea.org.", "Mail bob@sea.org."),
        ("利润为5亿元。", "利润为5万元。"),
        ("หอคอยปิด", "วันนี้หอคอยเปิดแล้ว"),
        ("Sales in 2021 were 6 million euros.", TABLE),
        ("Sales in 2021 were 5.2 billion euros.", TABLE),
    ],
)
def test_others_are_not(answer: str, source: str):
    assert not support(answer, [Passage("a", source, 0, len(source))])[0].supported


def test_time_is_linear_in_answer_and_sources():
    def seconds(n: int) -> float:
        text = "".join(f"In Paris it was the {i % 9} of the {i % 500} towers. " for i in range(n))
        start = time.process_time()
        assert all(s.supported for s in support(text, [Passage("a", text, 0, len(text))]))
        return time.process_time() - start

    assert seconds(1200) < 7 * min(seconds(300) for _ in range(3))  # sixteenfold if it were quadratic


def test_a_name_of_the_question_that_no_source_has_is_missing():
    (sentence,) = ask("Port 0x20 is the port of PostgreSQL.", "On which port does PostgreSQL listen?")
    assert sentence.missing == ("PostgreSQL",)


def test_each_sentence_is_judged_by_itself():
    first, second = ask("Ada Brannock was the engineer. She was born in Paris.")
    assert (first.supported, second.supported, second.missing) == (True, False, ("Paris",))


def test_a_context_supports_by_what_it_kept_alone():
    chunks = [Chunk("The tower opened in 1889. It rained in Lyon.", id="a", title="Tower")]
    context = SemToken(encoder="static").compress(chunks, "When did the tower open?", max_tokens=8)
    assert context.support("It opened in 1889.")[0].sources == (("a", 10, 24),)
    assert context.support("It rained in Lyon.")[0].missing == ("Lyon",)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            [
                "Tolverne. ",
                "1838",
                "\n\n",
                " ",
                "塔",
                "born in ",
                "_",
                "'s",
                "😀",
                "1. ",
                "-5 km",
                "May ",
                "ที่",
                "½",
            ]
        )
    ).map("".join)
)
def test_sentences_are_the_answer_and_places_slice_their_source(answer: str):
    found = ask(answer)
    assert "".join(s.text for s in found) == answer
    assert all(SOURCES[name][start:end].strip() for s in found for name, start, end in s.sources)
