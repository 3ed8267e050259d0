"""Where sentences end, in many languages, and that any text at all is cut without a loss."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.structure.full_stops import begins_sentence, ends_sentence
from semtoken_rag.structure.language import KNOWN
from semtoken_rag.structure.sentences import WINDOW, split_sentences


def cut(text: str, language: str = "en") -> list[str]:
    return [text[a:b] for a, b in split_sentences(text, 0, len(text), language)]


# Sentences are parted by a bar.
WHOLE = [
    ("de", "Das regelt § 7 Abs. 4 Satz 2.| Die Frist endet am 14. August 2025.| Danach ruht sie."),
    ("de", "Laut Art. 9 Nr. 3 gilt das nicht.| Vgl. hierzu Anl. 2 bzw. Anl. 3.| Es bleibt dabei."),
    ("de", "Der Bau kostet ca. 4,2 Mio. Euro.| Der Umbau kostet 1 Mrd. Franken.| Wer zahlt?"),
    ("de", "Gemüse, z. B. Lauch, wächst hier, d. h. im Garten, u. a. Kohl.| Obst fehlt."),
    ("de", "Frau Dr. Lenz und Herr Prof. Abt wohnen in der Birkenstr. 12.| Sie sind verreist."),
    ("de", "Im 18. Jahrhundert stand hier ein Turm.| Er fiel 1790.| Der Rest blieb."),
    ("de", "Es gibt Brot, Käse usw.| Die Getränke kosten extra."),
    ("en", "The pump weighs approx. 80 kg.| See Fig. 2 and Eq. 7.| It runs."),
    ("en", "Max. 5 guests, tel. 555 0100.| Ask Max.| He knows."),
    ("en", "Room No. 14 is on p. 3, see Sec. 2, vol. 4, pp. 10.| The rest is gone."),
    ("en", "Fruit, e.g. pears, i.e. ripe ones, vs. nuts.| The end."),
    ("en", "He founded Brill Inc. in May.| She runs Dorn Ltd.| The firm grew."),
    ("en", "A. B. Crane met J. R. Poole.| They spoke."),
    ("en", "Is it so?| No!| It is not."),
    ("en", "Well... perhaps not.| We shall see..."),
    ("en", "It costs 3.75 dollars in version 2.0.1.| That is a lot."),
    ("en", "Read https://docs.example.org/a.b?c=d.| Ask help@example.org.| It is in /etc/a.conf.| Good."),
    ("en", "She said (it rained. It poured.) and left.| Then it stopped."),
    ("en", 'He said "I saw it. It moved." and ran.| We stayed.'),
    ("en", "He said “I saw it. It moved.”| We stayed."),
    ("en", "Sound travels fast.[7]| Light is faster.[8][9]| Nothing beats it.¹²| It is so."),
    ("en", "It rained.|The field was wet."),
    ("en", "They live in the U.S.| The others do not."),
    ("en", "1. Open the lid.| 2. Press the button."),
    ("fr", "Selon l'art. 3, p. 12, M. Roux et Mme Petit paient env. 40 euros.| Le reste est gratuit."),
    ("fr", "La foire ouvre le 1er. juin.| Elle ferme le 3 juillet."),
    ("es", "Según el art. 4, núm. 2, pág. 9, el Sr. Gil paga.| La Sra. Mora no paga."),
    ("it", "Secondo l'art. 4, n. 2, pag. 9, il sig. Neri paga.| La casa è sua."),
    ("pt", "Segundo o art. 4, n.º 2, pág. 9, o Sr. Melo paga.| A casa é dele."),
    ("fi", "Juhla on 6. joulukuuta.| Se alkaa aamulla."),
    ("pl", "Święto jest 11. listopada.| To jest piątek."),
    ("zh", "商店几点开门？|九点。|周日“休息。不营业”，请注意。|好！"),
    ("ja", "「雨です。帰ろう。」と彼は言った。|外は暗い。"),
    ("hi", "दुकान बंद है।| कल खुलेगी।| क्यों?| त्योहार है।"),
    ("ar", "هل فتح المحل؟| نعم.| شكرا."),
    ("fa", "مغازه بسته است؟| بله."),
    ("am", "ሱቁ ተዘግቷል።| ነገ ይከፈታል፡፡| በ1990 ዓ.ም. ተሠራ።"),
    ("km", "ហាងបិទ។| ថ្ងៃស្អែកបើក។"),
    ("my", "ဆိုင်ပိတ်သည်။| မနက်ဖြန်ဖွင့်မည်။"),
    ("th", "พิพิธภัณฑ์เปิดให้เข้าชมทุกวันยกเว้นวันจันทร์| บัตรเข้าชมราคาสองร้อยบาทต่อคน"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "marked"), WHOLE)
def test_sentences_end_where_people_end_them(language: str, marked: str) -> None:
    assert cut(marked.replace("|", ""), language) == [part.strip() for part in marked.split("|")]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "wait... what is that"),
        ("en", "Use Node.js and System.out.println here"),
        ("en", "The file a.b/c.Tar.gz is gone"),
        ("th", "หากมาช้า ต้องรอรอบถัดไป"),
        ("th", "ราคา 500 บาท"),
        ("th", "ในปีค.ศ. 1990 และ พ.ศ. 2533"),
        ("th", "ร้านอาหารนี้เปิดทุกวันตลอดทั้งปี ยกเว้นวันขึ้นปีใหม่และวันสงกรานต์"),
        ("de", "am 3. Mai"),
        ("de", "§ 3 Abs. 2"),
        ("en", "(One. Two.)"),
        ("en", "5. May"),
    ],
)
def test_nothing_ends_inside(language: str, text: str) -> None:
    assert cut(text, language) == [text]


def test_a_paragraph_is_cut_across_its_lines() -> None:
    assert cut("The dam\nis old. It\nleaks.") == ["The dam\nis old.", "It\nleaks."]


def test_offsets_are_those_of_the_text() -> None:
    text = "## Head\n\nOne is. Two are.\n\nTail"
    assert [text[a:b] for a, b in split_sentences(text, 9, 26, "en")] == ["One is.", "Two are."]


def test_a_long_text_is_cut_in_windows() -> None:
    text = "The cat sat on the mat. " * (WINDOW // 6)
    assert set(cut(text)) == {"The cat sat on the mat."}


def test_a_sentence_longer_than_a_window_stays_whole() -> None:
    text = "word " * WINDOW + "end. Next one."
    assert [len(s) for s in cut(text)] == [len(text) - 10, 9]


BITS = st.sampled_from(
    ["Dr. ", "e.g. ", "3. ", "May ", "The ", "it. ", "z. B. ", "(", ")", '"', "“", "”", "[3]", "¹", "...",
    "…", "?",
     "。", "」", "「", "ครับ ", "ก", "។", "။", "।", "\n", "\r\n", "\x00", "\ud800", "https://a.b.", " ", "x",
     "5", "\u2028"]
)  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(BITS, max_size=30).map("".join) | st.text(st.characters(codec=None)),
    st.sampled_from([*sorted(KNOWN), "xx", ""]),
)
def test_sentences_are_in_order_and_hold_every_character_but_blanks(text: str, language: str) -> None:
    at = 0
    for start, end in split_sentences(text, 0, len(text), language):
        assert at <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    "bit", [".", ". ", "\n", " ", '"a. ', "(a. ", "1. ", "a. ", "“", "ก ", "@a.", "¹", "[1]"]
)
def test_a_megabyte_of_anything_is_cut(bit: str) -> None:
    text = bit * (100_000 // len(bit))
    found = list(split_sentences(text, 0, len(text), "en"))
    assert sum(len(text[a:b].split()) for a, b in found) == len(text.split())


def test_the_rule_for_full_stops_by_itself() -> None:
    assert ends_sentence("He left.", " The rest", "en", True)
    assert not ends_sentence("see vol.", " 4", "en", True)
    assert ends_sentence("It is at www.example.org.", " Anna knows", "en", False)
    assert not begins_sentence("", "en")
    assert begins_sentence("L'accord", "fr")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is so.[citation needed] Few doubt it.", ["It is so.[citation needed]", "Few doubt it."]),
        ("It grew.NASA paid.", ["It grew.", "NASA paid."]),
        ("He is like Finch.A man of means.", ["He is like Finch.", "A man of means."]),
        ("The song Hey You! is old. It is good.", ["The song Hey You! is old.", "It is good."]),
        ("so what? it is late", ["so what?", "it is late"]),
        ("Am Ende steht die 9. Derzeit ruht sie.", ["Am Ende steht die 9.", "Derzeit ruht sie."]),
    ],
)
def test_ends_in_text_from_the_web(text: str, expected: list[str]) -> None:
    assert cut(text, "de" if "Ende" in text else "en") == expected
