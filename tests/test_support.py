"""What a sentence of an answer rests on: names and numbers, not a run of common words."""

from __future__ import annotations

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
        ("", ()),
        ("...", ()),
    ],
)
def test_words_in_common_alone_support_nothing(answer: str, missing: tuple[str, ...]):
    (sentence,) = ask(answer)
    assert not sentence.supported
    assert sentence.missing == missing


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
    st.lists(st.sampled_from(["Tolverne. ", "1838", "\n\n", " ", "塔", "born in ", "_", "'s", "😀"])).map(
        "".join
    )
)
def test_sentences_are_the_answer_and_places_slice_their_source(answer: str):
    found = ask(answer)
    assert "".join(s.text for s in found) == answer
    assert all(SOURCES[name][start:end].strip() for s in found for name, start, end in s.sources)
