"""Text of a script without blanks is counted and cut, and never vanishes."""

from __future__ import annotations

import pytest

from semtoken_rag import SemToken

TEXTS = {
    "Thai": (
        ["ห้องสมุดเปิดทุกวันยกเว้นวันจันทร์สมาชิกยืมหนังสือได้ครั้งละห้าเล่มหากคืนช้าต้องจ่ายค่าปรับวันละสิบบาท",
         "สวนสาธารณะมีทะเลสาบใหญ่และมีเรือให้เช่าเด็กเข้าฟรีผู้ใหญ่จ่ายยี่สิบบาทมีร้านกาแฟอยู่ใกล้ประตูทางเข้า"],
        "ค่าปรับเท่าไร", "สิบบาท",
    ),
    "Lao": (
        ["ຫ້ອງສະໝຸດເປີດທຸກວັນສະມາຊິກຢືມປຶ້ມໄດ້ຫ້າຫົວຖ້າສົ່ງຊ້າຕ້ອງຈ່າຍຄ່າປັບໄໝມື້ລະສິບກີບ",
         "ສວນສາທາລະນະມີໜອງນ້ຳໃຫຍ່ແລະມີເຮືອໃຫ້ເຊົ່າເດັກນ້ອຍເຂົ້າຟຣີຜູ້ໃຫຍ່ຈ່າຍຊາວກີບ"],
        "ຄ່າປັບໄໝເທົ່າໃດ", "ສິບກີບ",
    ),
    "Khmer": (
        ["បណ្ណាល័យបើករាល់ថ្ងៃសមាជិកអាចខ្ចីសៀវភៅបានប្រាំក្បាលបើសងយឺតត្រូវបង់ប្រាក់ពិន័យដប់រៀលក្នុងមួយថ្ងៃ",
         "សួនច្បារមានបឹងធំហើយមានទូកសម្រាប់ជួលកុមារចូលដោយឥតគិតថ្លៃមនុស្សពេញវ័យបង់ម្ភៃរៀល"],
        "ប្រាក់ពិន័យប៉ុន្មាន", "ដប់រៀល",
    ),
    "Burmese": (
        ["စာကြည့်တိုက်သည်နေ့တိုင်းဖွင့်သည်အသင်းဝင်များစာအုပ်ငါးအုပ်ငှားနိုင်သည်နောက်ကျလျှင်ဒဏ်ငွေတစ်ဆယ်ကျပ်ပေးရမည်",
         "ပန်းခြံတွင်ရေကန်ကြီးရှိပြီးလှေငှားနိုင်သည်ကလေးများအခမဲ့ဝင်နိုင်သည်လူကြီးများနှစ်ဆယ်ကျပ်ပေးရသည်"],
        "ဒဏ်ငွေဘယ်လောက်လဲ", "ဆယ်ကျပ်",
    ),
}  # fmt: skip


@pytest.mark.parametrize("script", TEXTS)
@pytest.mark.parametrize("ratio", [0.3, 0.4, 0.6])
def test_no_context_is_empty(engine, script, ratio):
    chunks, question, _ = TEXTS[script]
    made = engine.compress(chunks, question, ratio=ratio)
    assert made.stats.tokens_before > sum(map(len, chunks)) / 10
    assert made.text
    assert made.stats.tokens_after <= made.stats.budget


@pytest.mark.parametrize("script", TEXTS)
def test_the_part_that_answers_is_kept(script):
    chunks, question, answer = TEXTS[script]
    by_character = SemToken(token_counter=len, on_error="raise")
    made = by_character.compress(chunks, question, ratio=0.55)
    assert answer in made.text
    assert len(made.text) <= made.stats.budget


PLAIN = [
    "本馆的阅览室从星期二到星期日早上九点到晚上八点向所有持有借书证的居民以及在本市学习的学生免费开放并且提供无线网络和饮用水",
    "凡在三月底之前缴纳年费的会员可以每周两次免费使用健身房以及桑拿房并且可以带一位朋友参加周末的登山活动和年底的聚会",
    "市民プールは毎年七月一日から八月三十一日まで午前十時から午後六時まで開いており小学生は保護者と一緒に百円で入場することができます",
    "この図書館では市内に住む人であれば誰でも一度に十冊まで二週間借りることができ電話で一回だけ期間を延ばすことができます",
]


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize("question", ["question", "什么时候免费？", "いつまでですか"])
@pytest.mark.parametrize("limit", [20, 26, 33])
def test_a_sentence_without_punctuation_is_kept_in_part(text, question, limit):
    engine = SemToken(encoder="static", store="memory://", on_error="raise")
    made = engine.compress([text], question, max_tokens=limit)
    assert made.text.strip(" …") in text
    assert len(made.text.strip(" …")) >= 6
    assert made.stats.tokens_after <= limit


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (
            "本公司不对因洪水地震战争以及暴乱造成的房屋和车辆以及家具的损失承担任何形式的赔偿责任和连带的法律责任",
            "不",
        ),
        (
            "地震や津波や噴火によって生じた建物や家具や自動車の損害については当社は一切の責任を負わないものとする",
            "ない",
        ),
    ],
)
def test_a_part_of_it_has_the_negation(engine, text, word):
    for limit in range(8, len(text), 3):
        kept = engine.compress([text], "房屋損害 責任", max_tokens=limit).text
        assert not kept or word in kept
