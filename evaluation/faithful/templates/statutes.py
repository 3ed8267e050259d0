"""Statutes and house rules: sections, numbered clauses with exceptions, lettered lists of what is forbidden."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from evaluation.faithful.case import Fact, Sheet, yes_no
from evaluation.faithful.draw import Draw

KIND = "statute"
# (rule, what limits it, question)
RULES = {
    "en": (
        ("Members may borrow the seed drill over a weekend", "except during the harvest fair", "When may members borrow the seed drill?"),
        ("Boats may moor at the east jetty overnight", "unless a storm warning is in force", "May boats moor at the east jetty overnight?"),
        ("Dogs are allowed in the reading garden", "only if they wear a bell", "Are dogs allowed in the reading garden?"),
        ("Fires may be lit on the gravel bank", "provided that a warden is present", "May fires be lit on the gravel bank?"),
        ("The archive lends originals to schools", "save for charters older than the abbey", "Does the archive lend originals to schools?"),
        ("Tenants may plant fruit trees along the hedge", "unless the neighbour objects in writing", "May tenants plant fruit trees along the hedge?"),
        ("Coaches may stop in front of the theatre", "except on evenings of a premiere", "May coaches stop in front of the theatre?"),
        ("Honey may be sold at the lodge", "only if the jars carry a seal", "May honey be sold at the lodge?"),
        ("Choirs may use the crypt without charge", "as long as they leave before vespers", "May choirs use the crypt without charge?"),
        ("Anglers may fish from the weir", "but not while the sluice is open", "May anglers fish from the weir?"),
        ("Drones may be flown over the orchard", "unless herons are nesting", "May drones be flown over the orchard?"),
        ("Guests may sleep in the hayloft", "provided that nobody smokes there", "May guests sleep in the hayloft?"),
    ),
    "de": (
        ("Mitglieder dürfen die Sämaschine übers Wochenende ausleihen", "außer während des Erntemarkts", "Wann dürfen Mitglieder die Sämaschine ausleihen?"),
        ("Boote dürfen über Nacht am Oststeg liegen", "es sei denn, es gilt eine Sturmwarnung", "Dürfen Boote über Nacht am Oststeg liegen?"),
        ("Hunde sind im Lesegarten erlaubt", "aber nur, wenn sie eine Glocke tragen", "Sind Hunde im Lesegarten erlaubt?"),
        ("Auf der Kiesbank darf Feuer gemacht werden", "sofern ein Wart anwesend ist", "Darf auf der Kiesbank Feuer gemacht werden?"),
        ("Das Archiv verleiht Urschriften an Schulen", "mit Ausnahme der Urkunden aus der Abtei", "Verleiht das Archiv Urschriften an Schulen?"),
        ("Pächter dürfen an der Hecke Obstbäume pflanzen", "es sei denn, der Nachbar widerspricht schriftlich", "Dürfen Pächter an der Hecke Obstbäume pflanzen?"),
        ("Reisebusse dürfen vor dem Theater halten", "außer an Abenden einer Premiere", "Dürfen Reisebusse vor dem Theater halten?"),
        ("Honig darf an der Hütte verkauft werden", "allerdings nur, wenn die Gläser versiegelt sind", "Darf an der Hütte Honig verkauft werden?"),
        ("Chöre dürfen die Krypta kostenlos nutzen", "solange sie vor der Vesper gehen", "Dürfen Chöre die Krypta kostenlos nutzen?"),
        ("Angler dürfen vom Wehr aus fischen", "jedoch nicht bei offener Schleuse", "Dürfen Angler vom Wehr aus fischen?"),
        ("Drohnen dürfen über dem Obstgarten fliegen", "sofern dort keine Reiher brüten", "Dürfen Drohnen über dem Obstgarten fliegen?"),
        ("Gäste dürfen auf dem Heuboden schlafen", "vorausgesetzt, dass dort niemand raucht", "Dürfen Gäste auf dem Heuboden schlafen?"),
    ),
    "fr": (
        ("Les membres peuvent emprunter le semoir le temps d'un week-end", "sauf pendant la foire des moissons", "Quand les membres peuvent-ils emprunter le semoir ?"),
        ("Les bateaux peuvent passer la nuit au ponton est", "à moins qu'un avis de tempête ne soit en vigueur", "Les bateaux peuvent-ils passer la nuit au ponton est ?"),
        ("Les chiens sont admis au jardin de lecture", "seulement s'ils portent un grelot", "Les chiens sont-ils admis au jardin de lecture ?"),
        ("On peut faire du feu sur le banc de gravier", "à condition qu'un garde soit présent", "Peut-on faire du feu sur le banc de gravier ?"),
        ("Les archives prêtent des originaux aux écoles", "à l'exception des chartes de l'abbaye", "Les archives prêtent-elles des originaux aux écoles ?"),
        ("Les locataires peuvent planter des fruitiers le long de la haie", "sauf si le voisin s'y oppose par écrit", "Peut-on planter des fruitiers le long de la haie ?"),
        ("Les autocars peuvent s'arrêter devant le théâtre", "excepté les soirs de première", "Les autocars peuvent-ils s'arrêter devant le théâtre ?"),
        ("Le miel peut être vendu au refuge", "uniquement si les pots sont scellés", "Le miel peut-il être vendu au refuge ?"),
        ("Les chorales disposent de la crypte sans frais", "pourvu qu'elles partent avant les vêpres", "Les chorales disposent-elles de la crypte sans frais ?"),
        ("Les pêcheurs peuvent pêcher depuis le barrage", "mais pas quand l'écluse est ouverte", "Peut-on pêcher depuis le barrage ?"),
        ("Les drones peuvent survoler le verger", "sauf si des hérons y nichent", "Les drones peuvent-ils survoler le verger ?"),
        ("Les hôtes peuvent dormir dans le fenil", "à condition que personne n'y fume", "Les hôtes peuvent-ils dormir dans le fenil ?"),
    ),
    "zh": (
        ("会员可以在周末借用播种机", "但收获集市期间除外", "会员什么时候可以借用播种机？"),
        ("船只可以在东码头停泊过夜", "除非发布了风暴预警", "船只可以在东码头停泊过夜吗？"),
        ("狗可以进入阅读花园", "但必须佩戴铃铛", "狗可以进入阅读花园吗？"),
        ("砾石滩上可以生火", "前提是有管理员在场", "砾石滩上可以生火吗？"),
        ("档案馆向学校出借原件", "修道院的古文书除外", "档案馆向学校出借原件吗？"),
        ("租户可以沿树篱种植果树", "除非邻居书面反对", "租户可以沿树篱种植果树吗？"),
        ("大巴可以在剧院门前停靠", "首演之夜除外", "大巴可以在剧院门前停靠吗？"),
        ("山屋可以出售蜂蜜", "但罐子必须加封", "山屋可以出售蜂蜜吗？"),
        ("合唱团可以免费使用地下室", "只要在晚祷之前离开", "合唱团可以免费使用地下室吗？"),
        ("钓鱼者可以在堤坝上垂钓", "但水闸开启时不得垂钓", "可以在堤坝上垂钓吗？"),
        ("无人机可以飞越果园", "除非苍鹭正在筑巢", "无人机可以飞越果园吗？"),
        ("客人可以睡在干草棚里", "条件是无人在那里吸烟", "客人可以睡在干草棚里吗？"),
    ),
}  # fmt: skip
BOUND = {  # a sum and what it hangs on, under a heading: (sentence, sum, condition, question)
    "en": ("The deposit is {n} crowns unless the {who} has stood surety.", "{n} crowns", "unless the {who}", "How high is the deposit for {title}?"),
    "de": ("Die Kaution beträgt {n} Kronen, es sei denn, der {who} hat gebürgt.", "{n} Kronen", "es sei denn, der {who}", "Wie hoch ist die Kaution für {title}?"),
    "fr": ("La caution est de {n} couronnes, sauf si le {who} s'est porté garant.", "{n} couronnes", "sauf si le {who}", "De combien est la caution pour {title} ?"),
    "zh": ("押金为{n}克朗，除非{who}已作担保。", "{n}克朗", "除非{who}", "{title}的押金是多少？"),
}  # fmt: skip
TITLES = {
    "en": ("Berths", "Stalls", "Workshops", "Cellars", "Greenhouses", "Bandstands", "Boathouses", "Kilns", "Meadows", "Lofts", "Presses", "Wells"),
    "de": ("Liegeplätze", "Stände", "Werkstätten", "Keller", "Gewächshäuser", "Pavillons", "Bootshäuser", "Brennöfen", "Wiesen", "Dachböden", "Keltern", "Brunnen"),
    "fr": ("Mouillages", "Étals", "Ateliers", "Caves", "Serres", "Kiosques", "Hangars", "Fours", "Prés", "Greniers", "Pressoirs", "Puits"),
    "zh": ("泊位", "摊位", "工坊", "地窖", "温室", "演奏台", "船屋", "窑炉", "草地", "阁楼", "榨房", "水井"),
}  # fmt: skip
WHO = {
    "en": ("mayor", "abbot", "miller", "notary", "baker", "forester", "teacher", "doctor", "smith", "ferryman", "organist", "vintner"),
    "de": ("Bürgermeister", "Abt", "Müller", "Notar", "Bäcker", "Förster", "Lehrer", "Arzt", "Schmied", "Fährmann", "Organist", "Winzer"),
    "fr": ("maire", "curé", "meunier", "notaire", "boulanger", "forestier", "maître d'école", "médecin", "forgeron", "passeur", "sacristain", "vigneron"),
    "zh": ("镇长", "院长", "磨坊主", "公证人", "面包师", "护林员", "教师", "医生", "铁匠", "船夫", "琴师", "酿酒师"),
}  # fmt: skip
LETTERS = {
    "en": ("Article {n}. In the reserve it is forbidden to", "Article {n}. In the reserve it is permitted to", "Is it forbidden or permitted to {act} in the reserve?", ":"),
    "de": ("Artikel {n}. Im Schutzgebiet ist es verboten", "Artikel {n}. Im Schutzgebiet ist es gestattet", "Ist es im Schutzgebiet verboten oder gestattet, {act}?", ":"),
    "fr": ("Article {n}. Dans la réserve, il est interdit de", "Article {n}. Dans la réserve, il est permis de", "Est-il interdit ou permis de {act} dans la réserve ?", " :"),
    "zh": ("第{n}条 保护区内禁止", "第{n}条 保护区内允许", "保护区内禁止还是允许{act}？", "："),
}  # fmt: skip
ACTS = {
    "en": ("gather mushrooms", "pitch a tent", "cut reeds", "ride a horse", "swim in the pond", "pick berries", "fly a kite", "collect feathers", "play music", "graze sheep", "skate on the ice", "photograph nests", "row a boat", "dig for worms", "sow flowers", "walk off the path", "feed the swans", "climb the rocks", "burn leaves", "carve the bark", "hold a service", "run a race", "build a hide", "sell postcards"),
    "de": ("Pilze zu sammeln", "ein Zelt aufzuschlagen", "Schilf zu schneiden", "zu reiten", "im Weiher zu baden", "Beeren zu pflücken", "Drachen steigen zu lassen", "Federn zu sammeln", "Musik zu machen", "Schafe zu weiden", "auf dem Eis zu laufen", "Nester zu fotografieren", "Boot zu fahren", "nach Würmern zu graben", "Blumen zu säen", "die Wege zu verlassen", "Schwäne zu füttern", "auf Felsen zu klettern", "Laub zu verbrennen", "Rinde zu ritzen", "Andachten zu halten", "Wettläufe zu veranstalten", "Ansitze zu bauen", "Postkarten zu verkaufen"),
    "fr": ("cueillir des champignons", "planter une tente", "couper des roseaux", "monter à cheval", "nager dans l'étang", "ramasser des baies", "faire voler un cerf-volant", "récolter des plumes", "jouer de la musique", "faire paître des moutons", "patiner sur la glace", "photographier les nids", "ramer", "chercher des vers", "semer des fleurs", "quitter le sentier", "nourrir les cygnes", "grimper aux rochers", "brûler des feuilles", "graver l'écorce", "célébrer un office", "organiser une course", "bâtir un affût", "vendre des cartes"),
    "zh": ("采蘑菇", "搭帐篷", "割芦苇", "骑马", "在池塘游泳", "摘浆果", "放风筝", "收集羽毛", "演奏音乐", "放羊", "在冰上滑行", "拍摄鸟巢", "划船", "挖蚯蚓", "播种花卉", "离开小路", "喂天鹅", "攀爬岩石", "焚烧落叶", "刻划树皮", "举行礼拜", "组织赛跑", "搭建观鸟棚", "出售明信片"),
}  # fmt: skip


def _clause(lang: str, rule: str, limit: str) -> str:
    if lang == "zh":
        return f"{rule}，{limit}。"
    return f"{rule}{',' if lang == 'de' else ''} {limit}."


def clauses(draw: Draw) -> Sheet:
    """Numbered clauses, a rule and its limit each."""
    rules = draw.some(RULES[draw.lang], 3)
    head = {"en": "Art. {}", "de": "Art. {}", "fr": "Art. {}", "zh": "第{}条"}[draw.lang].format(
        draw.number(2, 60)
    )
    lines = [f"({i}) {_clause(draw.lang, rule, limit)}" for i, (rule, limit, _) in enumerate(rules, 1)]
    facts = [yes_no(ask, rule, after=(limit,)) for rule, limit, ask in rules]
    return Sheet("\n".join([head, *lines, f"({len(lines) + 1}) {draw.prose(1.0)}"]), facts)


def rules_in_prose(draw: Draw) -> Sheet:
    """Write the same rules in a paragraph."""
    rules = draw.some(RULES[draw.lang], 3)
    lines = [_clause(draw.lang, rule, limit) for rule, limit, _ in rules]
    facts = [yes_no(ask, rule, after=(limit,)) for rule, limit, ask in rules]
    return Sheet(draw.join([draw.prose(), *lines, draw.prose()]), facts)


def bounded(draw: Draw) -> Sheet:
    """Sections whose headings say what a sum is for, and sentences that say when it is not due."""
    sentence, short, limit, ask = BOUND[draw.lang]
    titles, parts, facts = draw.some(TITLES[draw.lang], 3), [draw.prose()], []
    for title, who in zip(titles, draw.some(WHO[draw.lang], 3), strict=True):
        n, number = draw.number(120, 980), draw.number(5, 99)
        mark = f"第{number}条" if draw.lang == "zh" else f"§ {number}"
        parts.append(f"{mark} {title}\n{sentence.format(n=n, who=who)}")
        others = tuple(t for t in titles if t != title)
        facts.append(
            Fact(ask.format(title=title), short.format(n=n), (title,), (limit.format(who=who),), others)
        )
    return Sheet("\n\n".join([*parts, draw.prose()]), facts, [f.text for f in facts])


def letters(draw: Draw) -> Sheet:
    """Lettered lists of what is forbidden and of what is permitted."""
    *leads, ask, colon = LETTERS[draw.lang]
    draw.random.shuffle(leads)
    parts, facts = [draw.prose()], []
    leads = [lead.format(n=draw.number(3, 80)) for lead in leads]
    for lead, other in zip(leads, leads[::-1], strict=True):
        acts = draw.some(ACTS[draw.lang], 3)
        parts.append(
            "\n".join([lead + colon, *(f"({c}) {act};" for c, act in zip("abc", acts, strict=True))])
        )
        short, rival = (_after_number(each) for each in (lead, other))
        facts += [yes_no(ask.format(act=act), act, (short,), rivals=(rival,)) for act in acts]
    return Sheet("\n\n".join([*parts, draw.prose()]), facts)


def _after_number(lead: str) -> str:
    """Return a lead-in without "Article 12."."""
    return lead.split(" ", 1)[1] if lead.startswith("第") else lead.split(". ", 1)[1]


TEMPLATES = {
    "statute-clauses": clauses,
    "statute-prose": rules_in_prose,
    "statute-sections": bounded,
    "statute-letters": letters,
}
