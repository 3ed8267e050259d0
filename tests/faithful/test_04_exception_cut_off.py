"""A rule is not kept without its exception."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

RULES = [
    ("When may members borrow the rowing boats?", "borrow the rowing boats", " unless",
     "Members of the club may borrow the rowing boats of the yard on every evening of the week, and the oars lie "
     "in the shed, unless a storm warning is in force or the water is above the second mark. Pay at the bar."),
    ("Who can claim the second home allowance?", "claim the second home allowance", ", provided",
     "Civil servants can claim the second home allowance for up to two years after they were transferred, "
     "provided the first home is more than eighty kilometres away and is still lived in. Forms are online."),
    ("Darf man im Innenhof grillen?", "Innenhof grillen", ", es sei denn",
     "Mieter dürfen im Innenhof grillen und dort bis elf Uhr am Abend mit Gästen sitzen, es sei denn, dass ein "
     "Nachbar im Erdgeschoss um Ruhe bittet oder Waldbrandgefahr ausgerufen ist. Kohle gibt es am Kiosk."),
    ("Les chiens sont-ils admis dans le parc ?", "admis dans le parc", " sauf",
     "Les chiens tenus en laisse sont admis dans le parc du château et sur les terrasses toute l'année, sauf "
     "pendant la période des nids, d'avril à la fin de juin. Le café ferme à six heures."),
    ("¿Se devuelve la fianza del salón?", "devuelve la fianza del salón", " salvo",
     "El ayuntamiento devuelve la fianza del salón de fiestas dentro de los diez días, y lo hace sin gastos, "
     "salvo que falten sillas o quede basura en el patio. La llave está en la portería."),
    ("Si può pescare nel lago?", "pescare nel lago", " tranne",
     "I soci possono pescare nel lago grande dalla riva e dalla barca in ogni mese dell'anno, tranne le trote, "
     "che sono protette fino alla metà di marzo. Il molo è illuminato."),
    ("Posso acampar na praia?", "acampar na praia", " exceto",
     "Os visitantes podem acampar na praia do norte por três noites, e a água doce é gratuita, exceto durante "
     "a desova das tartarugas e nos dias de ressaca. Há um farol."),
    ("会员可以带客人吗？", "可以带两位客人", "但",
     "会员每周可以带两位客人进入图书馆的阅览室，而且座位是免费的，但考试期间和闭馆前一小时除外。楼下有咖啡。"),
    ("会员可以借小船吗？", "借走一条小船", "但必须",
     "会员每个周末可以从码头借走一条小船，船夫会在岸边帮忙推船下水，但必须在天黑以前归还并且系好缆绳。楼上有茶。"),
    ("租户可以养蜂吗？", "养三箱蜜蜂", "但须",
     "租户可以在草地的南边养三箱蜜蜂，工具放在旁边的棚子里面，但须事先告诉隔壁的邻居和村里的医生。井水可以喝。面包店六点开门。"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "rule", "turn", "text"), RULES)
def test_a_rule_is_not_kept_without_its_exception(sweep, question, rule, turn, text):
    seen = 0
    for kept in sweep(text, question, high=0.99):
        if rule in kept:
            seen += 1
            assert turn in kept[kept.index(rule) :], kept
    assert seen


@pytest.mark.parametrize(
    ("question", "claim", "denial", "text"),
    [
        ("Who pays for the broken glass?", "pays for the broken glass", "Neither",
         "Neither the caterer, nor the band that was hired for the evening, nor the town pays for the broken "
         "glass in the great hall. The bill goes to the host. Music ends at two."),
        ("Haftet die Werft für den Frost?", "haftet die Werft", "Weder",
         "Weder für Schäden am Mast, noch für verlorene Leinen und Fender, haftet die Werft nach dem Winter. "
         "Der Kran steht am Kai. Strom kostet extra."),
        ("Did the mayor approve the quarry?", "the mayor approved the quarry", "It is not true",
         "It is not true that the mayor approved the quarry, that the river was tested, and that the road was "
         "paid by the firm. The paper printed it in May. It rained."),
    ],
)  # fmt: skip
def test_a_denied_claim_keeps_its_denial(sweep, question, claim, denial, text):
    seen = 0
    for kept in sweep(text, question, high=0.99):
        if claim in kept:
            seen += 1
            assert denial in kept[: kept.index(claim)], kept
    assert seen


@pytest.mark.parametrize(
    ("question", "rule", "listed", "text"),
    [
        ("Which dogs may travel?", "All dogs may travel", ["mastiffs", "dobermanns", "wolfhounds"],
         "All dogs may travel on the upper deck of the ferry, other than mastiffs, dobermanns, wolfhounds and any that "
         "bark. A ticket costs two crowns. The bar is closed in winter."),
        ("Wer bekommt den Rabatt?", "den Rabatt auf alle Bücher", ["Kalender", "Landkarten", "Noten"],
         "Mitglieder bekommen den Rabatt auf alle Bücher des Ladens, ausgenommen Kalender, Landkarten, Noten und Hefte. "
         "Der Laden ist am Montag zu. Tüten kosten zehn Cent."),
        ("Quels fruits sont remboursés ?", "Tous les fruits", ["figues", "mûres", "coings"],
         "Tous les fruits abîmés sont remboursés en caisse, sauf les figues, les mûres, les coings et les nèfles. "
         "La caisse ferme à midi. Le sac coûte dix centimes."),
        ("May a county raise the levy?", "may raise the levy", ["however, that"],
         "A county may raise the levy by one percent a year; provided, however, that no county of fewer than nine "
         "parishes may do so. The levy is paid in June."),
    ],
)  # fmt: skip
def test_what_an_exception_lists_is_not_cut_off(sweep, question, rule, listed, text):
    seen = 0
    for kept in sweep(text, question, high=0.99):
        if rule in kept:
            seen += 1
            assert all(word in kept for word in listed), kept
    assert seen
