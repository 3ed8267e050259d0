"""Which sentences are exceptions to the one before."""

from __future__ import annotations

import time

import pytest

from semtoken_rag.text.limits import Limit, find_limit

LIMITS = """
en|This rule does not apply on Mondays.
en|However, that is not the case for day tickets.
en|Exceptions: the sauna and the steam bath.
en|Guide dogs are exempt.
en|The discount shall not apply to books.
en|Except on public holidays.
en|It is only valid for members.
en|Not on Mondays.
en|Unless the pool is closed.
en|Children are not included.
de|Außer an Feiertagen.
de|Nur für Mitglieder.
de|Mit Ausnahme der Feiertage.
de|Es sei denn.
de|Dies gilt nicht für Gäste unter 16 Jahren.
de|Ausgenommen sind Feiertage.
de|An Feiertagen gilt das nicht.
de|Eine Ausnahme bilden die Ferien.
de|Die Regelung findet keine Anwendung auf Beamte.
fr|Cette règle ne s'applique pas aux mineurs.
fr|Cela ne vaut que pour les adultes.
fr|Sauf le lundi.
fr|Le tarif réduit ne s'applique pas.
fr|Les jours fériés sont exclus.
es|Esto no se aplica a los menores.
es|Salvo los domingos.
es|Se exceptúan los domingos.
es|La única excepción son los festivos.
it|Ciò non vale per i minori.
it|Tranne il lunedì.
it|Ad eccezione dei festivi.
it|Fanno eccezione i giorni festivi.
it|Sono esclusi i cani.
pt|Isto não se aplica aos menores.
pt|Exceto aos domingos.
pt|Ficam excluídos os feriados.
pt|A única exceção é a sauna.
nl|Behalve op maandag.
nl|Dit geldt niet voor kinderen.
sv|Detta gäller inte barn.
ru|Это не распространяется на детей.
zh|但星期一除外。
zh|上述规定不适用于学生。
zh|节假日除外。
ja|ただし、月曜日は除く。
ja|この規定は学生には適用されません。
ja|月曜日は対象外です。
ja|月曜日はこの限りではない。
ko|월요일은 제외됩니다.
ko|다만, 월요일은 제외한다.
ar|يستثنى من ذلك أيام العطل.
"""
OTHERS = """
This does not mean he was rich.
It does not matter to the town.
She did not apply for the post.
He was excluded from the school in 1890.
Only in 1980 did he return to the town of his birth.
He said that the law would not apply to him.
Das ist nicht wahr.
Er ist nicht in der Stadt geboren.
Dies bedeutet nicht, dass er reich war.
Cela ne veut pas dire qu'il était riche.
Ce n'est pas un poème.
Esto no significa que fuera rico.
Ciò non significa che fosse ricco.
Isto não significa que fosse rico.
但他没有去北京。
彼は学生ではない。
客は泳池をいつでも利用でき、入場は無料である、月曜日を除く。
회원은 언제든지 수영할 수 있으며, 월요일은 제외됩니다.
""".strip().split("\n")


@pytest.mark.parametrize("line", LIMITS.strip().split("\n"))
def test_a_sentence_that_takes_something_from_the_one_before_limits_it(line):
    assert find_limit(line.split("|")[1]) is not None


@pytest.mark.parametrize("sentence", OTHERS)
def test_a_negation_alone_is_no_limit(sentence):
    assert find_limit(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("(2) Paragraph 1 does not apply to guests.", "1"),
        ("Section 4.2 shall not apply in winter.", "4.2"),
        ("(3) Abs. 2 gilt nicht für Aushilfen.", "2"),
        ("Le paragraphe 3 ne s'applique pas aux mineurs.", "3"),
        ("El apartado 1 no se aplicará a los menores.", "1"),
        ("第二款不适用于外国人。", "2"),
        ("前款规定不适用于外国人。", ""),
    ],
)
def test_a_limit_names_the_paragraph_that_it_limits(sentence, number):
    assert find_limit(sentence) == (True, number)


@pytest.mark.parametrize(
    "part", ["this a ", "(1) ", "a, ", "except on ", "但", "die der ", "paragraph 1 and ", "-"]
)
def test_a_long_sentence_takes_no_time(part):
    start = time.process_time()
    find_limit(part * (30_000 // len(part)))
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    "sentence",
    [
        "This applies to the old town only.",
        "This offer is for pensioners only.",
        "These seats are reserved for nurses.",
        "That is limited to two boats a day.",
        "Dies ist auf zwei Boote am Tag beschränkt.",
        "Diese Plätze sind Pflegern vorbehalten.",
        "Cette remise est réservée aux marins.",
        "Este descuento está limitado a dos barcas.",
        "Questo sconto è riservato ai marinai.",
    ],
)
def test_what_is_for_some_only_limits(sentence):
    assert find_limit(sentence) == Limit(strict=True)


@pytest.mark.parametrize(
    "sentence",
    [
        "The house is limited to the north by a hill.",
        "It is for sale.",
        "Only ten came.",
        "This page is for general information only.",
        "This website is for educational use only.",
        "These guides are for beginners only.",
    ],
)
def test_what_is_said_of_a_thing_is_no_limit(sentence):
    assert find_limit(sentence) is None
