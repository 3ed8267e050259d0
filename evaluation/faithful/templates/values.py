"""Values that are whole or gone: numbers in groups with their unit, dates, links and identifiers, references."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "value"
Value = Callable[[Draw], str]
WORKS = {
    "en": (
        "dredging the canal", "raising the dyke", "moving the lighthouse", "paving the quay",
        "widening the lock", "lining the tunnel", "roofing the market", "rebuilding the weir",
        "draining the moor", "clearing the harbour", "casting the bells", "gilding the dome",
    ),
    "de": (
        "das Ausbaggern des Kanals", "das Erhöhen des Deichs", "das Versetzen des Leuchtturms",
        "das Pflastern des Kais", "das Verbreitern der Schleuse", "das Auskleiden des Tunnels",
        "das Überdachen des Markts", "das Erneuern des Wehrs", "das Trockenlegen des Moors",
        "das Räumen des Hafens", "das Gießen der Glocken", "das Vergolden der Kuppel",
    ),
    "fr": (
        "le dragage du canal", "le rehaussement de la digue", "le déplacement du phare",
        "le pavage du quai", "l'élargissement de l'écluse", "le revêtement du tunnel",
        "la couverture du marché", "la réfection du barrage", "l'assèchement du marais",
        "le curage du port", "la fonte des cloches", "la dorure du dôme",
    ),
    "zh": (
        "疏浚运河", "加高堤坝", "迁移灯塔", "铺设码头", "拓宽船闸", "衬砌隧道", "加盖市场", "重建水坝", "排干沼泽", "清理港口", "铸造大钟", "为穹顶贴金",
    ),
}  # fmt: skip
MONTHS = {
    "en": ("January", "March", "April", "June", "August", "October"), "de": ("Januar", "März", "April", "Juni", "August", "Oktober"),
    "fr": ("janvier", "mars", "avril", "juin", "août", "octobre"), "zh": ("1", "3", "4", "6", "8", "10"),
}  # fmt: skip
MONEY = {"en": "francs", "de": "Franken", "fr": "francs", "zh": "法郎"}
LINKS = {"en": "plan of works", "de": "Bauplan", "fr": "plan des travaux", "zh": "施工图"}
# (sentence with the work and two values, question), by what the values are
SAY = {
    "numbers": {
        "en": (
            "For {w} the province had set aside {a}, but in the end the guilds of the town paid {b} out of their own chest.",
            "How much had the province set aside for {w}?",
        ),
        "de": (
            "Für {w} hatte die Provinz {a} vorgesehen, am Ende zahlten die Zünfte der Stadt aber {b} aus der eigenen Kasse.",
            "Wie viel hatte die Provinz für {w} vorgesehen?",
        ),
        "fr": (
            "Pour {w}, la province avait prévu {a}, mais les guildes de la ville payèrent enfin {b} de leur propre caisse.",
            "Combien la province avait-elle prévu pour {w} ?",
        ),
        "zh": ("为了{w}，省里原先拨出{a}，但最后城里的行会自己出了{b}。", "省里原先为{w}拨出多少？"),
    },
    "dates": {
        "en": (
            "The order for {w} was signed on {a} by the old council, and the last of the workers went home on {b} with a purse each.",
            "When was the order for {w} signed?",
        ),
        "de": (
            "Der Auftrag für {w} wurde am {a} vom alten Rat gezeichnet, und die letzten Arbeiter gingen am {b} mit je einem Beutel heim.",
            "Wann wurde der Auftrag für {w} gezeichnet?",
        ),
        "fr": (
            "L'ordre pour {w} fut signé le {a} par l'ancien conseil, et les derniers ouvriers rentrèrent le {b} avec chacun une bourse.",
            "Quand fut signé l'ordre pour {w} ?",
        ),
        "zh": (
            "{w}的命令由老议会于{a}签署，最后一批工人于{b}各带一个钱袋回家。",
            "{w}的命令是什么时候签署的？",
        ),
    },
    "links": {
        "en": (
            "What was drawn for {w} can be seen in {a} by anybody who asks, while bills and letters go to {b} until the end of the season.",
            "Where can what was drawn for {w} be seen?",
        ),
        "de": (
            "Was für {w} gezeichnet wurde, findet jeder in {a} wieder, während Rechnungen und Briefe bis zum Ende der Saison an {b} gehen.",
            "Wo findet man, was für {w} gezeichnet wurde?",
        ),
        "fr": (
            "Ce qui fut dessiné pour {w} se trouve dans {a} pour qui le demande, tandis que factures et lettres vont à {b} jusqu'à la fin de la saison.",
            "Où se trouve ce qui fut dessiné pour {w} ?",
        ),
        "zh": (
            "为{w}画的图人人都可以在{a}里看到，账单和信件在本季结束前寄往{b}。",
            "为{w}画的图在哪里可以看到？",
        ),
    },
    "references": {
        "en": (
            "The claim for {w} rests on {a} of the charter and not, as the guilds had written, on {b} of the older one.",
            "On what does the claim for {w} rest?",
        ),
        "de": (
            "Der Anspruch auf {w} folgt aus {a} der Urkunde und nicht, wie die Zünfte schrieben, aus {b} der älteren.",
            "Woraus folgt der Anspruch auf {w}?",
        ),
        "fr": (
            "Le droit sur {w} découle de {a} de la charte et non, comme l'écrivaient les guildes, de {b} de l'ancienne.",
            "De quoi découle le droit sur {w} ?",
        ),
        "zh": ("对{w}的主张依据宪章{a}，而不是像行会所写的依据旧章{b}。", "对{w}的主张依据什么？"),
    },
}
REFERENCE = {
    "en": "Art. {} para. {} no. {}",
    "de": "Art. {} Abs. {} Nr. {}",
    "fr": "art. {} al. {} ch. {}",
    "zh": "第{}条第{}款第{}项",
}


def money(draw: Draw) -> str:
    """Write a sum in groups of three, as the language does it."""
    groups = [draw.random.randint(1, 9), draw.number(101, 499), draw.number(501, 999)]
    mark = draw.random.choice({"en": (",", " "), "de": (".", " "), "fr": (" ",), "zh": (",", " ")}[draw.lang])
    return f"{mark.join(map(str, groups))}{'' if draw.lang == 'zh' else ' '}{MONEY[draw.lang]}"


def date(draw: Draw) -> str:
    """Write a day."""
    day, month, year = (
        draw.random.randint(2, 28),
        draw.random.choice(MONTHS[draw.lang]),
        draw.number(1611, 1899),
    )
    forms = {
        "en": f"{day} {month} {year}",
        "de": f"{day}. {month} {year}",
        "fr": f"{day} {month} {year}",
        "zh": f"{year}年{month}月{day}日",
    }
    return forms[draw.lang]


def link(draw: Draw) -> str:
    """Write a link in markdown, with dots and a query in it, or an address."""
    n = draw.number(101, 999)
    if n % 2:
        return f"[{LINKS[draw.lang]} {n}](https://archive.example.org/works/v{n}.2/sheet?id={n}#front)"
    return f"https://maps.example.net/town.hall/{n}/index.html?layer=2&zoom=8.5"


def address(draw: Draw) -> str:
    """Write an e-mail address, an IBAN or a telephone number."""
    n = draw.number(1001, 9999)
    forms = (
        f"clerk.{n}@town-hall.example.org",
        f"CH{n % 90 + 10} 0483 {n} 2700 1900 {n % 10}",
        f"+41 44 {n % 900 + 100} 27 {n % 90 + 10}",
    )
    return draw.random.choice(forms)


def reference(draw: Draw) -> str:
    """Write a reference with abbreviations that end in full stops."""
    return REFERENCE[draw.lang].format(
        draw.number(10, 99), draw.random.randint(2, 9), draw.random.randint(2, 9)
    )


def values(draw: Draw, say: str, first: Value, second: Value) -> Sheet:
    """Return two long sentences with two values each."""
    sentence, ask = SAY[say][draw.lang]
    lines, facts, atoms = [], [], []
    for work in draw.some(WORKS[draw.lang], 2):
        a, b = first(draw), second(draw)
        lines.append(sentence.format(w=work, a=a, b=b))
        lines[-1] = lines[-1][0].upper() + lines[-1][1:]
        facts.append(Fact(ask.format(w=work), a, answer=(a,)))
        atoms += [a, b]
    return Sheet(draw.join([draw.prose(), *lines, draw.prose()]), facts, atoms)


TEMPLATES = {
    "value-numbers": partial(values, say="numbers", first=money, second=money),
    "value-dates": partial(values, say="dates", first=date, second=date),
    "value-links": partial(values, say="links", first=link, second=address),
    "value-references": partial(values, say="references", first=reference, second=reference),
}
