"""Contracts: exceptions inside a sentence and behind it, and terms that are defined under their name."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "contract"
# (sentence, what it grants, exception, question)
GRANTS = {
    "en": (
        (
            "The lessee may keep up to {n} hives on the meadow, with the exception of the strip beside the road, and may put up a shed for tools.",
            "{n} hives",
            "with the exception of the strip",
            "How many hives may the lessee keep on the meadow?",
        ),
        (
            "The publisher shall pay {n} crowns for each translated sheet, save where the manuscript is late, and bears the cost of proofs.",
            "{n} crowns",
            "save where the manuscript is late",
            "What does the publisher pay for each translated sheet?",
        ),
        (
            "The carrier shall deliver within {n} hours of loading, other than on the eve of a feast, and informs the buyer by wire.",
            "{n} hours",
            "other than on the eve",
            "Within how many hours shall the carrier deliver?",
        ),
        (
            "The singer grants {n} recordings a season, unless the voice is under care, and attends the press evening.",
            "{n} recordings",
            "unless the voice is under care",
            "How many recordings does the singer grant a season?",
        ),
    ),
    "de": (
        (
            "Der Pächter darf bis zu {n} Bienenstöcke auf der Wiese halten, mit Ausnahme des Streifens an der Straße, und einen Schuppen für Geräte errichten.",
            "{n} Bienenstöcke",
            "mit Ausnahme des Streifens",
            "Wie viele Bienenstöcke darf der Pächter auf der Wiese halten?",
        ),
        (
            "Der Verlag zahlt {n} Kronen für jeden übersetzten Bogen, sofern das Manuskript nicht verspätet ist, und trägt die Kosten der Fahnen.",
            "{n} Kronen",
            "sofern das Manuskript nicht verspätet ist",
            "Was zahlt der Verlag für jeden übersetzten Bogen?",
        ),
        (
            "Der Frachtführer liefert binnen {n} Stunden nach dem Laden, ausgenommen am Vorabend eines Festes, und verständigt den Käufer per Draht.",
            "{n} Stunden",
            "ausgenommen am Vorabend",
            "Binnen wie vieler Stunden liefert der Frachtführer?",
        ),
        (
            "Die Sängerin gewährt {n} Aufnahmen je Spielzeit, es sei denn, die Stimme wird behandelt, und nimmt am Presseabend teil.",
            "{n} Aufnahmen",
            "es sei denn, die Stimme wird behandelt",
            "Wie viele Aufnahmen gewährt die Sängerin je Spielzeit?",
        ),
    ),
    "fr": (
        (
            "Le preneur peut tenir jusqu'à {n} ruches sur le pré, à l'exception de la bande le long de la route, et dresser un abri pour les outils.",
            "{n} ruches",
            "à l'exception de la bande",
            "Combien de ruches le preneur peut-il tenir sur le pré ?",
        ),
        (
            "L'éditeur paie {n} couronnes par feuille traduite, sauf si le manuscrit est en retard, et supporte le coût des épreuves.",
            "{n} couronnes",
            "sauf si le manuscrit est en retard",
            "Combien l'éditeur paie-t-il par feuille traduite ?",
        ),
        (
            "Le transporteur livre dans les {n} heures du chargement, hormis la veille d'une fête, et prévient l'acheteur par dépêche.",
            "{n} heures",
            "hormis la veille",
            "Dans quel délai le transporteur livre-t-il ?",
        ),
        (
            "La chanteuse accorde {n} enregistrements par saison, à moins que la voix ne soit en soins, et assiste à la soirée de presse.",
            "{n} enregistrements",
            "à moins que la voix ne soit en soins",
            "Combien d'enregistrements la chanteuse accorde-t-elle par saison ?",
        ),
    ),
    "zh": (
        (
            "承租人可以在草地上放置最多{n}个蜂箱，但路边地带除外，并可搭建工具棚。",
            "{n}个蜂箱",
            "但路边地带除外",
            "承租人可以在草地上放置多少个蜂箱？",
        ),
        (
            "出版社为每张译稿支付{n}克朗，除非稿件迟交，并承担校样费用。",
            "{n}克朗",
            "除非稿件迟交",
            "出版社为每张译稿支付多少？",
        ),
        (
            "承运人应在装货后{n}小时内交付，节日前夕除外，并以电报通知买方。",
            "{n}小时",
            "节日前夕除外",
            "承运人应在多少小时内交付？",
        ),
        (
            "歌手每季同意录制{n}张唱片，除非嗓音正在治疗，并出席新闻晚会。",
            "{n}张唱片",
            "除非嗓音正在治疗",
            "歌手每季同意录制多少张唱片？",
        ),
    ),
}
# (rule, exception in a sentence of its own, question)
CARVED = {
    "en": (
        (
            "Orders can be returned within {n} days.",
            "{n} days",
            "This does not apply to bulbs and cut flowers.",
            "Within how many days can orders be returned?",
        ),
        (
            "Instruments are insured up to {n} florins.",
            "{n} florins",
            "Harps are excluded from this.",
            "Up to what sum are instruments insured?",
        ),
        (
            "Rehearsals may last {n} minutes.",
            "{n} minutes",
            "This does not hold for the week of the premiere.",
            "How long may rehearsals last?",
        ),
        (
            "The editor reads {n} pages a month free of charge.",
            "{n} pages",
            "Poems are exempt from this rule.",
            "How many pages does the editor read free of charge?",
        ),
    ),
    "de": (
        (
            "Bestellungen können binnen {n} Tagen zurückgegeben werden.",
            "{n} Tagen",
            "Dies gilt nicht für Zwiebeln und Schnittblumen.",
            "Binnen wie vieler Tage können Bestellungen zurückgegeben werden?",
        ),
        (
            "Instrumente sind bis {n} Gulden versichert.",
            "{n} Gulden",
            "Harfen sind davon ausgenommen.",
            "Bis zu welcher Summe sind Instrumente versichert?",
        ),
        (
            "Proben dürfen {n} Minuten dauern.",
            "{n} Minuten",
            "Dies gilt nicht in der Woche der Premiere.",
            "Wie lange dürfen Proben dauern?",
        ),
        (
            "Der Lektor liest monatlich {n} Seiten unentgeltlich.",
            "{n} Seiten",
            "Gedichte sind von dieser Regel ausgenommen.",
            "Wie viele Seiten liest der Lektor unentgeltlich?",
        ),
    ),
    "fr": (
        (
            "Les commandes peuvent être rendues sous {n} jours.",
            "{n} jours",
            "Cela ne vaut pas pour les bulbes et les fleurs coupées.",
            "Sous combien de jours peut-on rendre une commande ?",
        ),
        (
            "Les instruments sont assurés jusqu'à {n} florins.",
            "{n} florins",
            "Les harpes en sont exclues.",
            "Jusqu'à quelle somme les instruments sont-ils assurés ?",
        ),
        (
            "Les répétitions peuvent durer {n} minutes.",
            "{n} minutes",
            "Cela ne vaut pas la semaine de la première.",
            "Combien de temps peuvent durer les répétitions ?",
        ),
        (
            "Le lecteur lit {n} pages par mois sans frais.",
            "{n} pages",
            "Les poèmes échappent à cette règle.",
            "Combien de pages le lecteur lit-il sans frais ?",
        ),
    ),
    "zh": (
        ("订单可在{n}天内退货。", "{n}天", "球根和切花不适用此条。", "订单可在几天内退货？"),
        ("乐器投保最高{n}弗罗林。", "{n}弗罗林", "竖琴不在此列。", "乐器投保最高多少？"),
        ("排练可以持续{n}分钟。", "{n}分钟", "首演那一周不适用此规定。", "排练可以持续多久？"),
        ("编辑每月免费审读{n}页。", "{n}页", "诗歌不受此规则限制。", "编辑每月免费审读多少页？"),
    ),
}
TERMS = {
    "en": (
        "Quiet hours", "Notice period", "Loading window", "Grace period", "Trial time", "Open evening",
        "Fallow time", "Delivery slot",
    ),
    "de": (
        "Ruhezeit", "Ankündigungsfrist", "Ladefenster", "Nachfrist", "Probezeit", "Offener Abend",
        "Brachzeit", "Lieferfenster",
    ),
    "fr": (
        "Heures de silence", "Délai d'annonce", "Créneau de chargement", "Délai de grâce",
        "Période d'essai", "Soirée ouverte", "Temps de jachère", "Créneau de livraison",
    ),
    "zh": ("安静时段", "通知期限", "装货时段", "宽限期", "试用期", "开放之夜", "休耕期", "交付时段"),
}  # fmt: skip
MEANS = {
    "en": (
        "    means a span of {n} minutes counted from sunset.",
        "{n} minutes",
        "How many minutes does the term '{t}' mean?",
    ),
    "de": (
        "    bezeichnet eine Spanne von {n} Minuten ab Sonnenuntergang.",
        "{n} Minuten",
        "Wie viele Minuten bezeichnet der Begriff „{t}“?",
    ),
    "fr": (
        "    désigne une durée de {n} minutes à partir du coucher du soleil.",
        "{n} minutes",
        "Combien de minutes désigne le terme « {t} » ?",
    ),
    "zh": ("    指自日落起{n}分钟的时间。", "{n}分钟", "“{t}”一词指多少分钟？"),
}


def exceptions(draw: Draw) -> Sheet:
    """Long sentences with an exception in the middle."""
    (grant,) = draw.some(GRANTS[draw.lang], 1)
    sentence, short, limit, ask = grant
    n = draw.number(13, 96)
    fact = Fact(ask, short.format(n=n), after=(limit,))
    return Sheet(draw.join([draw.prose(), sentence.format(n=n), draw.prose()]), [fact], [fact.text])


def carved_out(draw: Draw) -> Sheet:
    """Return a rule, and what it does not apply to in the sentence behind it."""
    (carved,) = draw.some(CARVED[draw.lang], 1)
    rule, short, limit, ask = carved
    n = draw.number(13, 96)
    text = short.format(n=n)
    facts = [Fact(ask, text, after=(limit,)), Fact(ask, limit, (text,), answer=(text, limit))]
    return Sheet(draw.join([draw.prose(), rule.format(n=n), limit, draw.prose()]), facts, [text])


def terms(draw: Draw) -> Sheet:
    """Terms, each with its meaning on the next line."""
    sentence, short, ask = MEANS[draw.lang]
    names, parts, facts = draw.some(TERMS[draw.lang], 2), [draw.prose()], []
    for name in names:
        n = draw.number(13, 96)
        parts.append(f"{name}\n{sentence.format(n=n)}")
        facts.append(
            Fact(ask.format(t=name), short.format(n=n), (name,), rivals=tuple(t for t in names if t != name))
        )
    return Sheet("\n".join([*parts, "", draw.prose()]), facts, [f.text for f in facts])


TEMPLATES = {"contract-exceptions": exceptions, "contract-carved-out": carved_out, "contract-terms": terms}
