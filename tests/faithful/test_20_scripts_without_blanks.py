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
