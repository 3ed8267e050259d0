"""Abbreviations, ordinals and references do not end a sentence, in any language that is listed."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

TEXTS = {
    "de": (
        "Die Pflicht ergibt sich aus § 8 Abs. 3 Nr. 2 des Gesetzes. Am 14. August 2031 läuft die Frist ab. "
        "Der Verein zahlt bzw. erstattet ca. 3 Mio. Franken, vgl. Anhang 7. Der Platzwart mäht am Freitag.",
        ("§ 8 Abs. 3 Nr. 2", "14. August 2031", "3 Mio. Franken", "vgl. Anhang 7"),
        ("Wann läuft die Frist ab?", "14. August 2031"),
    ),
    "en": (
        "The lot was sold to Dr. E. Moss of St. Albans in Sept. 1931. Max. load is approx. 450 kg, see No. 7 on "
        "the plan. Mr. Vane, i.e. the tenant, pays the rates. The gate is painted each spring.",
        ("Dr. E. Moss", "St. Albans", "Sept. 1931", "approx. 450 kg", "No. 7", "Mr. Vane, i.e. the tenant"),
        ("What is the maximum load?", "approx. 450 kg"),
    ),
    "fr": (
        "Le recours est prévu à l'art. 12 al. 3 de la loi. M. Perrin et Mme. Roux vivent env. 3 km plus loin. Le "
        "bureau, c.-à-d. la mairie, ouvre à 9 h. 30 le lundi. Le jardin est calme.",
        ("art. 12 al. 3", "env. 3 km", "c.-à-d. la mairie"),
        ("Où est prévu le recours ?", "art. 12 al. 3"),
    ),
    "es": (
        "El Sr. Lagos compró la finca núm. 14 de la Avda. del Puerto. La Sra. Ríos vive en la pág. opuesta del plano, "
        "aprox. a 2 km de la costa. El pozo está seco.",
        ("Sr. Lagos", "núm. 14", "Avda. del Puerto", "aprox. a 2 km"),
        ("¿Quién compró la finca?", "Sr. Lagos"),
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_no_sentence_ends_in_an_abbreviation(engine, language):
    text, wholes, (question, answer) = TEXTS[language]
    made = engine.compress([text], question, ratio=0.5)
    sentences = [text[u.start : u.end] for u in made.units]
    for whole in wholes:
        assert any(whole in sentence for sentence in sentences), sentences
    assert answer in made.text


@pytest.mark.parametrize("language", TEXTS)
def test_sentences_still_end_where_they_end(engine, language):
    text, _, (question, _) = TEXTS[language]
    sentences = [text[u.start : u.end] for u in engine.compress([text], question, ratio=0.5).units]
    last = text[text.rstrip(".").rindex(". ") + 2 :]
    assert sentences[-1] == last
    assert len(sentences) >= 3
