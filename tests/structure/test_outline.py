"""Headings, lead-ins, definitions and clauses of running text: what each line hangs on."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import time

import pytest

from semtoken_rag.stages.segment import segment


def chains(text: str) -> dict[str, list[str]]:
    """What each unit hangs on, the nearest first."""
    units = segment(text)
    found = {}
    for unit in units:
        chain, parent = [], unit.parent
        while parent >= 0:
            chain.append(text[units[parent].start : units[parent].end])
            parent = units[parent].parent
        found[text[unit.start : unit.end]] = chain
    return found


def units(text: str) -> list[str]:
    return [text[s.start : s.end] for s in segment(text)]


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        (
            "7 Canoe hire\n7.1 Deposit\nThe deposit is 40 francs.\n8 Kayak hire\n8.1 Deposit\nIt is 70 francs.\n",
            "It is 70 francs.",
            ["8.1 Deposit", "8 Kayak hire"],
        ),
        (
            "2. Lehrlinge\n2.1 Urlaub\nDer Urlaub dauert 25 Tage.\n3. Meister\n3.1 Urlaub\nEr dauert 30 Tage.",
            "Der Urlaub dauert 25 Tage.",
            ["2.1 Urlaub", "2. Lehrlinge"],
        ),
        ("== Gare du Nord ==\n\n=== Consigne ===\n\nElle ferme à midi.", "Elle ferme à midi.",
         ["=== Consigne ===", "== Gare du Nord =="]),
        (" = Ferry = \n\n = = Winter = = \n\nIt sails twice a day.", "It sails twice a day.",
         ["= = Winter = =", "= Ferry ="]),
        ("== 夏季 ==\n票价为80元。\n== 冬季 ==\n票价为50元。", "票价为50元。", ["== 冬季 =="]),
        ("1) Pupils\nA lesson costs 12 euros.\n2) Teachers\nA lesson is free.", "A lesson is free.", ["2) Teachers"]),
        ("1) Pupils\n   A lesson costs 12 euros. It lasts an hour.\n2) Teachers\n   A lesson is free.",
         "A lesson is free.", ["2) Teachers"]),
        ("A. Locataires\nLe loyer est de 900 euros.\nB. Propriétaires\nLa charge est de 200 euros.",
         "La charge est de 200 euros.", ["B. Propriétaires"]),
        ("I. Compradores\nEl plazo es de diez días.\nII. Vendedores\nEl plazo es de un mes.",
         "El plazo es de un mes.", ["II. Vendedores"]),
        ("I. Käufer\n\nA. Inland\n\nDie Frist ist kurz.\n\nII. Händler\n\nA. Inland\n\nDie Frist ist lang.",
         "Die Frist ist lang.", ["A. Inland", "II. Händler"]),
        ("[Linux]\nRun the script.\n\n[iOS]\nOpen the store.", "Open the store.", ["[iOS]"]),
        ("【学生票】\n票价为十元。\n【成人票】\n票价为三十元。", "票价为三十元。", ["【成人票】"]),
        ("[Mac OS]\n\nDrücken Sie die Taste.\n\n[Windows]\n\nHalten Sie die Taste.", "Halten Sie die Taste.", ["[Windows]"]),
        ("Harbour tour by day\nA seat costs 15 euros.\nHarbour tour by night\nA seat costs 22 euros.",
         "A seat costs 22 euros.", ["Harbour tour by night"]),
        ("Sommerfahrplan\nDas Boot fährt stündlich.\nWinterfahrplan\nDas Boot fährt nicht.",
         "Das Boot fährt nicht.", ["Winterfahrplan"]),
        ("平日料金\n大人は千円です。\n休日料金\n大人は二千円です。", "大人は二千円です。", ["休日料金"]),
        ("一、普通会员\n年费为100元。\n二、黄金会员\n年费为500元。", "年费为500元。", ["二、黄金会员"]),
        ("一、学生\n\n票价为十元。\n\n二、老师\n\n票价为三十元。", "票价为三十元。", ["二、老师"]),
        ("1. Boats\n\nNot lent:\n- oars\n\n2. Bikes\n\nA bike costs 5 euros.", "A bike costs 5 euros.", ["2. Bikes"]),
        ("> Entwurf\n>\n> Die Steuer beträgt 3 Euro.\n\nSie steigt.", "> Die Steuer beträgt 3 Euro.", ["> Entwurf"]),
        ("> ## Repealed in 2011\n>\n> The levy is 4 euros.\n\nThe levy is 9 euros.", "> The levy is 4 euros.", ["> ## Repealed in 2011"]),
        ("> **Entwurf**\n> Die Steuer beträgt 3 Euro.\n\nDie Steuer beträgt 5 Euro.", "Die Steuer beträgt 5 Euro.", []),
        ("> **Projet, pas adopté**\n>\n> La taxe est de 3 euros. Elle est due.\n", "Elle est due.", ["> **Projet, pas adopté**"]),
        ("NOT INSURED: Loss by theft. Loss by mould.\n\nINSURED: Loss by storm.", "Loss by mould.", ["NOT INSURED:"]),
        ("**Ticket B.** It is valid for a day. It costs 9 euros.", "It costs 9 euros.", ["**Ticket B.**"]),
        ("Tarif A: Der Eintritt ist frei. Hunde zahlen nichts.\nTarif B: Der Eintritt kostet 4 Euro. Hunde zahlen 1 Euro.",
         "Hunde zahlen 1 Euro.", ["Tarif B:"]),
        ("Zone bleue : Le parking est gratuit. La durée est d'une heure.", "La durée est d'une heure.", ["Zone bleue :"]),
        ("不赔付：地震造成的损失。战争造成的损失。", "战争造成的损失。", ["不赔付："]),
        ("4.2 Late payment. Interest is due. The rate is 5 %.", "The rate is 5 %.", ["4.2 Late payment."]),
        ("EXCLUDED: Loss by theft.\nLoss by mould.\n\nThe office is open.", "Loss by mould.", ["EXCLUDED:"]),
        ("Infants:\n\nGive one drop.\n\nNever give more.\n\nAdults:\n\nTake ten drops.", "Never give more.", ["Infants:"]),
        ("Säuglinge:\nEin Tropfen genügt.\n\nMehr ist verboten.\n\nErwachsene:\nZehn Tropfen genügen.",
         "Mehr ist verboten.", ["Säuglinge:"]),
        ("Who may not vote?\n\nMinors may not vote.\n\nNor may guests.\n\nWho may vote?\n\nMembers may vote.",
         "Nor may guests.", ["Who may not vote?"]),
    ],
)  # fmt: skip
def test_what_stands_below_a_heading_hangs_on_it(text: str, said: str, above: list[str]) -> None:
    assert chains(text)[said] == above


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        ("The lessee may not\n(a) sublet the shed,\n(b) store fuel.\nKeys are in the lodge.", "(b) store fuel.",
         ["The lessee may not"]),
        ("Der Fonds zahlt nicht für\na) Reisen,\nb) Geschenke.\nAnträge sind schriftlich.", "b) Geschenke.",
         ["Der Fonds zahlt nicht für"]),
        ("La garantie ne couvre pas\n- le vol\n- le gel", "- le gel", ["La garantie ne couvre pas"]),
        ("本基金不支付\n（一）旅费\n（二）餐费", "（二）餐费", ["本基金不支付"]),
        ("What must stay outside?\n✘ bicycles\n✘ dogs\nWhat may come in?\n✔ prams", "✘ dogs", ["What must stay outside?"]),
        ("¿Qué no se devuelve?\n● entradas\n● bebidas", "● bebidas", ["¿Qué no se devuelve?"]),
        ("何が対象外ですか？\n■ 洪水\n■ 戦争", "■ 戦争", ["何が対象外ですか？"]),
        ("Verboten sind\n\n→ Feuer\n\n→ Lärm\n\nDas Haus ist alt.", "→ Lärm", ["Verboten sind"]),
        ("We never lend:\n\n(a) atlases\n\n(b) maps\n\nThe desk is on the left.", "(b) maps", ["We never lend:"]),
        ("What is not lent?\n\n★ atlases\n\n★ maps\n\nThe desk is open.", "★ maps", ["What is not lent?"]),
        ("Not lent:\n\n1. Atlases\n\n2. Maps\n\nThe desk is open.", "2. Maps", ["Not lent:"]),
        ("Not lent:\natlases\nmaps\nglobes\n\nThe desk is open.", "globes", ["Not lent:"]),
        ("1. Norwegen\na) 25 Tage\n2. Spanien\na) 23 Tage\nb) Zahnarzt", "b) Zahnarzt", ["2. Spanien"]),
        ("- Closed\n\n    The pool is being painted.\n\n- Open\n\n    The sauna is warm.", "The sauna is warm.", ["- Open"]),
    ],
)  # fmt: skip
def test_an_item_hangs_on_what_announces_it(text: str, said: str, above: list[str]) -> None:
    assert chains(text)[said] == above


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("The lessee may not\n(a) sublet the shed.\nKeys are in the lodge.", "Keys are in the lodge."),
        ("What must stay outside?\n✘ bicycles\n\nThe lodge is open.", "The lodge is open."),
        ("Not lent:\n\n1. Atlases\n\n2. Maps\n\nThe desk is open.", "The desk is open."),
        ("Excess\n: What you pay.\n\nThe desk is open.", "The desk is open."),
    ],
)
def test_what_stands_below_a_list_does_not_hang_on_its_lead(text: str, last: str) -> None:
    assert chains(text)[last] == []


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        ("Excess\n: What you pay yourself.\n\nLimit\n: What we pay at most.", "~", "Limit"),
        ("Selbstbehalt\n: Was Sie zahlen.\n: Auch Anteil genannt.\n", "~", "Selbstbehalt"),
        ("Franchise\n~ Ce que vous payez.\n\nPlafond\n~ Ce que nous payons.", "~", "Plafond"),
        ("免赔额\n: 您自己支付的部分。\n\n限额\n: 我们最多支付的部分。", "~", "限额"),
    ],
)
def test_a_meaning_hangs_on_its_term(text: str, said: str, above: str) -> None:
    found = chains(text)
    assert found[list(found)[-1]] == [above]


@pytest.mark.parametrize(
    "text",
    [
        "J. S. Bach wrote the cantata.\nIt was lost.",
        "E. Noether lived in Erlangen.\nShe taught in Göttingen.",
        "C. Die Frage bleibt offen.",
    ],
)
def test_a_name_is_no_item(text: str) -> None:
    assert {s.kind for s in segment(text)} == {"sentence"}


@pytest.mark.parametrize(
    "text",
    [
        "The tram calls at Ghent, Bruges,\nOstend and Knokke.",
        "Der Zug hält in Ulm, Augsburg und\nMünchen.",
        "Le train s'arrête à Dijon, Beaune,\nMâcon et Lyon.",
        "El barco para en Vigo, Cádiz y\nMálaga.",
        "会议在北京、上海、\n广州和深圳举行。",
        "Not lent are\natlases,\nmaps and\nglobes.",
        "6.4 The carrier shall\nunload the goods at noon.",
        "6.4 Der Träger muss die\nWare am Mittag löschen.",
        "6. The carrier shall\nunload the goods at noon.",
        "Der Vertrag endet am\n3. Oktober um Mitternacht.",
        "6.4   The carrier shall\nunload the goods.",
    ],
)
def test_a_sentence_goes_on_in_the_next_line(text: str) -> None:
    assert units(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Marie Curie was born in Warsaw. She moved to Paris. There she met Pierre.",
        "He wrote three books: one on bees, one on ants and one on wasps. All sold well. None is in print.",
        "Der Ort liegt an der Elbe. Er hat 3.000 Einwohner. Bekannt ist er für die Brücke.",
        "Grey Dawn: Letters from Lisbon is a novel by Ada Lee. It was printed in 1903. It sold well.",
        "Blaue Nacht: Briefe aus Lissabon ist ein Roman von Ada Lee. Er erschien 1903. Er ist selten.",
        "Habib (Arabic: حبيب) is a name. It is common. It is old.",
        "La ville compte 20 000 habitants. Elle est jumelée avec Bath. Son maire est élu.",
        "この町は川の近くにある。人口は三千人である。橋で知られている。",
        "The first act ends in June.\nThe second act begins in May.\nNobody knows why.",
    ],
)
def test_prose_hangs_on_nothing(text: str) -> None:
    assert {s.parent for s in segment(text)} == {-1}


@pytest.mark.parametrize(
    "text",
    [
        "Title\nIt has one sentence below it.\nAnd another one.",
        "1. flour\n2. eggs\n3. milk\nMix all of it.",
        "Ada Byron\n12 Mill Lane\nLeeds",
        "Name: Ann\nBorn: 1889",
    ],
)
def test_lines_without_a_sibling_are_no_headings(text: str) -> None:
    assert units(text)[-1:] == [text.split("\n")[-1]]
    assert {s.parent for s in segment(text)} == {-1}


def test_a_list_of_bare_lines_hangs_on_its_lead_and_ends_at_the_next():
    text = "Not lent:\n\nAtlases\n\nMaps\n\nLent:\n\nNovels\n\nAsk at the desk."
    found = chains(text)
    assert found["Maps"][-1] == "Not lent:"
    assert found["Novels"] == ["Lent:"]


@pytest.mark.parametrize(
    "bit",
    ["1) Pupils\n", "(a) x\n", "A. B. ", "3 Plan\n3.1 Fees\n", "== a ", "[Linux]\n", "> **Draft**\n", "> ", "NOT: It. ",
     "**a", "Zone A B C ", "Adults:\n\nTake it.\n\n", "What?\n- a\n", "✗", "Term\n: it\n", "a, b,\nC d,\n", "the of\n",
     "1. A\na) b\n- c\n", "i. a\nii. b\n", "Not:\n\nWar\n\n", "- a\n\n  b\n\n", "除外：洪水。戦争。\n", "一" * 50 + "\n"],
)  # fmt: skip
def test_text_of_one_kind_is_cut_fast(bit: str) -> None:
    text = bit * (30_000 // len(bit))
    began = time.process_time()
    segment(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        ("Section 4. Waivers.\n(a) The toll does not fall due for:\n    (1) hearses;\n    (2) ploughs.\nSection 5. Toll.\n"
         "(a) The toll is 3 dollars.", "(a) The toll is 3 dollars.", ["Section 5. Toll."]),
        ("Art. 3. Ausnahmen.\na) Schulen zahlen nichts.\nb) Vereine zahlen nichts.\n\nArt. 4. Gebühr.\na) Sie beträgt 9 Euro.",
         "a) Sie beträgt 9 Euro.", ["Art. 4. Gebühr."]),
        ("Article 6 The club does not lend:\n(a) sails,\n(b) oars.\nArticle 7 The deposit is 80 euros.",
         "Article 7 The deposit is 80 euros.", []),
        ("第四条 本会不承担下列费用：\n（一）交通费；\n（二）住宿费。\n第五条 会费为每年80元。",
         "第五条 会费为每年80元。", []),
        ("Kapitel 2 Ausgeschlossene Schäden\n\n§ 4 Wasser\n\nSchäden durch Rohrbruch.\n\n§ 5 Feuer\n\nSchäden durch Blitz.",
         "Schäden durch Blitz.", ["§ 5 Feuer", "Kapitel 2 Ausgeschlossene Schäden"]),
        ("Part B Not insured\n\nArticle 1 Tools\n\nThe loss of tools.\n\nArticle 2 Boats\n\nThe loss of boats.",
         "The loss of boats.", ["Article 2 Boats", "Part B Not insured"]),
        ("第二章 除外责任\n\n第六条 水灾\n\n洪水造成的损失。\n\n第七条 火灾\n\n雷击造成的损失。", "雷击造成的损失。",
         ["第七条 火灾", "第二章 除外责任"]),
        ("Annex A Fees\n\nSection 1 Boats\n\nA boat costs 9 euros.\n\nAnnex B Fines\n\nA fine is 20 euros.", "A fine is 20 euros.",
         ["Annex B Fines"]),
    ],
)  # fmt: skip
def test_articles_stand_below_their_chapter_and_not_below_each_other(text, said, above):
    assert chains(text)[said] == above


def test_an_article_that_is_spoken_of_closes_none():
    text = (
        "Section 7 Moorings\n\nA mooring costs 30 euros.\n\nSection 5 applies as well.\n\nIt is due in May."
    )
    assert chains(text)["It is due in May."] == ["Section 7 Moorings"]


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        ("4 次の者には、切符を売りません。\n(1)酒に酔った者\n(2)犬を連れた者", "(2)犬を連れた者", ["4 次の者には、切符を売りません。"]),
        ("下列物品不得携带。\n(一)刀具;\n(二)烟花。", "(二)烟花。", ["下列物品不得携带。"]),
        ("The following boats are not lent.\n- canoes\n- rafts", "- rafts", ["The following boats are not lent."]),
        ("Folgende Gäste zahlen keinen Eintritt.\n- Kinder\n- Lotsen", "- Lotsen", ["Folgende Gäste zahlen keinen Eintritt."]),
        ("Les objets suivants ne sont pas remboursés.\n- gants\n- clés", "- clés", ["Les objets suivants ne sont pas remboursés."]),
    ],
)  # fmt: skip
def test_a_sentence_with_a_full_stop_announces_what_follows(text, said, above):
    assert chains(text)[said] == above


@pytest.mark.parametrize(
    "text", ["開館は9:30からです。日曜は休みです。", "列车8:05发车，车票30元。周日停运。"]
)
def test_a_time_is_no_heading_up_to_its_colon(text):
    assert units(text)[0] == text.split("。")[0] + "。"


OPTIONS = (
    "Flags:\n  -k, --keep DAYS      Keep backups for DAYS days. May not be less\n"
    "                       than two. Ignored with --all.\n      --slow           Read slowly. Off by default.\n"
    "  -z                   Compress."
)
FIELDS = (
    "size\n    Bytes of a page. Default 4096.\n\ndepth : int, optional\n    Levels of the tree. Default 9.\n"
)
PARAMETERS = '"""Sails.\n\n    Args:\n        speed: In knots. Must be positive.\n        crew (int): Persons aboard. Two if not set.\n"""'
FARES = "Pupil: €4 a day. No refund.\nGuest: €9 a day. Refund until noon.\nGroup: €7 a day. No refund at all."
CODES = "``mast``\n   Height in metres. Never above 30.\n``keel``\n   Depth in metres. Ignored on lakes.\n"


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        (FIELDS, "Default 9.", ["depth : int, optional"]),
        (FIELDS, "Default 4096.", ["size"]),
        (PARAMETERS, "Must be positive.", ["speed:", "Args:"]),
        (PARAMETERS, "Two if not set.", ["crew (int):", "Args:"]),
        (FARES, "Refund until noon.", ["Guest:"]),
        (FARES, "No refund at all.", ["Group:"]),
        (CODES, "Ignored on lakes.", ["``keel``"]),
        (OPTIONS, "-z                   Compress.", ["Flags:"]),
        (OPTIONS, "--slow           Read slowly. Off by default.", ["Flags:"]),
    ],
)
def test_what_is_said_of_a_parameter_hangs_on_its_name(text, said, above):
    assert chains(text)[said][: len(above)] == above


def test_an_option_is_kept_with_all_that_is_said_of_it():
    assert any("--keep" in unit and unit.endswith("Ignored with --all.") for unit in units(OPTIONS))


@pytest.mark.parametrize(
    "text", ["-5 degrees were measured.\n-7 degrees were not.", "- Ulm\n- Bonn", "--help is an option."]
)
def test_what_is_no_option_stays_what_it_was(text):
    assert len(units(text)) == text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("- Dogs may come along\n  - on a lead,\n  - with a muzzle.\n- Cats may not.", "- Dogs may come along"),
        ("1. Taxis\n   a) Paid after midnight.\n   b) Not paid before.\n2. Trains\n   a) Paid.", "1. Taxis"),
        ("* Die Werkstatt darf genutzt werden\n  * nach einer Einweisung\n  * zu zweit", "* Die Werkstatt darf genutzt werden"),
        ("- Les chiens entrent dans le jardin\n  - tenus en laisse\n  - avant midi", "- Les chiens entrent dans le jardin"),
    ],
)  # fmt: skip
def test_an_item_that_the_items_below_complete_is_a_lead(text, lead):
    kinds = {text[s.start : s.end]: s.kind for s in segment(text)}
    assert kinds[lead] == "lead"
    assert list(kinds.values()).count("item") > 1


def test_an_item_that_is_a_sentence_is_none():
    text = "- Dogs may come along on Mondays.\n  - They pay 2 euros.\n- Cats may not."
    assert {s.kind for s in segment(text)} == {"item"}


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        ("TOP 1: Brunnen\nAntrag: Der Brunnen wird gebaut.\nAngenommen.\n\nTOP 2: Kiosk\nAntrag: Der Kiosk wird verkauft.\nAbgelehnt.",
         "Abgelehnt.", ["TOP 2: Kiosk"]),
        ("Item A: Ferry\nThe ferry stops in May.\n\nItem B: Quay\nThe quay is paved.", "The quay is paved.", ["Item B: Quay"]),
        ("Day 1 – Ulm\nLunch is not included.\n\nDay 2 – Linz\nLunch is on board.", "Lunch is on board.", ["Day 2 – Linz"]),
        ("Version 2.1 (2023-04-01)\n\nAdded\n* a map\n\nVersion 2.0 (2022-11-09)\n\nRemoved\n* the radio", "* the radio",
         ["Removed", "Version 2.0 (2022-11-09)"]),
        ("1.4.0 - 2021-02-03\n\nBroken\n- sound\n\n1.3.9 - 2021-01-30\n\nBroken\n- print", "- print", ["Broken", "1.3.9 - 2021-01-30"]),
        ("Ferry fares 2024\n\nA seat costs 4 euros.\n\nFerry fares 2025\n\nA seat costs 6 euros.", "A seat costs 6 euros.",
         ["Ferry fares 2025"]),
    ],
)  # fmt: skip
def test_items_of_an_agenda_and_versions_and_years_are_headings(text, said, above):
    assert chains(text)[said] == above


@pytest.mark.parametrize(
    "text",
    ["Day 1: rain\nDay 2: sun\nDay 3: snow", "Item 5 is lost.\nIt was red.", "2024 was wet\nIt rained."],
)
def test_lines_of_a_list_that_count_are_no_headings(text):
    assert all(s.parent < 0 for s in segment(text))


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        ("雨天时不得使用：\n・缆车\n・吊桥", "・吊桥", ["雨天时不得使用："]),
        ("次の品は送れません。\n・花火\n・刃物", "・刃物", ["次の品は送れません。"]),
        ("> [!WARNING]\n> Drain the tank first. Wear gloves.\n\nOpen the valve.", "Wear gloves.", ["> [!WARNING]"]),
        ("> [!NOTE]\n> The cap is loose.\n\nOpen the valve.", "Open the valve.", []),
        ("!!! danger\n    The cable is live. Stay away.\n\nOpen the box.", "Stay away.", ["!!! danger"]),
        (".. deprecated:: 3.1\n   Use mast() here. It is faster.\n\nOther text.", "It is faster.", [".. deprecated:: 3.1"]),
        ("2016–2020 Cook, Hotel Adler\n    Ran the kitchen. Trained two others.\n2012–2016 Waiter, Café Mond\n    Served guests. Kept the till.",
         "Kept the till.", ["2012–2016 Waiter, Café Mond"]),
        ("Rule 4. No boat may pass the weir.\n\nRule 5. A boat with a pilot may pass.", "A boat with a pilot may pass.", ["Rule 5."]),
        ("Lemma 8. Let n be odd. Then it ends.\n\nLemma 9. Let n be even. Then it does not.", "Then it does not.", ["Lemma 9."]),
    ],
)  # fmt: skip
def test_warnings_dates_and_numbered_names_are_headings_of_what_follows(text, said, above):
    assert chains(text)[said] == above


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Fill the tank. CAUTION! Do not smoke. Close it.", "CAUTION! Do not smoke."),
        ("Öffnen Sie den Hahn. Achtung! Das Wasser ist heiß. Warten Sie.", "Achtung! Das Wasser ist heiß."),
        ("Ouvrez le robinet. Attention ! L'eau est brûlante.", "Attention ! L'eau est brûlante."),
        ('"""Opens the valve."""\nIt is slow.', '"""Opens the valve."""'),
    ],
)
def test_a_call_to_attention_stays_with_what_it_is_about(text, sentence):
    assert sentence in units(text)


@pytest.mark.parametrize(
    ("text", "said", "above"),
    [
        ("제3조 (요금)\n1. 다음의 경우에는 할인되지 않습니다.\n가. 단체 요금\n나. 야간 요금\n2. 예약은 무료입니다.\n제4조 (환불)\n환불은 없습니다.",
         "나. 야간 요금", ["1. 다음의 경우에는 할인되지 않습니다.", "제3조 (요금)"]),
        ("제3조 (요금)\n요금은 900원입니다.\n제4조 (환불)\n환불은 없습니다.", "환불은 없습니다.", ["제4조 (환불)"]),
        ("1. The following guests pay nothing.\n   - pilots\n   - nurses\n2. All others pay 4 crowns.", "- nurses",
         ["1. The following guests pay nothing."]),
        ("/** Opens the gate. Not for guests. */\nvoid open() {\n  lift();\n}\n\n/** Shuts it. Never fails. */\nvoid shut() {\n  drop();\n}",
         "/** Shuts it. Never fails. */\nvoid shut() {\n  drop();\n}", []),
        ("/*\n * Lifts the weir. Needs a key.\n */\nvoid weir() {\n  lift();\n}", "/*\n * Lifts the weir. Needs a key.\n */\nvoid weir() {\n  lift();\n}", []),
    ],
)  # fmt: skip
def test_korean_articles_items_that_announce_and_comments(text, said, above):
    assert chains(text)[said] == above


def test_what_is_indented_below_a_definition_hangs_on_it():
    text = (
        'class Weir:\n    """A weir.\n\n    Not for boats.\n    """\n\n    def lift(self):\n        """Lifts the gate.\n\n'
        '        Needs a key. Never fails.\n        """\n        self.up = 1\n\n    def drop(self):\n        """Drops it.\n\n'
        '        Needs no key.\n\n        Returns:\n            The height.\n        """\n        self.up = 0\n\n'
        "    def stop(self):\n        return 0\n\nThe end is near.\n"
    )
    found = chains(text)
    assert found["Not for boats."][0].startswith("class Weir")
    assert [above.split("(")[0] for above in found["Never fails."]][:1] == ["def lift"]
    assert [above.split("(")[0] for above in found["Needs no key."]][:1] == ["def drop"]
    assert found["Needs no key."][-1].startswith("class Weir")
    assert found["The end is near."] == []
    assert found["The height."][0] == "Returns:"
    assert found["The height."][1].startswith("def drop")
    stop = next(chain for unit, chain in found.items() if unit.startswith("def stop"))
    assert [above.split(":")[0] for above in stop] == ["class Weir"]
