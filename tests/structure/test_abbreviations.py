"""Which words are abbreviations, and of what kind."""

from __future__ import annotations

import pytest

from semtoken_rag.structure.abbreviations import BEFORE_NUMBER, MAY_END, NEVER_LAST, abbreviation
from semtoken_rag.structure.language import KNOWN

LISTED = {
    "never": {
        "de": "Abs. vgl. ca. bzw. z.B. d.h. u.a. Dr. Prof.",
        "en": "approx. e.g. i.e. vs. Dr.",
        "fr": "M. Mme. env.",
        "es": "Sr. Sra.",
        "it": "sig. dott.",
        "pt": "Sr.",
    },
    "number": {
        "de": "Nr. Art. Str. Abb.",
        "en": "Max. tel. No. Fig. Eq. Sec. vol. pp. ed.",
        "fr": "art. p. no.",
        "es": "art. núm. pág.",
        "it": "art. n. pag.",
        "pt": "art. pág.",
    },
    "may": {"de": "Mio. Mrd. usw.", "en": "Inc. Ltd. Jr. etc.", "it": "ecc.", "fr": "etc."},
}


@pytest.mark.parametrize(
    ("kind", "language", "word"),
    [(k, lang, w) for k, listed in LISTED.items() for lang, words in listed.items() for w in words.split()],
)
def test_what_is_listed_is_found_in_any_case(kind: str, language: str, word: str) -> None:
    for written in (word, word.lower(), word.upper()):
        assert abbreviation(written, language) == kind


@pytest.mark.parametrize("word", ["house.", "Haus.", "x", "", ".", "\ud800."])
def test_other_words_are_none(word: str) -> None:
    assert abbreviation(word, "en") == ""


@pytest.mark.parametrize("listed", [NEVER_LAST, BEFORE_NUMBER, MAY_END])
def test_lists_are_of_known_languages_and_in_lower_case(listed: dict[str, str]) -> None:
    assert set(listed) <= KNOWN | {""}
    for words in listed.values():
        assert words == words.lower()
        assert all(word.endswith(".") for word in words.split())
