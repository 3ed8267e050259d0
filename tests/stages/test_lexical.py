"""Letters beside vectors: how strange a question is to an encoder, and what its letters say then."""

from __future__ import annotations

import numpy as np
import pytest

from semtoken_rag import Chunk, SemToken
from semtoken_rag.encoders.base import encode_call
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.lexical import FEATURES, VECTORS, Lexical, _counts, bm25, features
from semtoken_rag.stages.segment import build_units
from semtoken_rag.stages.strangeness import strangeness
from semtoken_rag.stages.weights import WEIGHTS, fitted
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Tokens

RUSSIAN = [
    Chunk("Библиотека открыта по будням. Вход свободный.", title="Город"),
    Chunk("Стоянка лодок стоит четыре рубля. Собаки допускаются.", title="Порт"),
    Chunk("Вечером тихо. Маяк построен давно."),
]
ASKED = "Сколько стоит стоянка лодки?"


def posed(chunks: list[Chunk], question: str, encoder=None):
    encoder = encoder or resolve_encoder("static")
    encodings, query = encode_call(encoder, [c.text for c in chunks], [c.context for c in chunks], question)
    tokens = Tokens.concatenate(encodings)
    return query, chunks, tokens, build_units(chunks, tokens)


def strange(question: str, text: str = "Text.") -> float:
    return strangeness(*posed([Chunk(text)], question)[:3])


@pytest.mark.parametrize(
    "question",
    ["When did the tower open in Paris?", "What is the maximum daily parking charge for motorcycles?"],
)
def test_english_is_left_to_the_encoder(question):
    assert strange(question) == 0
    assert Lexical()(Asked.of(*posed([Chunk(question)], question)), "static") is None


@pytest.mark.parametrize(
    "question",
    [
        "ค่าปรับเท่าไร",
        "小艇的泊船费是多少？",
        "桟橋の使用料はいくらですか。",
        ASKED,
        "متى تأسست المدينة؟",
        "מתי נוסדה העיר?",
        "ከተማው መቼ ተመሠረተ?",
    ],
)
def test_a_script_that_is_read_by_letters_or_not_at_all_is_strange(question):
    assert strange(question) > 0.9


def test_a_language_of_known_letters_and_unknown_words_is_in_between():
    assert 0.2 < strange("Kütüphane hangi yılda kurulmuştur?") < 0.9
    assert 0.2 < strange("Wie hoch ist die Liegeplatzgebühr für Segelboote?") < 0.9


def test_one_unknown_word_is_found_by_what_else_its_token_stands_for():
    assert strange("ኢትዮጵያ", "አዲስ አበባ።") == 1
    assert strange("Zürich?", "Zurich and ZÜRICH.") == 0


def test_an_encoder_that_has_the_words_keeps_the_question():
    assert strangeness(*posed(RUSSIAN, ASKED, HashEncoder())[:3]) == 0


@pytest.mark.parametrize("name", FEATURES)
def test_the_unit_that_shares_letters_has_the_highest_value(name):
    _, chunks, _, units = posed(RUSSIAN, ASKED)
    found = features(ASKED, chunks, units)[name]
    assert (found.shape, found.dtype) == ((6,), np.float32)
    assert found[2] == found.max()
    if name == "chunk":
        assert found[2] == found[3] > found[0] == found[1]
    else:
        assert (found[2] > np.delete(found, 2)).all()


def test_an_inflected_word_counts_and_another_one_does_not():
    _, chunks, _, units = posed([Chunk("Маяки видны."), Chunk("Лодки видны.")], "маяк")
    own = features("маяк", chunks, units)["own"]
    assert own[0] > 0 > own[1]


def test_a_unit_has_what_it_hangs_on():
    chunks = [Chunk("# Маяк\n\nВысота 60 м.\n\n# Порт\n\nШирина 20 м.")]
    _, _, _, units = posed(chunks, "маяк")
    own = features("маяк", chunks, units)["own"]
    text = [chunks[0].text[a:b] for a, b in units.chars.tolist()]
    assert own[text.index("Высота 60 м.")] > own[text.index("Ширина 20 м.")]


def test_a_title_and_headings_count_for_their_chunk():
    text = "Вечером тихо."
    chunks = [Chunk(text), Chunk(text, title="Маяк"), Chunk(text, headings=("Маяк",))]
    chunk = features("Маяк тихо?", chunks, posed(chunks, "Маяк")[3])["chunk"]
    assert chunk[1] == chunk[2] > chunk[0]


def test_the_share_is_of_all_that_is_asked_and_falls_with_what_no_unit_has():
    _, chunks, _, units = posed(RUSSIAN, ASKED)
    some = features("стоянка", chunks, units)["share"]
    fewer = features("стоянка дирижаблей", chunks, units)["share"]
    assert some[2] > 1.5 * fewer[2] > 0


@pytest.mark.parametrize("question", ["дирижабль", "?", "ok"])
def test_there_is_nothing_where_no_unit_shares_a_letter(question):
    _, chunks, _, units = posed(RUSSIAN, "Маяк")
    assert features(question, chunks, units) is None


def test_n_grams_are_counted_where_they_stand_and_not_across_texts():
    texts = [" маяк маяк ", " маяк ", " 𠀀塔塔 ", " ма ", " яки "]
    got = _counts([" мая", "маяк", "ак м", "塔", "𠀀塔", "нет "], texts)
    assert sorted(got.tolist()) == sorted(
        [[2, 1, 0, 0, 0], [2, 1, 0, 0, 0], [0, 0, 2, 0, 0], [0, 0, 1, 0, 0]]
    )


@pytest.mark.parametrize("texts", [[""], [" ", "..."]])
def test_chunks_without_words_are_taken(texts):
    assert Lexical()(Asked.of(*posed([Chunk(t) for t in texts], ASKED)), "static") is None


def test_bm25_by_hand():
    counts = np.array([[1, 0], [1, 1]], np.float32)
    rare, common = np.log1p(1.5 / 1.5), np.log1p(0.5 / 2.5)
    got = bm25(counts, np.array([10, 10], np.float32))
    np.testing.assert_allclose(got, [rare + common, common], rtol=1e-5)
    long = bm25(counts, np.array([10, 30], np.float32))
    assert long[0] > got[0]
    assert long[1] < got[1]


def test_the_result_is_the_weighted_sum_and_vectors_lose_as_much_as_is_strange():
    problem = posed(RUSSIAN, ASKED)
    much = strangeness(*problem[:3])
    factor, gain = Lexical({"own": 2.0, VECTORS: -0.5})(Asked.of(*problem), "static")
    assert factor == pytest.approx(1 - 0.5 * much)
    np.testing.assert_allclose(gain, 2 * much * features(ASKED, RUSSIAN, problem[3])["own"], rtol=1e-5)
    assert Lexical({VECTORS: -9.0})(Asked.of(*problem), "static")[0] == 0
    shipped = Lexical()(Asked.of(*problem), "unheard-of")
    default = Lexical(fitted("semtoken-minilm")["lexical"])(Asked.of(*problem), "x")
    np.testing.assert_array_equal(shipped[1], default[1])


def test_every_encoder_has_weights_by_which_letters_count_and_vectors_lose():
    assert WEIGHTS.exists()
    for name in ("minilm", "static", "semtoken-minilm", "semtoken-minilm-lookup"):
        weights = fitted(name)["lexical"]
        assert set(weights) == {VECTORS, *FEATURES}
        assert -1 <= weights[VECTORS] < 0 < weights["own"]


@pytest.mark.parametrize(
    ("question", "best", "others"),
    [
        ("小艇的泊船费是多少？", "小艇的泊船费是四元。", ["灯塔在码头的北边。", "夜里港口安静。"]),
        ("桟橋の使用料はいくらですか。", "使用料は一晩四百円です。", ["夜は静かです。", "犬も入れます。"]),
        ("ค่าปรับเท่าไร", "จ่ายค่าปรับวันละสิบบาท", ["เด็กเข้าฟรีทุกวัน", "มีค่าน้อยและไกล"]),
        ("كم رسوم المرسى؟", "رسوم المرسى أربعة.", ["المنارة قديمة.", "الليل هادئ."]),
        ("የጀልባ ማቆሚያ ዋጋ ስንት ነው?", "የጀልባ ማቆሚያ ዋጋ አራት ብር ነው።", ["ምሽት ጸጥ ይላል።", "መብራቱ አሮጌ ነው።"]),
    ],
)
def test_a_call_keeps_the_sentence_that_shares_the_words_of_a_strange_question(question, best, others):
    chunks = [others[0], best, *others[1:]]
    kept = SemToken(encoder="static", strategy=SemTokenStrategy()).compress(chunks, question, ratio=0.55)
    assert best in kept.text
    scores = [unit.scores for unit in kept.units]
    assert max(range(len(scores)), key=lambda i: scores[i]["lexical"]) == 1


def test_without_letters_nothing_is_added_to_the_scores():
    kept = SemToken(encoder="static").compress(
        ["The tower opened. Rain fell."], "When did the tower open?", ratio=0.6
    )
    assert "lexical" not in kept.units[0].scores


def test_the_order_of_the_chunks_does_not_matter():
    query, _, _, units = posed(RUSSIAN, ASKED)
    turned = RUSSIAN[::-1]
    _, _, _, other = posed(turned, ASKED)
    back = np.concatenate([np.flatnonzero(other.chunk == 2 - i) for i in range(3)])
    for name, values in features(query.text, RUSSIAN, units).items():
        np.testing.assert_allclose(
            features(query.text, turned, other)[name][back], values, rtol=1e-4, atol=1e-5
        )
