"""Negations that stand far before what they deny."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from evaluation.faithful.case import Sheet, yes_no
from evaluation.faithful.draw import Draw

KIND = "negation"
# (sentence, what denies it, what is denied, question)
NEITHER = {
    "en": (
        "Neither the {a} nor the {b} is liable for {harm} on the way to the fair.", "Neither the {a}",
        "is liable for {harm}", "Who is liable for {harm}?",
    ),
    "de": (
        "Weder der {a} noch der {b} haftet für {harm} auf dem Weg zur Messe.", "Weder der {a}",
        "haftet für {harm}", "Wer haftet für {harm}?",
    ),
    "fr": (
        "Ni le {a} ni le {b} ne répond de {harm} sur le chemin de la foire.", "Ni le {a}",
        "répond de {harm}", "Qui répond de {harm} ?",
    ),
    "zh": (
        "无论是{a}还是{b}，均不对前往集市途中的{harm}负责。", "还是{b}，均不", "对前往集市途中的{harm}负责", "谁对{harm}负责？",
    ),
}  # fmt: skip
# (sentence, what denies it, question)
NEVER = {
    "en": (
        "Under no circumstances, and whatever a steward may say, may {who} {act}.",
        "Under no circumstances", "May {who} {act}?",
    ),
    "de": (
        "Auf keinen Fall, was ein Ordner auch sagen mag, dürfen {who} {act}.", "Auf keinen Fall",
        "Dürfen {who} {act}?",
    ),
    "fr": (
        "En aucun cas, et quoi qu'en dise un steward, {who} ne peuvent {act}.", "En aucun cas",
        "Est-ce que {who} peuvent {act} ?",
    ),
    "zh": (
        "在任何情况下，不管工作人员怎么说，都不允许{who}{act}。", "都不", "允许{who}{act}吗？",
    ),
}  # fmt: skip
PARTIES = {
    "en": (
        "haulier", "drover", "saddler", "wainwright", "innkeeper", "cooper", "chandler", "farrier",
        "thatcher", "glazier", "potter", "weaver", "tanner", "fuller", "carter", "cutler",
    ),
    "de": (
        "Fuhrmann", "Viehtreiber", "Sattler", "Wagner", "Gastwirt", "Küfer", "Krämer", "Hufschmied",
        "Dachdecker", "Glaser", "Töpfer", "Weber", "Gerber", "Walker", "Kärrner", "Messerschmied",
    ),
    "fr": (
        "voiturier", "bouvier", "sellier", "charron", "aubergiste", "tonnelier", "cirier", "maréchal",
        "couvreur", "vitrier", "potier", "tisserand", "tanneur", "foulon", "charretier", "coutelier",
    ),
    "zh": (
        "车夫", "牧人", "鞍匠", "车匠", "店主", "桶匠", "蜡匠", "蹄铁匠", "盖屋匠", "玻璃匠", "陶匠", "织工", "制革匠", "漂布工", "脚夫",
        "刀匠",
    ),
}  # fmt: skip
HARMS = {
    "en": (
        "broken axles", "spilled milk", "lame horses", "torn sails", "wet flour", "stray geese",
        "bent wheels", "mouldy hay",
    ),
    "de": (
        "gebrochene Achsen", "verschüttete Milch", "lahme Pferde", "zerrissene Planen", "nasses Mehl",
        "entlaufene Gänse", "verbogene Räder", "schimmliges Heu",
    ),
    "fr": (
        "tout essieu brisé", "tout lait répandu", "tout cheval boiteux", "toute bâche déchirée",
        "toute farine mouillée", "toute oie égarée", "toute roue tordue", "tout foin moisi",
    ),
    "zh": (
        "断裂的车轴", "洒出的牛奶", "跛脚的马", "破裂的篷布", "受潮的面粉", "走失的鹅", "变形的车轮", "发霉的干草",
    ),
}  # fmt: skip
WHO = {
    "en": (
        "jugglers", "porters", "ushers", "bell ringers", "apprentices", "falconers", "pilgrims",
        "acrobats",
    ),
    "de": ("Gaukler", "Träger", "Platzanweiser", "Glöckner", "Lehrlinge", "Falkner", "Pilger", "Akrobaten"),
    "fr": (
        "les jongleurs", "les porteurs", "les placeurs", "les sonneurs", "les apprentis",
        "les fauconniers", "les pèlerins", "les acrobates",
    ),
    "zh": ("杂耍艺人", "搬运工", "引座员", "敲钟人", "学徒", "驯鹰人", "朝圣者", "杂技演员"),
}  # fmt: skip
ACT = {
    "en": (
        "sleep in the vestry", "ring after midnight", "cook in the tower", "carry lamps to the loft",
        "enter by the crypt", "feed the doves", "sell ribbons indoors", "bring dogs to the nave",
    ),
    "de": (
        "in der Sakristei schlafen", "nach Mitternacht läuten", "im Turm kochen",
        "Lampen auf den Boden tragen", "durch die Krypta eintreten", "die Tauben füttern",
        "drinnen Bänder verkaufen", "Hunde ins Schiff bringen",
    ),
    "fr": (
        "dormir à la sacristie", "sonner après minuit", "cuisiner dans la tour",
        "porter des lampes au grenier", "entrer par la crypte", "nourrir les colombes",
        "vendre des rubans à l'intérieur", "amener des chiens dans la nef",
    ),
    "zh": (
        "睡在圣器室", "午夜后敲钟", "在塔楼做饭", "把灯带上阁楼", "从地下室进入", "喂鸽子", "在室内卖丝带", "把狗带进中殿",
    ),
}  # fmt: skip


def neither(draw: Draw) -> Sheet:
    """Two parties, neither of whom is liable."""
    sentence, deny, claim, ask = NEITHER[draw.lang]
    lines, facts = [], []
    for harm in draw.some(HARMS[draw.lang], 2):
        a, b = draw.some(PARTIES[draw.lang], 2)
        lines.append(sentence.format(a=a, b=b, harm=harm))
        facts.append(yes_no(ask.format(harm=harm), claim.format(harm=harm), (deny.format(a=a, b=b),)))
    return Sheet(draw.join([draw.prose(), *lines, draw.prose()]), facts)


def never(draw: Draw) -> Sheet:
    """Return a ban whose negation is parted from the verb."""
    sentence, deny, ask = NEVER[draw.lang]
    who, act = draw.pick(WHO[draw.lang]), draw.pick(ACT[draw.lang])
    fact = yes_no(ask.format(who=who, act=act), act, (deny,))
    return Sheet(draw.join([draw.prose(), sentence.format(who=who, act=act), draw.prose()]), [fact])


TEMPLATES = {"negation-neither": neither, "negation-never": never}
