"""Overlap: what chunks share is passed on once, and a sentence that was cut is kept whole or not at all."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, Granularity, SemToken
from semtoken_rag.stages.overlap import LEAST, NEIGHBOURS, Stretch, find_stretches
from semtoken_rag.stages.segment import build_units
from semtoken_rag.strategy.subset import close_upwards, take_units
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Encoding, Tokens, Units

TEXTS = {
    "en": (
        "The ferry to the island leaves every morning at seven from the old quay behind the fish hall."
        " Bicycles travel for 4 pounds each way. Children below six years sail free of charge if an adult"
        " is with them, but not on bank holidays. In storms no boat leaves, and tickets are paid back in"
        " full within ten days."
    ),
    "de": (
        "Das Freibad am Mühlbach öffnet im Mai um neun Uhr und schließt bei Gewitter sofort. Die"
        " Tageskarte kostet für Erwachsene 6,50 Euro, sofern sie vor elf Uhr gekauft wird. Hunde dürfen"
        " nicht auf die Liegewiese. Schwimmkurse beginnen jeden ersten Montag im Monat, außer in den"
        " Ferien, und dauern acht Wochen."
    ),
    "fr": (
        "Le marché couvert ouvre le mercredi et le samedi dès sept heures, sauf les jours fériés. Un étal"
        " coûte dix-huit euros par matinée. Les forains doivent quitter la place avant quatorze heures"
        " sous peine d'une amende. L'eau est comprise, mais l'électricité se paie au compteur à la fin de"
        " chaque mois."
    ),
    "ru": (
        "Музей открыт каждый день, кроме понедельника, с десяти часов утра до шести вечера. Билет для"
        " взрослых стоит четыреста рублей. Дети до семи лет входят бесплатно, если их сопровождает"
        " взрослый. Снимать со вспышкой нельзя ни в одном из залов на первом и втором этажах."
    ),
    "zh": (
        "图书馆每天早上八点开门，晚上九点关门，节假日除外。每位读者一次最多可以借十本书，借期为三十天。逾期每天每本罚款两角，"
        "但未满十二岁的儿童不收罚款。自习室在三楼东侧，需要提前一天在网上预约座位。珍本只能在馆内阅览，不得外借，也不得拍照。"
    ),
}  # fmt: skip


def cut(text: str, size: int, overlap: int, source: str | None = None) -> list[Chunk]:
    starts = range(0, max(1, len(text) - overlap), size - overlap)
    placed = {"source": source} if source else {}
    return [Chunk(text[s : s + size], str(s), **placed, start=s if source else None) for s in starts]


def units_of(chunks: list[Chunk]) -> Units:
    none = np.zeros(0, np.int64)
    vectors = np.zeros((0, 1), np.float32)
    empty = Encoding(none, none.reshape(0, 2), vectors, none, vectors)
    return build_units(chunks, Tokens.concatenate([empty] * len(chunks)))


def texts_of(chunks: list[Chunk], units: Units) -> list[str]:
    places = zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
    return [chunks[c].text[a:b] for c, (a, b) in places]


def twice(context, starts: list[int]) -> int:
    """Count the characters of the source that are passed on more than once."""
    seen: set[int] = set()
    count = 0
    for kept in context.chunks:
        for piece in kept.pieces:
            span = set(range(starts[kept.index] + piece.start, starts[kept.index] + piece.end))
            count += len(seen & span)
            seen |= span
    return count


def check(context, limit: int) -> None:
    """Assert that the budget holds and that pieces lie in order inside their chunks."""
    assert context.stats.tokens_after <= limit
    for kept in context.chunks:
        ends = [0, *(at for piece in kept.pieces for at in (piece.start, piece.end)), len(kept.chunk.text)]
        assert ends == sorted(ends)


def test_offsets_tell_what_is_shared_and_where_chunks_adjoin():
    text = "abcdefghij klmnop"
    chunks = [Chunk(text[:6], source="s", start=0), Chunk(text[4:10], source="s", start=4)]
    chunks += [Chunk(text[11:], source="s", start=11), Chunk(text[4:10], source="other", start=4, title="x")]
    found = find_stretches(chunks[:3])
    assert found == [Stretch(0, 1, 4, 4, 2), Stretch(1, 2, 6, 7, -1)]
    assert find_stretches([chunks[0], chunks[3]]) == []


def test_offsets_that_the_texts_gainsay_count_for_nothing():
    text = "and every page of the report counts from one"
    chunks = [Chunk("first page " + text, source="s", start=0), Chunk(text + " more", source="s", start=3)]
    assert find_stretches(chunks) == [Stretch(0, 1, 11, 11, len(text))]


def test_short_or_empty_likeness_is_no_overlap():
    assert find_stretches([Chunk("it ends so"), Chunk("it ends so well")]) == []
    line = "-" * 40
    assert find_stretches([Chunk("a\n" + line), Chunk(line + "\nb")]) == []
    assert find_stretches([Chunk(""), Chunk("  "), Chunk("")]) == []


def test_copies_share_everything():
    text = "The same sentence stands here."
    assert find_stretches([Chunk(text)] * 3) == [Stretch(i, 0, 0, 0, len(text)) for i in (1, 2)]
    assert find_stretches([Chunk(text, headings=("Basic",)), Chunk(text, headings=("Plus",))]) == []


def test_many_chunks_that_begin_alike_cost_no_quadratic_work():
    head = "This text is the beginning of every chunk"
    found = find_stretches([Chunk(f"{head} {i} {head}") for i in range(40)])
    assert len(found) <= 40 * NEIGHBOURS
    assert len(find_stretches([Chunk("a" * n) for n in (3_000_000, 2_999_999, 50)])) <= 6


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("source", [None, "file"])
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_chunks_changes_nothing(language, source, seed):
    chunks = cut(TEXTS[language], 90, 35, source)
    mixed = random.Random(seed).sample(chunks, len(chunks))

    def described(given: list[Chunk]) -> set:
        units = units_of(given)
        names = list(zip(units.chunk.tolist(), units.chars.tolist(), strict=True))
        named = [(given[c].id, *chars) for c, chars in names]
        twins = [-1] * len(units) if units.twin is None else units.twin.tolist()
        before = [-1] * len(units) if units.continues is None else units.continues.tolist()
        return {
            (name, t >= 0 and named[t], b >= 0 and named[b])
            for name, t, b in zip(named, twins, before, strict=True)
        }

    assert described(chunks) == described(mixed)


@pytest.mark.parametrize("source", [None, "file"])
def test_the_whole_sentence_stands_for_its_fragments(source):
    text = (
        "Red lamps mean stop at once. Green lamps mean that the way is free for all. Blue lamps mean nothing."
    )
    chunks = cut(text, 68, 50, source)
    units = units_of(chunks)
    shown = dict(zip(texts_of(chunks, units), units.twin.tolist(), strict=True))
    alone = [t for t, twin in shown.items() if twin < 0]
    assert alone[0] == "Red lamps mean stop at once."
    assert "Green lamps mean that the way is free for all." in alone
    assert len(alone) < len(shown)
    assert not [t for t in alone for other in alone if t != other and t in other]


@pytest.mark.parametrize("source", [None, "file"])
def test_halves_of_a_sentence_that_stands_nowhere_hang_together(source):
    text = (
        "It rained. The licence may be given back at any time before the first of March of each year"
        " unless the holder still owes a fee to the board of the harbour. It snowed."
    )
    places = [(0, text.index(" unless")), (text.index("any time"), len(text))]
    chunks = [Chunk(text[a:b], source=source, start=a if source else None) for a, b in places]
    units = units_of(chunks)
    shown = texts_of(chunks, units)
    first, second = int(units.continues.max()), int(units.continues.argmax())
    assert text.startswith(shown[first] + " " + shown[second], len("It rained. "))
    assert units.links() == {second: [first], first: [second]}
    for limit in range(1, 40):
        context = SemToken(encoder=HashEncoder()).compress(
            chunks, "When may the licence be given back?", max_tokens=limit
        )
        whole = [unit.granularity == Granularity.FINE for unit in context.units]
        assert whole[first] == whole[second]
        check(context, limit)


def test_a_sentence_between_chunks_without_overlap_is_put_together_by_offsets():
    text = (
        "The bridge is closed. Lorries above seven tonnes must take the road through the valley. It is long."
    )
    at = text.index("take") - 1
    chunks = [Chunk(text[:at], source="s", start=0), Chunk(text[at + 1 :], source="s", start=at + 1)]
    units = units_of(chunks)
    assert units.continues.tolist() == [-1, -1, 1, -1]
    whole = text.index("Lorries") - 1
    parted = [Chunk(text[:whole], source="s", start=0), Chunk(text[whole + 1 :], source="s", start=whole + 1)]
    assert units_of(parted).continues.max() == -1
    apart = [Chunk(chunks[0].text, source="s", start=0), Chunk(chunks[1].text, source="s", start=500)]
    assert units_of(apart).continues is None


def test_a_sentence_cut_into_three_hangs_together():
    words = " ".join(f"word{i}" for i in range(40))
    chunks = cut(words + ".", 120, 40, "s")
    units = units_of(chunks)
    assert units.continues.tolist() == [-1, *range(len(chunks) - 1)]
    assert " ".join(texts_of(chunks, units)) == words + "."


def test_text_without_any_end_of_a_sentence_is_still_kept():
    chunks = cut(" ".join(f"word{i}" for i in range(2000)), 300, 100, "s")
    assert units_of(chunks).continues.max() == -1
    context = SemToken(encoder=HashEncoder()).compress(chunks, "word700", max_tokens=60)
    assert "word700" in context.text


def test_what_stands_under_a_lead_in_is_taken_from_there():
    text = (
        "The cover leaves out:\n- damage by water from rivers\n- theft of bicycles by night\n- loss of keys"
    )
    chunks = [Chunk(text[: text.index(" by night")]), Chunk(text[text.index("- damage") :])]
    units = units_of(chunks)
    shown = texts_of(chunks, units)
    kept = [i for i, twin in enumerate(units.twin.tolist()) if twin < 0]
    assert [(shown[i], int(units.chunk[i])) for i in kept][:2] == [
        ("The cover leaves out:", 0),
        ("- damage by water from rivers", 0),
    ]
    first, second = shown.index("- theft of bicycles"), shown.index("by night")
    assert units.links() == {first: [second], second: [first]}


def test_no_number_is_cut_where_halves_meet():
    text = (
        "It rained. The new wing of the town library was built by the guild for 1 250 000 euros in two years."
    )
    places = [(0, text.index(" 000")), (text.index("wing"), len(text))]
    chunks = [Chunk(text[a:b], source="s", start=a) for a, b in places]
    shown = texts_of(chunks, units_of(chunks))
    assert shown[1].endswith("guild for")
    assert shown[2].startswith("1 250 000 euros")


def test_units_of_a_part_of_a_call_keep_their_links():
    chunks = cut(TEXTS["en"], 90, 35, "s")
    units = units_of(chunks)
    after = int((units.continues >= 0).argmax())
    only = np.zeros(len(units), bool)
    only[after] = True
    left = close_upwards(units, only)
    assert int(units.continues[after]) in left.tolist()
    small = take_units(units, left)
    assert len(small.links()) == len(left)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("source", [None, "file"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_character_is_passed_on_twice(language, source, data):
    text = TEXTS[language]
    size = data.draw(st.integers(50, 160))
    overlap = data.draw(st.integers(LEAST + 4 if source is None else 0, size - 20))
    chunks = cut(text, size, overlap, source)
    mixed = data.draw(st.permutations(chunks))
    limit = data.draw(st.integers(1, 90))
    engine = SemToken(
        encoder=HashEncoder(), strategy=data.draw(st.sampled_from(["semtoken", "lead"])), on_error="raise"
    )
    context = engine.compress(mixed, data.draw(st.sampled_from([text[:40], ""])), max_tokens=limit)
    check(context, limit)
    assert engine.compress(mixed, context.query, max_tokens=limit).text == context.text
    if context.units:
        assert twice(context, [int(chunk.id) for chunk in mixed]) < LEAST
        torn = {u.twin for u in context.units if u.granularity and u.twin >= 0}
        assert not torn


def test_near_copies_count_once_and_changed_facts_stay():
    chunks = [
        "The berth costs **40 euros** a night.",
        "the berth costs 40 euros a night ...",
        "The berth costs 45 euros a night.",
        "The berth costs 40 euros a night?",
    ]
    context = SemToken(encoder=HashEncoder()).compress(chunks, "What does the berth cost?", max_tokens=35)
    assert context.text.lower().replace("*", "").count("40 euros a night") == 2
    assert "45 euros" in context.text
    assert "night?" in context.text


def test_near_copies_under_other_heads_both_stay():
    chunks = ["# Basic plan\n\nThe fee is 5 euros.", "# Gold plan\n\nThe fee is **5** euros."]
    context = SemToken(encoder=HashEncoder()).compress(
        [*chunks, "Rain fell on the hills."], "fee", max_tokens=23
    )
    assert "Basic plan" in context.text
    assert "Gold plan" in context.text
    headed = [
        Chunk("The fee is 5 euros.", headings=("Basic",)),
        Chunk("The fee is 5 euros!", headings=("Gold",)),
    ]
    context = SemToken(encoder=HashEncoder()).compress(
        [*headed, "Rain fell on the hills."], "fee", max_tokens=18
    )
    assert {chunk.index for chunk in context.chunks} >= {0, 1}


def test_places_in_the_source_are_checked():
    with pytest.raises(ValueError, match="got -1"):
        Chunk("x", start=-1)
    with pytest.raises(ValueError, match="got 3"):
        Chunk("x", source=3)
