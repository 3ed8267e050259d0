"""What limits a sentence is kept with it, whatever the budget."""

from __future__ import annotations

import pytest

from semtoken_rag import Chunk, SemToken
from semtoken_rag.testing import check_context

BUDGETS = (*range(4, 64, 3), 80, 100)
PAIRS = [  # rule, exception, what else is said, language
    ("Members may borrow bicycles.", "This does not apply in winter.",
     "The shed is by the gate.", "en"),
    ("Die Werkstatt ist für alle offen.", "Ausgenommen sind Gruppen.",
     "Sie liegt am Hof.", "de"),
    ("Les vélos sont gratuits.", "Cette offre ne s'applique pas aux groupes.",
     "Le hangar est près du portail.", "fr"),
    ("Las bicicletas son gratuitas.", "Esto no se aplica a los grupos.",
     "El cobertizo está en el patio.", "es"),
    ("Le biciclette sono gratuite.", "Ciò non vale per i gruppi.",
     "Il capanno è nel cortile.", "it"),
    ("As bicicletas são gratuitas.", "Isto não se aplica aos grupos.",
     "O galpão fica no pátio.", "pt"),
    ("会员可以免费借自行车。", "但冬季除外。", "车棚在大门旁边。", "zh"),
    ("会員は自転車を無料で借りられます。", "ただし、冬期は除きます。", "車庫は門のそばにあります。", "ja"),
]  # fmt: skip


@pytest.fixture(scope="module", params=["static", "characters", "pairs"])
def engine(request: pytest.FixtureRequest) -> SemToken:
    """One that counts by itself and two readers; the last rounds up, so that units must go again."""
    counter = {"characters": len, "pairs": lambda text: -(-len(text) // 2)}.get(request.param)
    return SemToken(encoder="static", token_counter=counter, on_error="raise")


def kept(engine: SemToken, texts: list[str | Chunk], query: str, budget: int) -> str:
    chunks = [Chunk(text) if isinstance(text, str) else text for text in texts]
    context = engine.compress(chunks, query, max_tokens=budget)
    check_context(context, chunks, budget, engine.counter.count)
    assert engine.compress(chunks, query, max_tokens=budget).text == context.text
    return context.text


@pytest.mark.parametrize(("rule", "exception", "other", "language"), PAIRS)
def test_neither_a_rule_nor_its_exception_is_kept_alone(engine, rule, exception, other, language):
    blank = "" if language in ("zh", "ja") else " "
    text = blank.join([other, rule, exception])
    found = set()
    for budget in BUDGETS:
        out = kept(engine, [text], rule, budget)
        assert (rule.rstrip(".。") in out) == (exception.rstrip(".。") in out), out
        found.add(rule in out)
    assert True in found


def test_every_exception_of_a_rule_is_kept_with_it(engine):
    text = "Members may swim at any time. Exceptions:\n- Mondays\n- public holidays\n\nThe pool is old."
    for budget in BUDGETS:
        out = kept(engine, [text], "When may members swim?", budget)
        assert ("Members may swim" in out) == ("- Mondays" in out) == ("- public holidays" in out), out


def test_a_rule_of_another_chunk_that_is_the_same_keeps_its_exception(engine):
    whole = "The house stands by a river. Members may borrow bicycles. This does not apply in winter."
    cut = whole.index(" This")
    start = whole.index("Members")
    chunks = [Chunk(whole[:cut], source="a", start=0), Chunk(whole[start:], source="a", start=start)]
    for budget in BUDGETS:
        out = kept(engine, chunks, "May members borrow bicycles?", budget)
        assert "Members may borrow" not in out or "not apply in winter" in out, out


@pytest.mark.parametrize("blank", ["", " ", "\n\n"])
def test_an_exception_that_begins_the_next_chunk_is_kept_with_its_rule(engine, blank):
    one, two = (
        "The house is old. Members may borrow bicycles.",
        "This does not apply in winter. It is closed.",
    )
    chunks = [Chunk(one, source="a", start=0), Chunk(two, source="a", start=len(one + blank))]
    for budget in BUDGETS:
        out = kept(engine, chunks, "May members borrow bicycles?", budget)
        assert ("Members may borrow" in out) == ("not apply in winter" in out), out


def test_a_row_is_kept_with_the_note_of_its_mark(engine):
    text = "| Drug | Dose |\n|---|---|\n| Alfadin | 1200 mg* |\n| Betazol | 20 mg |\n\n* only with a doctor"
    for budget in BUDGETS:
        out = kept(engine, [text], "What is the dose of Alfadin?", budget)
        assert ("1200 mg" in out) == ("only with a doctor" in out), out


def test_a_question_is_not_kept_without_its_answer(engine):
    text = "What does it cost?\n\nTen euros a day.\n\nWhere is it?\n\nBehind the mill in Bonn."
    for budget in BUDGETS:
        out = kept(engine, [text], "What does it cost?", budget)
        assert ("What does it cost?" in out) == ("Ten euros" in out), out
        assert ("Where is it?" in out) == ("Behind the mill" in out), out


@pytest.mark.parametrize(
    ("text", "rule", "exception"),
    [
        ("สมาชิกสามารถยืมจักรยานได้ตลอดทั้งวันโดยไม่เสียค่าใช้จ่าย ยกเว้นในช่วงฤดูหนาวและวันหยุดราชการ",
         "ตลอดทั้งวัน", "ยกเว้น"),
        ("พนักงานทุกคนได้รับโบนัสสามเดือนในเดือนธันวาคม เว้นแต่ผู้ที่ทำงานไม่ถึงหนึ่งปี",
         "โบนัสสามเดือน", "เว้นแต่"),
        ("Члены клуба могут брать велосипеды на весь день, и это ничего не стоит, кроме случаев ремонта.",
         "весь день", "кроме"),
        ("회원은 하루 종일 자전거를 빌릴 수 있고, 요금은 전혀 들지 않으며, 다만 겨울은 제외한다.",
         "하루 종일", "제외"),
        ("يمكن للأعضاء استعارة الدراجات طوال اليوم، والاستعارة مجانية للجميع، باستثناء فصل الشتاء.",
         "طوال اليوم", "باستثناء"),
        ("يمكن للأعضاء استعارة الدراجات طوال اليوم، والاستعارة مجانية للجميع، إلا في فصل الشتاء.",
         "طوال اليوم", "إلا في"),
    ],
)  # fmt: skip
def test_no_sentence_ends_before_its_exception(engine, text, rule, exception):
    for budget in BUDGETS:
        out = kept(engine, [text], text[:40], budget)
        assert rule not in out or exception in out, out
