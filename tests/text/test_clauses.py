"""Where a sentence may be cut, and that no run of parts says what the sentence does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.text.atoms import atoms
from semtoken_rag.text.clauses import LEAST_CHARACTERS, LEAST_WORDS, clause_borders, clauses
from semtoken_rag.text.governing import EXCEPTIONS, GOVERNORS, NEGATIONS, excepting, governing

EIGHT = {"en", "de", "fr", "es", "it", "pt", "zh", "ja"}


def runs(text: str, language: str = "") -> set[str]:
    """Every run of parts that may be kept."""
    made = clauses(text, 0, len(text), language)
    return {
        text[made.spans[i][0] : made.spans[j][1]]
        for i in range(len(made.spans))
        for j in range(i, len(made.spans))
        if made.may_start[i] and made.may_end[j]
    }


def parts(text: str) -> list[str]:
    return [text[a:b] for a, b in clauses(text, 0, len(text)).spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The bridge is wide, the road is steep; the view is fine.",
         ["The bridge is wide,", "the road is steep;", "the view is fine."]),
        ("It has a dome (built in 1820) and two towers of stone.",
         ["It has a dome", "(built in 1820)", "and two towers of stone."]),
        ("The pump moves 12.5 m³/h, it weighs 1,200 kg in all.",
         ["The pump moves 12.5 m³/h,", "it weighs 1,200 kg in all."]),
        ("He came late — she had left — and it was cold outside.",
         ["He came late —", "she had left —", "and it was cold outside."]),
        ("Die Brücke ist breit, die Straße ist steil.", ["Die Brücke ist breit,", "die Straße ist steil."]),
        ("Le pont est large, la route est raide.", ["Le pont est large,", "la route est raide."]),
        ("桥面十分宽阔，道路有些陡峭。", ["桥面十分宽阔，", "道路有些陡峭。"]),
        ("橋はとても広く、道はとても急だ。", ["橋はとても広く、", "道はとても急だ。"]),
        ("Yes, it is so.", ["Yes, it is so."]),
        ("We sell pears, plums, figs and nuts.", ["We sell pears,", "plums, figs and nuts."]),
        ('He said "a fine, wide road" and left, as they all did.',
         ['He said "a fine, wide road" and left,', "as they all did."]),
        ("Read [the first, long part](a.md), then the second one.",
         ["Read [the first, long part](a.md),", "then the second one."]),
        ("He lived in Ulm (a town on the river, with a tall church) for many years.",
         ["He lived in Ulm", "(a town on the river, with a tall church)", "for many years."]),
        ("It opens on May 3, 2024, and closes in the autumn.", ["It opens on May 3, 2024,",
        "and closes in the autumn."]),
        ("All may enter at once, except dogs and cats.", ["All may enter at once, except dogs and cats."]),
        ("All may enter at once (unless it is full) and may stay.",
        ["All may enter at once (unless it is full)", "and may stay."]),
    ],
)  # fmt: skip
def test_parts(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


RULES = [
    ("en", "Members may use the boats on every day, with no fee at all, except in the winter months."),
    ("en", "The bond is paid back in full, within thirty days of the end, unless rent is owed."),
    ("en", "Repairs are free of charge, for the first owner of the car, only if the seal is whole."),
    ("en", "The firm pays for the loss, up to the sum agreed upon, provided that it was told at once."),
    ("en", "The hall is open to all guests, on each day of the week, but not in August."),
    ("de", "Gäste dürfen den Garten nutzen, auch am späten Abend, außer an Feiertagen."),
    ("de", "Die Kaution wird ausgezahlt, und zwar in voller Höhe, sofern keine Schäden bestehen."),
    (
        "de",
        "Der Mieter trägt die Kosten, auch die der Heizung, es sei denn, der Vermieter hat sie verursacht.",
    ),
    ("fr", "Les clients ont accès au jardin, à toute heure du jour, sauf le lundi matin."),
    ("fr", "La caution est rendue au locataire, dans un délai d'un mois, à moins que le loyer soit dû."),
    ("es", "Los socios pueden usar la sala, a cualquier hora del día, salvo los lunes."),
    ("es", "La fianza se devuelve al inquilino, en el plazo de un mes, a menos que deba la renta."),
    ("it", "I soci possono usare la sala, a ogni ora del giorno, tranne il lunedì mattina."),
    ("it", "La cauzione viene resa all'inquilino, entro un mese dalla fine, a meno che debba il canone."),
    ("pt", "Os membros podem usar a sala, a qualquer hora do dia, exceto às segundas."),
    ("pt", "A caução é devolvida ao inquilino, dentro de um mês, a não ser que deva a renda."),
    ("zh", "会员可以使用泳池设施，全天二十四小时均可，节假日除外。"),
    ("zh", "押金将在三十日内退还，并且全额支付给租户，除非房屋有损坏。"),
    ("ja", "会員はプールを利用できます、毎日朝から晩まで可能です、月曜日を除く。"),
    ("ja", "敷金は三十日以内に返却します、全額をお支払いします、ただし損害があるときは別です。"),
]


@pytest.mark.parametrize(("language", "text"), RULES)
@pytest.mark.parametrize("known", [True, False])
def test_no_rule_without_its_exception(language: str, text: str, known: bool) -> None:
    for run in runs(text, language if known else ""):
        assert run.endswith(text[-3:])


DENIALS = [
    (
        "en",
        "Neither the owner of the house, nor the tenant of the flat, is liable for the loss.",
        "is liable",
    ),
    ("en", "It is not true that the mill was sold, and that the dam was closed.", "and that"),
    ("en", "No guest of the hotel, whether young or old, shall swim after nine.", "shall swim"),
    ("en", "The firm denied that it had paid, and that the mayor had known.", "and that"),
    ("en", "She claims that the well is dry, and the pump is broken.", "and the pump"),
    ("en", "Only the members of the club, and the guests they bring, may sail.", "may sail"),
    ("en", "If the seal has been broken, the maker pays for the repair.", "the maker"),
    ("en", "When the red lamp is on, the door may be opened.", "the door"),
    ("en", "The plan doesn't cover the cost of glass, the loss of keys, or theft.", "the loss"),
    ("de", "Weder der Halter des Hundes, noch der Verein der Züchter, haftet für den Schaden.", "haftet für"),
    (
        "de",
        "Der Mieter haftet für den Lärm, für den Schmutz im Hof, und für Frost nicht.",
        "Der Mieter haftet für den Lärm,",
    ),
    ("de", "Wenn das Siegel gebrochen ist, zahlt der Kunde die Reparatur.", "zahlt der"),
    ("de", "Kein Gast des Hauses, ob jung oder alt, darf hier baden.", "darf hier"),
    ("fr", "Ni le propriétaire de la maison, ni le locataire du bas, paie la taxe.", "paie la"),
    ("fr", "Si le sceau est rompu, le client paie la réparation.", "le client"),
    ("es", "Ni el dueño de la casa, ni el inquilino del piso, paga la tasa.", "paga la"),
    ("it", "Né il padrone di casa, né l'inquilino del piano, paga la tassa.", "paga la"),
    ("pt", "Nem o dono da casa, nem o inquilino do piso, paga a taxa.", "paga a"),
    ("zh", "本公司不承担运输费用，安装和维修的费用，以及其他各种费用。", "以及"),
    ("zh", "如果封条已经被破坏，维修费用由公司承担。", "维修"),
    ("ja", "封印が破られた場合は、修理費用は会社が負担します。", "修理"),
]


@pytest.mark.parametrize(("language", "text", "start"), DENIALS)
@pytest.mark.parametrize("known", [True, False])
def test_nothing_begins_behind_what_governs_it(language: str, text: str, start: str, known: bool) -> None:
    found = runs(text, language if known else "")
    assert text in found
    assert not any(run != text and run.startswith(start) for run in found)


def test_nothing_ends_before_a_verb_that_is_denied() -> None:
    text = "会社は運送の費用を負担し、取付けの費用を負担し、修理の費用は負担しません。"
    assert all(run.endswith("。") for run in runs(text, "ja"))
    text = "Der Mieter haftet für Schäden am Dach, für Schäden am Zaun, und für Schäden am Tor nicht."
    assert all(run.endswith("nicht.") for run in runs(text))


def test_nothing_ends_before_who_says_it() -> None:
    assert all(run.endswith("claims.") for run in runs("The dam is safe and sound, the company claims."))


@pytest.mark.parametrize("label", ["Boris:", "Mrs. Lund:", "Harbour plan:", "王芳："])
def test_nothing_is_cut_off_from_the_label_that_it_begins_with(label: str) -> None:
    text = "The pool is open to all guests, and it is heated at night."
    assert "and it is heated at night." in runs(text)
    assert all(run.startswith(label) for run in runs(f"{label} {text}"))


def test_nothing_ends_with_a_colon() -> None:
    assert not any(
        run.endswith(":")
        for run in runs("The plan covers three things: fire in the barn, and hail on the field.")
    )


def test_plain_sentences_have_all_their_runs() -> None:
    text = "The dam is old, the mill is new, the road is wide."
    assert len(runs(text)) == 6


def test_a_clause_of_its_own_behind_a_semicolon_is_free() -> None:
    text = "If the seal is broken, you must pay; the shop is open on each day of the week."
    assert "the shop is open on each day of the week." in runs(text)
    text = "We do not pay for: damage by fire; the water that is in the house."
    assert runs(text) == {text} or all(run.startswith("We do not") for run in runs(text))


def test_a_known_language_spares_its_harmless_words() -> None:
    text = "O barco chega no verão ao porto, parte no outono, e fica no rio."
    assert len(runs(text, "pt")) > len(runs(text))


@pytest.mark.parametrize("lists", [EXCEPTIONS, NEGATIONS, GOVERNORS])
def test_eight_languages_have_words(lists: dict[str, str]) -> None:
    assert set(lists) >= EIGHT
    for listed in lists.values():
        for phrase in listed.split(", "):
            written = phrase.strip().replace("*", "")
            assert written == written.lower()
            assert governing().search(written) or "*" in phrase


@pytest.mark.parametrize("language", sorted(EIGHT))
def test_each_exception_is_found_with_and_without_its_language(language: str) -> None:
    for phrase in EXCEPTIONS[language].split(", "):
        sentence = f"x {phrase.strip().replace('*', '')} y"
        assert excepting(language).search(sentence)
        assert excepting().search(sentence)


WORDS = [
    "one two three",
    ", ",
    "; ",
    " (",
    ") ",
    "not",
    "except",
    "12.5 kg",
    "“a, b”",
    "，",
    "不",
    "字字字字字字字",
    " – ",
    ": ",
]
TEXTS = st.lists(st.sampled_from([*WORDS, "\ud800", "\x00", "İ", " ", "https://a.b/c,d"])).map("".join)


@given(TEXTS | st.text(st.characters(codec=None)))
def test_parts_are_in_order_and_no_atom_is_broken(text: str) -> None:
    made = clauses(text, 0, len(text))
    assert len(made.spans) == len(made.may_start) == len(made.may_end)
    assert made.may_start[0]
    assert made.may_end[-1]
    at = 0
    for start, end in made.spans:
        assert at <= start <= end
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()
    borders = clause_borders(text, 0, len(text))
    assert not [1 for border in borders for a, b in atoms(text, 0, len(text)) if a < border < b]


@given(TEXTS)
def test_no_part_is_tiny(text: str) -> None:
    made = clauses(text, 0, len(text))
    for start, end in made.spans if len(made.spans) > 1 else ():
        part = text[start:end]
        assert len(part.split()) >= LEAST_WORDS or len(part) >= LEAST_CHARACTERS


@pytest.mark.parametrize(
    "bit", ["a b c, ", "not a b, ", "(", "a; the b is c ", "一二三四五六，", "if ", "x", ", "]
)
def test_a_megabyte_of_anything_has_its_parts(bit: str) -> None:
    text = bit * (500_000 // len(bit))
    assert clauses(text, 0, len(text)).spans


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("The kiosk sells all sorts of tea, but not mint, sage or lime.", "but not mint,"),
        ("We deliver to every island other than Sark, Herm, Lihou and Brecqhou.", "other than Sark, Herm,"),
        (
            "Guests may borrow a bicycle if they leave a passport, a deposit of 40 pounds and a number.",
            "a passport,",
        ),
        ("The fee is at most 2 percent; provided, however, that widows pay nothing at all.", "however,"),
        ("Alle Hunde des Ortes sind frei, ausgenommen Doggen, Mastiffs und Terrier.", "ausgenommen Doggen,"),
        ("Le bac prend toutes les voitures, sauf les cars, les camions et les caravanes.", "sauf les cars,"),
        (
            "La tasa incluye todo el equipo, salvo que se pierdan las botas, los cascos o las cuerdas.",
            "botas,",
        ),
        ("Il battello porta tutti, tranne le moto, i carri e le greggi.", "tranne le moto,"),
        ("O bilhete vale em todas as linhas, exceto a linha azul, a linha verde e o funicular.", "azul,"),
    ],
)
def test_what_an_exception_lists_is_whole(text, broken):
    assert not any(run.endswith(broken) for run in runs(text))


def test_a_clause_behind_an_exception_may_be_left_out():
    text = "The pool is open except on Mondays, the sauna is open at any hour of the day."
    assert "The pool is open except on Mondays," in runs(text)
