"""Policies: what is paid for and what is not, as lists, nested lists, numbered lists and sentences."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from collections.abc import Callable

from evaluation.faithful.case import Sheet, yes_no
from evaluation.faithful.draw import Draw

KIND = "policy"
NAMES = (
    "Aurora",
    "Borea",
    "Cassia",
    "Delphin",
    "Eos",
    "Fiora",
    "Galea",
    "Halma",
    "Iris",
    "Juno",
    "Kalmia",
    "Lyra",
)
ITEMS = {
    "en": (
        "lost luggage", "cracked screens", "dental treatment", "missed flights", "mountain rescue",
        "hire car damage", "stolen passports", "unused ski passes", "delayed trains", "food poisoning",
        "pet boarding", "legal advice", "hail on caravans", "broken spectacles", "rented diving gear",
        "forgotten keys", "interrupted courses", "spoiled medicine", "damaged prams", "extra hotel nights",
        "concert tickets", "musical instruments", "riding accidents", "sunstroke", "postponed weddings",
        "towing at night", "jewellery in tents", "drone crashes", "phone calls home", "wheelchair repairs",
        "boat hire", "allergic reactions", "helicopter transfers", "translation of documents", "bicycle tyres",
        "hearing aids", "camera lenses", "airport parking", "vaccinations", "snake bites", "visa fees",
        "frozen pipes at home", "wedding rings", "guide dogs", "surfboards", "lost contact lenses",
        "stranded children", "search parties",
    ),
    "de": (
        "verlorenes Gepäck", "gesprungene Bildschirme", "Zahnbehandlungen", "verpasste Flüge", "Bergrettung",
        "Schäden am Mietwagen", "gestohlene Pässe", "ungenutzte Skipässe", "verspätete Züge",
        "Lebensmittelvergiftung", "Tierpensionen", "Rechtsberatung", "Hagel auf Wohnwagen",
        "zerbrochene Brillen", "geliehene Tauchgeräte", "vergessene Schlüssel", "abgebrochene Kurse",
        "verdorbene Arznei", "beschädigte Kinderwagen", "zusätzliche Hotelnächte", "Konzertkarten",
        "Musikinstrumente", "Reitunfälle", "Sonnenstich", "verschobene Hochzeiten", "Abschleppen bei Nacht",
        "Schmuck im Zelt", "abgestürzte Drohnen", "Anrufe nach Hause", "Reparaturen am Rollstuhl",
        "Bootsmiete", "allergische Reaktionen", "Hubschrauberflüge", "Übersetzung von Papieren",
        "Fahrradreifen", "Hörgeräte", "Objektive", "Parken am Flughafen", "Impfungen", "Schlangenbisse",
        "Visagebühren", "gefrorene Rohre daheim", "Eheringe", "Blindenhunde", "Surfbretter",
        "verlorene Kontaktlinsen", "gestrandete Kinder", "Suchtrupps",
    ),
    "fr": (
        "les bagages perdus", "les écrans fêlés", "les soins dentaires", "les vols manqués",
        "le secours en montagne", "les dégâts à la voiture louée", "les passeports volés",
        "les forfaits de ski inutilisés", "les trains en retard", "l'intoxication alimentaire",
        "la pension des animaux", "le conseil juridique", "la grêle sur les caravanes", "les lunettes cassées",
        "le matériel de plongée loué", "les clés oubliées", "les stages interrompus", "les remèdes gâtés",
        "les poussettes abîmées", "les nuits d'hôtel en plus", "les billets de concert",
        "les instruments de musique", "les accidents d'équitation", "les insolations", "les mariages reportés",
        "le remorquage de nuit", "les bijoux sous la tente", "les chutes de drone", "les appels à la famille",
        "la réparation du fauteuil roulant", "la location de bateaux", "les réactions allergiques",
        "les transferts en hélicoptère", "la traduction de papiers", "les pneus de vélo",
        "les appareils auditifs", "les objectifs photo", "le parking de l'aéroport", "les vaccins",
        "les morsures de serpent", "les frais de visa", "le gel des conduites à la maison", "les alliances",
        "les chiens d'aveugle", "les planches de surf", "les lentilles perdues", "les enfants bloqués",
        "les équipes de recherche",
    ),
    "zh": (
        "丢失的行李", "碎裂的屏幕", "牙科治疗", "错过的航班", "山地救援", "租车损坏", "被盗的护照", "未用的滑雪票",
        "火车晚点", "食物中毒", "宠物寄养", "法律咨询", "房车遭受冰雹", "摔坏的眼镜", "租来的潜水装备", "忘带的钥匙",
        "中断的课程", "变质的药品", "损坏的婴儿车", "额外的酒店住宿", "音乐会门票", "乐器", "骑马事故", "中暑",
        "推迟的婚礼", "夜间拖车", "帐篷里的首饰", "无人机坠毁", "打回家的电话", "轮椅修理", "租船", "过敏反应",
        "直升机转运", "文件翻译", "自行车轮胎", "助听器", "相机镜头", "机场停车", "疫苗接种", "蛇咬伤", "签证费",
        "家中水管冻裂", "结婚戒指", "导盲犬", "冲浪板", "遗失的隐形眼镜", "滞留的儿童", "搜寻队",
    ),
}  # fmt: skip
WORDS = {
    "en": {
        "yes": "We pay for", "no": "We do not pay for", "title": "Travel policy {name}", "colon": ":",
        "ask": "Does the {name} policy pay for {item}?", "when": ("on rail journeys", "at sea", "on foot"),
        "ask_when": "Does the {name} policy pay for {item} {when}?",
        "in": "The following are part of the {name} cover", "out": "The following are left out of the {name} cover",
        "say": "{name} pays for {a}, {b} and {c}, but not for {d} or {e}.", "but": "but not for", "pays": "pays for",
    },
    "de": {
        "yes": "Wir zahlen für", "no": "Wir zahlen nicht für", "title": "Reisepolice {name}", "colon": ":",
        "ask": "Zahlt die Police {name} für {item}?", "when": ("auf Bahnreisen", "auf See", "zu Fuß"),
        "ask_when": "Zahlt die Police {name} für {item} {when}?",
        "in": "Zum Schutz {name} gehören", "out": "Vom Schutz {name} ausgenommen sind",
        "say": "{name} zahlt für {a}, {b} und {c}, aber nicht für {d} oder {e}.",
        "but": "aber nicht für", "pays": "zahlt für",
    },
    "fr": {
        "yes": "Nous remboursons", "no": "Nous ne remboursons pas", "title": "Police de voyage {name}",
        "colon": " :", "ask": "La police {name} rembourse-t-elle {item} ?",
        "when": ("en train", "en mer", "à pied"), "ask_when": "La police {name} rembourse-t-elle {item} {when} ?",
        "in": "Font partie de la garantie {name}", "out": "Sont exclus de la garantie {name}",
        "say": "{name} rembourse {a}, {b} et {c}, mais pas {d} ni {e}.", "but": "mais pas", "pays": "rembourse",
    },
    "zh": {
        "yes": "我们赔付", "no": "我们不赔付", "title": "旅行保单{name}", "colon": "：",
        "ask": "保单{name}赔付{item}吗？", "when": ("乘火车时", "在海上", "徒步时"), "ask_when": "保单{name}赔付{when}{item}吗？",
        "in": "{name}保障包括以下各项", "out": "{name}保障不含以下各项",
        "say": "{name}赔付{a}、{b}和{c}，但不赔付{d}或{e}。", "but": "但不赔付", "pays": "赔付",
    },
}  # fmt: skip


def dashes(draw: Draw) -> Sheet:
    """Two lists with dashes, one of what is paid for and one of what is not."""
    return _lists(draw, lambda i: "- ", named=False)


def numbered(draw: Draw) -> Sheet:
    """Write the same with numbers, and the policy's name in the lead-ins."""
    return _lists(draw, lambda i: f"{i}. ", named=True)


def _lists(draw: Draw, mark: Callable[[int], str], named: bool) -> Sheet:
    say, name = WORDS[draw.lang], draw.pick(NAMES)
    leads = [(say["in"] if named else say["yes"]), (say["out"] if named else say["no"])]
    draw.random.shuffle(leads)
    parts, facts = [f"# {say['title'].format(name=name)}", draw.prose()], []
    for lead, other in zip(leads, leads[::-1], strict=True):
        lead, other = lead.format(name=name), other.format(name=name)
        items = draw.some(ITEMS[draw.lang], draw.random.randint(3, 5))
        parts.append("\n".join([lead + say["colon"], *(mark(i) + item for i, item in enumerate(items, 1))]))
        facts += [yes_no(say["ask"].format(name=name, item=i), i, (lead,), rivals=(other,)) for i in items]
    return Sheet("\n\n".join([*parts, draw.prose()]), facts)


def nested(draw: Draw) -> Sheet:
    """Write lists of two levels: whether it is paid for, then in what situation."""
    say, name = WORDS[draw.lang], draw.pick(NAMES)
    parts, facts = [f"## {say['title'].format(name=name)}", draw.prose()], []
    for lead in (say["yes"], say["no"]):
        lines = [lead + say["colon"]]
        times = draw.random.sample(say["when"], 2)
        for when in times:
            items = draw.some(ITEMS[draw.lang], 2)
            lines += [f"* {when}{say['colon']}", *(f"    * {item}" for item in items)]
            rivals = tuple(t for t in say["when"] if t != when)
            facts += [
                yes_no(say["ask_when"].format(name=name, item=i, when=when), i, (lead, when), rivals=rivals)
                for i in items
            ]
        parts.append("\n".join(lines))
    return Sheet("\n\n".join([*parts, draw.prose()]), facts)


def sentences(draw: Draw) -> Sheet:
    """Sentences that name what is paid for, then what is not."""
    say, lines, facts = WORDS[draw.lang], [], []
    names = draw.some(NAMES, 2)
    for name in names:
        items = draw.some(ITEMS[draw.lang], 5)
        others = tuple(n for n in names if n != name)
        lines.append(say["say"].format(name=name, **dict(zip("abcde", items, strict=True))))
        for item in items[:3]:
            ask = say["ask"].format(name=name, item=item)
            facts.append(yes_no(ask, item, (name,), (say["but"],), others))
        for item in items[3:]:
            ask = say["ask"].format(name=name, item=item)
            facts.append(yes_no(ask, item, (name, say["but"]), (), others))
    return Sheet(f"{draw.prose()}\n\n{draw.join(lines)}\n\n{draw.prose()}", facts)


TEMPLATES = {
    "policy-dashes": dashes,
    "policy-numbered": numbered,
    "policy-nested": nested,
    "policy-sentences": sentences,
}
