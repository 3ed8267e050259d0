"""What hangs on what without a notation: exceptions, answers, fields of a sheet and notes."""

from __future__ import annotations

import time

import pytest

from semtoken_rag.stages.segment import segment
from semtoken_rag.types import HEADS


def hung(text: str) -> dict[str, tuple[str, str]]:
    """Kind of each unit, and the text that it hangs on."""
    made = segment(text)
    said = [text[s.start : s.end] for s in made]
    return {
        part: (s.kind, said[s.parent] if s.parent >= 0 else "") for part, s in zip(said, made, strict=True)
    }


EXCEPTIONS = [
    ("Tout véhicule paie le péage.", "Les ambulances échappent à cette règle."),
    ("入住时须付押金。", "会员不在此列。"),
    ("Every ticket includes a drink.", "Day tickets are excluded."),
    ("Dogs may enter the garden.", "This does not apply in May."),
    ("Der Eintritt ist frei.", "Dies gilt nicht für Gruppen."),
    ("L'entrée est libre.", "Cela ne vaut pas le dimanche."),
    ("La entrada es gratuita.", "Esto no se aplica a los grupos."),
    ("L'ingresso è libero.", "Ciò non vale per i gruppi."),
    ("A entrada é livre.", "Isto não se aplica aos grupos."),
    ("门票免费。", "但节假日除外。"),
    ("入場は無料です。", "ただし、祝日は除きます。"),
]


@pytest.mark.parametrize(("rule", "exception"), EXCEPTIONS)
@pytest.mark.parametrize("between", [" ", "\n", "\n\n"])
def test_an_exception_limits_the_sentence_before(rule, exception, between):
    if exception.startswith("Day") and between == "\n\n":
        pytest.skip("without a pronoun, it stands beside the sentence")
    made = hung(f"The house is old.\n\n{rule}{between}{exception}\n\nIt has a garden.")
    assert made[exception] == ("limit", rule)
    assert made[rule][1] == ""


def test_an_exception_limits_the_paragraph_that_it_names():
    text = "§ 4 Hours\n\n(1) Members may swim.\n\n(2) The pool is warm."
    text += "\n\n(3) Paragraph 1 does not apply to guests."
    made = hung(text)
    assert made["(3) Paragraph 1 does not apply to guests."] == ("limit", "(1) Members may swim.")
    assert hung(text.replace("Paragraph 1", "Absatz 2").replace("does not apply to", "gilt nicht für"))[
        "(3) Absatz 2 gilt nicht für guests."
    ] == ("limit", "(2) The pool is warm.")


def test_an_exception_behind_a_list_limits_all_of_it():
    made = hung("Members may:\n- swim\n- row\n\nThis does not apply on Mondays.")
    assert made["This does not apply on Mondays."] == ("limit", "Members may:")
    assert made["- row"] == ("item", "Members may:")


def test_the_items_of_a_list_of_exceptions_are_kept_together():
    made = hung("Members may swim. Exceptions:\n- Mondays\n- holidays")
    assert made["Exceptions:"] == ("limit", "Members may swim.")
    assert made["- Mondays"] == made["- holidays"] == ("limit", "Exceptions:")


def test_what_another_person_says_keeps_its_label():
    made = hung(
        "Ann: Members may swim, you know.\nBob: This does not apply on Mondays.\nAnn: I see, thank you."
    )
    assert made["This does not apply on Mondays."] == ("sentence", "Bob:")


@pytest.mark.parametrize(
    "text",
    [
        "His father owned a mill. This does not mean he was rich.",
        "Who may swim? This does not apply on Mondays.",
        "Er kam aus Bonn. Das ist nicht sicher.",
        "Il vivait à Lyon. Ce n'est pas un poème.",
        "他住在上海。但他没有去北京。",
        "The school was closed in 1890. Girls had been excluded from it.",
    ],
)
def test_prose_stays_as_it_is(text):
    assert all((kind, parent) == ("sentence", "") for kind, parent in hung(text).values())


FAQS = [
    (
        "What does it cost?\n\nTen euros.\n\nHow long is it valid?\n\nTwo days.",
        "Ten euros.",
        "What does it cost?",
    ),
    ("Was kostet es?\nZehn Euro.\n\nWie lange gilt es?\nZwei Tage.", "Zwei Tage.", "Wie lange gilt es?"),
    ("• Combien ?\nDix euros.\n• Où ?\nÀ Lyon.", "À Lyon.", "• Où ?"),
    ("¿Cuánto cuesta?\n\nDiez euros. Al mes.", "Al mes.", "¿Cuánto cuesta?"),
    ("1. Quanto custa?\n\nDez euros.\n\n2. Onde?\n\nEm Faro.", "Dez euros.", "1. Quanto custa?"),
    (
        "料金はいくらですか？\n千円です。\n\n場所はどこですか？\n京都です。",
        "京都です。",
        "場所はどこですか？",
    ),
    ("**Quanto costa?** Dieci euro. Al mese.\n\n**Dove?** A Roma.", "Al mese.", "**Quanto costa?**"),
    ("Q1. What is it?\nA1. A pool.\n\nQ2. Where is it?\nA2. In Bonn.", "A2. In Bonn.", "Q2. Where is it?"),
    ("Q: What is it? A: A pool.\n\nQ: Where is it? A: In Bonn.", "A: In Bonn.", "Q: Where is it?"),
]


@pytest.mark.parametrize(("text", "answer", "question"), FAQS)
def test_an_answer_hangs_on_its_question(text, answer, question):
    made = hung(text)
    assert made[answer][1] == question
    assert made[question][0] in HEADS
    assert made[question][1] == ""


def test_a_question_is_no_use_without_its_answer_in_a_conversation_too():
    made = hung("问：多少钱？\n答：十元。")
    assert made["多少钱？"] == ("lead", "问：")
    assert made["十元。"] == ("sentence", "答：")


@pytest.mark.parametrize(
    "text",
    [
        "The town grew. Why did it grow? The mill brought work. It closed in 1901.",
        "1. What is a mill?\n2. Who owned it?\n3. When was it closed?",
        "It ends with a question.\n\nWhy?",
    ],
)
def test_other_questions_stay_as_they_are(text):
    assert all(kind != "lead" and parent == "" for kind, parent in hung(text).values())


SHEETS = [
    (
        "Plan: Pro\nPrice: 12\nNotice: 3 months\n\nPlan: Free\nPrice: 0\nNotice: none",
        "Price: 0",
        "Plan: Free",
    ),
    ("Tarif: A\nPreis: 12 Euro\nTarif: B\nPreis: 20 Euro", "Preis: 20 Euro", "Tarif: B"),
    ("Nom : Roy\nVille : Lyon\n\nNom : Petit\nVille : Lille", "Ville : Lyon", "Nom : Roy"),
    ("方案：甲\n价格：十元\n\n方案：乙\n价格：二十元", "价格：二十元", "方案：乙"),
]


@pytest.mark.parametrize(("text", "field", "name"), SHEETS)
def test_a_field_hangs_on_the_first_of_its_block(text, field, name):
    made = hung(text)
    assert made[field][1] == name
    assert made[name][1] == ""


@pytest.mark.parametrize(
    "text", ["Plan: Pro\nPrice: 12\nNotice: 3 months", "Note: it rains.\n\nNote: it snows."]
)
def test_one_block_is_no_sheet(text):
    assert {parent for _, parent in hung(text).values()} == {""}


NOTES = [
    (
        "| Drug | Dose |\n|---|---|\n| A | 1200 mg* |\n| B | 20 mg |\n\n* only with care",
        "* only with care",
        "| A |",
    ),
    (
        "Tarif        Preis\nBasis        12 Euro¹\nGold         20 Euro\n\n¹ nur im ersten Jahr",
        "¹ nur im",
        "Basis",
    ),
    ("La dose est de 12 mg.[1] Elle est forte.\n\n[1] Sauf le lundi.", "[1] Sauf le lundi.", "La dose"),
    ("Rooms are free*. The house is old.\n\n\\* except in May", "\\* except in May", "Rooms are"),
]


@pytest.mark.parametrize(("text", "note", "marked"), NOTES)
def test_a_note_limits_what_bears_its_mark(text, note, marked):
    found = next(made for said, made in hung(text).items() if said.startswith(note))
    assert found[0] == "limit"
    assert found[1].startswith(marked)


def test_a_note_of_several_rows_limits_their_table():
    text = "| Drug | Dose |\n|---|---|\n| A | 12 mg* |\n| B | 20 mg |\n| C | 30 mg* |\n\n* only with care"
    kind, parent = hung(text)["* only with care"]
    assert kind == "limit"
    assert parent.startswith("| Drug |")


def test_a_note_that_names_a_source_limits_nothing():
    made = hung("The mill was built in 1890.[1] It is old.\n\n[1] Roy (1999), not in print, pp. 3.")
    assert made["[1] Roy (1999), not in print, pp. 3."] == ("sentence", "The mill was built in 1890.[1]")


PARTS = [
    "This does not apply. ", "Except on Mondays.\n", "What is it?\n", "Q: a\nA: b\n", "Plan: a\nPrice: b\n\n",
    "12 mg* \n\n* only x\n\n", "Exceptions:\n- a\n", "(1) Paragraph 1 does not apply.\n\n", "但星期一除外。",
    "**What?** x ",
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_a_long_text_takes_no_time_and_no_chain_is_long(part):
    text = part * (30_000 // len(part))
    start = time.process_time()
    made = segment(text)
    assert time.process_time() - start < 5
    limits = [s.parent for s in made if s.kind == "limit"]
    assert max(map(limits.count, set(limits[:50])), default=0) <= 16
    assert all(s.parent < number for number, s in enumerate(made))
