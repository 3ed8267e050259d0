"""The guess at a text's language, and that it never fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.structure.language import KNOWN, guess_language

SAYINGS = {
    "en": "The ferry leaves from the north pier and is back at noon.",
    "de": "Die Fähre legt am Nordpier ab und ist mittags wieder da.",
    "fr": "Le bac part de la jetée du nord et revient à midi.",
    "es": "El transbordador sale del muelle norte y vuelve al mediodía.",
    "it": "Il traghetto parte dal molo nord e torna a mezzogiorno.",
    "pt": "A balsa sai do cais norte e não volta antes do meio-dia.",
    "nl": "De veerboot vertrekt van de noordpier en is om twaalf uur terug.",
    "sv": "Färjan går från norra piren och är tillbaka vid lunch.",
    "no": "Fergen går fra nordre brygge og blir ikke borte etter lunsj, bare litt.",
    "da": "Færgen går fra den nordlige mole og bliver der kun efter hvad de siger.",
    "fi": "Lautta lähtee pohjoislaiturilta ja se on takaisin kun kello on kaksitoista.",
    "pl": "Prom odpływa z północnego mola i wraca w południe.",
    "cs": "Trajekt odjíždí ze severního mola a vrací se v poledne.",
    "tr": "Feribot kuzey iskelesinden kalkar ve öğlen geri döner.",
    "id": "Feri berangkat dari dermaga utara dan kembali pada siang hari.",
    "hu": "A komp az északi mólóról indul és délben ér vissza.",
    "ro": "Feribotul pleacă de la cheiul de nord și se întoarce la prânz.",
    "vi": "Phà rời bến tàu phía bắc và trở về vào buổi trưa của ngày.",
    "ru": "Паром отходит от северного причала и возвращается в полдень.",
    "uk": "Пором відходить від північного причалу й повертається опівдні.",
    "ar": "تغادر العبارة من الرصيف الشمالي وتعود ظهرا.",
    "fa": "کشتی از اسکله شمالی حرکت می‌کند و ظهر برمی‌گردد.",
    "he": "המעבורת יוצאת מהמזח הצפוני וחוזרת בצהריים.",
    "hi": "नौका उत्तरी घाट से चलती है और दोपहर को लौटती है।",
    "th": "เรือข้ามฟากออกจากท่าเรือทิศเหนือและกลับตอนเที่ยง",
    "lo": "ເຮືອອອກຈາກທ່າເຮືອທາງເໜືອ",
    "km": "សាឡាងចេញពីកំពង់ផែខាងជើង",
    "my": "ကူးတို့သင်္ဘောသည် မြောက်ဘက်ဆိပ်ကမ်းမှ ထွက်ခွာသည်။",
    "zh": "渡轮从北码头出发，中午返回。",
    "ja": "フェリーは北の桟橋から出て、正午に戻る。",
    "ko": "페리는 북쪽 부두에서 출발하여 정오에 돌아온다.",
    "el": "Το πλοίο φεύγει από τη βόρεια προβλήτα.",
    "am": "ጀልባው ከሰሜን ወደብ ይነሳል።",
}


def test_every_known_language_has_a_saying() -> None:
    assert set(SAYINGS) == KNOWN


@pytest.mark.parametrize(("language", "text"), SAYINGS.items())
def test_a_sentence_is_enough(language: str, text: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "   ", "42", "XJ-7", "\ud800\x00", "a = b + c", "ᚠᚢᚦ", "Zürich HB", "🙂"]
)
def test_too_little_to_tell_is_english(text: str) -> None:
    assert guess_language(text) == "en"


def test_a_word_of_another_script_in_a_text_does_not_decide() -> None:
    assert guess_language("The word 東京 is the name of a city that is the capital of Japan.") == "en"


def test_a_long_text_is_judged_by_its_beginning() -> None:
    assert guess_language(SAYINGS["de"] + "x" * 1_000_000) == "de"


@given(st.text(st.characters(codec=None)))
def test_any_text_has_one_of_the_known_languages(text: str) -> None:
    assert guess_language(text) in KNOWN
