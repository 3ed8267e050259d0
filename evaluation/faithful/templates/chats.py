"""Chats: who said it, and to what question it is the answer."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "chat"
PEOPLE = {
    "en": (
        "Agatha", "Bruno", "Celeste", "Dario", "Edith", "Fabian", "Greta", "Hugo", "Ines", "Jasper",
        "Klara", "Leo",
    ),
    "zh": ("阿兰", "柏青", "春霞", "大伟", "恩惠", "方圆", "国栋", "海燕", "建平", "开颜", "丽华", "明远"),
}  # fmt: skip
THINGS = {
    "en": (
        "folding chairs", "lanterns", "music stands", "blankets", "jugs", "cushions", "candles", "baskets",
        "umbrellas", "trays", "garlands", "kettles",
    ),
    "de": (
        "Klappstühle", "Laternen", "Notenpulte", "Decken", "Krüge", "Kissen", "Kerzen", "Körbe", "Schirme",
        "Tabletts", "Girlanden", "Kessel",
    ),
    "fr": (
        "chaises pliantes", "lanternes", "pupitres", "couvertures", "cruches", "coussins", "bougies",
        "paniers", "parapluies", "plateaux", "guirlandes", "bouilloires",
    ),
    "zh": ("折叠椅", "灯笼", "谱架", "毯子", "水壶", "靠垫", "蜡烛", "篮子", "雨伞", "托盘", "花环", "茶壶"),
}  # fmt: skip
BRING = {
    "en": (
        "I can bring {n} {thing} on Saturday.", "{n} {thing}",
        "How many things does {who} bring on Saturday?",
        "Fine, then I look after the rest with my brother.",
    ),
    "de": (
        "Ich kann am Samstag {n} {thing} mitbringen.", "{n} {thing}",
        "Was und wie viel bringt {who} am Samstag mit?",
        "Gut, dann kümmere ich mich mit meinem Bruder um den Rest.",
    ),
    "fr": (
        "Je peux apporter {n} {thing} samedi.", "{n} {thing}",
        "Combien de choses {who} apporte-t-il samedi ?",
        "Très bien, alors je m'occupe du reste avec mon frère.",
    ),
    "zh": (
        "我星期六可以带{n}个{thing}来。", "{n}个{thing}", "{who}星期六带多少东西来？", "好的，那剩下的我和我哥哥来办。",
    ),
}  # fmt: skip
# (question in the chat, answer, what of the answer is asked for)
ASKED = {
    "en": (
        (
            "When does the cloakroom close tonight?",
            "At {n} minutes past nine, I think.",
            "{n} minutes past nine",
        ),
        ("How late may the kitchen be used on Sundays?", "Until {n} minutes to ten.", "{n} minutes to ten"),
        ("How many scores are still missing?", "There are {n} of them.", "{n} of them"),
        ("How far is the chapel from the station?", "About {n} hundred steps.", "{n} hundred steps"),
        ("How many people may sit on the gallery?", "It holds {n} at most.", "{n} at most"),
        ("How long is the interval?", "A good {n} minutes.", "good {n} minutes"),
        ("What does the poster cost to print?", "They want {n} crowns.", "{n} crowns"),
        ("Which room is the storeroom?", "It is number {n}.", "number {n}"),
        ("How many buses go there in the evening?", "Only {n} or so.", "{n} or so"),
    ),
    "de": (
        (
            "Wann schließt heute die Garderobe?",
            "Um {n} Minuten nach neun, glaube ich.",
            "{n} Minuten nach neun",
        ),
        (
            "Wie lange darf sonntags die Küche benutzt werden?",
            "Bis {n} Minuten vor zehn.",
            "{n} Minuten vor zehn",
        ),
        ("Wie viele Partituren fehlen noch?", "Es sind {n} Stück.", "{n} Stück"),
        (
            "Wie weit ist es vom Bahnhof zur Kapelle?",
            "Ungefähr {n} hundert Schritte.",
            "{n} hundert Schritte",
        ),
        ("Wie viele Leute passen auf die Empore?", "Höchstens {n} gehen da hin.", "{n} gehen da hin"),
        ("Wie lang ist die Pause?", "Gute {n} Minuten.", "Gute {n} Minuten"),
        ("Was kostet der Druck des Plakats?", "Sie wollen {n} Kronen.", "{n} Kronen"),
        ("Welcher Raum ist das Lager?", "Das ist Nummer {n}.", "Nummer {n}"),
        ("Wie viele Busse fahren abends dorthin?", "Nur etwa {n} davon.", "{n} davon"),
    ),
    "fr": (
        ("Quand ferme le vestiaire ce soir ?", "À neuf heures {n}, je crois.", "neuf heures {n}"),
        (
            "Jusqu'à quand peut-on utiliser la cuisine le dimanche ?",
            "Jusqu'à dix heures moins {n}.",
            "moins {n}",
        ),
        ("Combien de partitions manquent encore ?", "Il y en a {n} en tout.", "{n} en tout"),
        (
            "À quelle distance de la gare est la chapelle ?",
            "Environ {n} centaines de pas.",
            "{n} centaines de pas",
        ),
        ("Combien de personnes tiennent sur la galerie ?", "Elle en porte {n} au plus.", "{n} au plus"),
        ("Combien dure l'entracte ?", "Une bonne {n} de minutes.", "{n} de minutes"),
        ("Combien coûte l'impression de l'affiche ?", "Ils veulent {n} couronnes.", "{n} couronnes"),
        ("Quelle salle est la réserve ?", "C'est le numéro {n}.", "numéro {n}"),
        ("Combien de bus y vont le soir ?", "Seulement {n} à peu près.", "{n} à peu près"),
    ),
    "zh": (
        ("今晚衣帽间几点关门？", "我想是九点{n}分。", "九点{n}分"),
        ("星期天厨房可以用到几点？", "到十点差{n}分。", "差{n}分"),
        ("还缺多少份乐谱？", "一共{n}份。", "{n}份"),
        ("教堂离车站多远？", "大约{n}百步。", "{n}百步"),
        ("楼座可以坐多少人？", "最多{n}位。", "{n}位"),
        ("中场休息多长时间？", "足有{n}分钟。", "{n}分钟"),
        ("印海报要多少钱？", "他们要{n}克朗。", "{n}克朗"),
        ("哪个房间是储藏室？", "是{n}号。", "{n}号"),
        ("晚上有几班公交去那里？", "只有{n}班左右。", "{n}班"),
    ),
}
COLON = {"en": ": ", "de": ": ", "fr": " : ", "zh": "："}


def speakers(draw: Draw) -> Sheet:
    """Everybody says what they bring; who, stands before the colon alone."""
    say, short, ask, reply = BRING[draw.lang]
    people = draw.some(PEOPLE.get(draw.lang, PEOPLE["en"]), 3)
    made, facts = [], []
    for person, words in zip(people, (0.34, 0.34, 0.34), strict=True):
        n, thing = draw.number(12, 98), draw.pick(THINGS[draw.lang])
        others = tuple(p for p in people if p != person)
        made.append((person, f"{draw.prose(words)}{draw.join(['', say.format(n=n, thing=thing)])}"))
        facts.append(Fact(ask.format(who=person), short.format(n=n, thing=thing), (person,), rivals=others))
    made.append((draw.random.choice(people), reply))
    return Sheet("\n".join(person + COLON[draw.lang] + text for person, text in made), facts)


def answers(draw: Draw) -> Sheet:
    """Questions and short answers, with stamps; an answer says nothing without its question."""
    people = draw.some(PEOPLE.get(draw.lang, PEOPLE["en"]), 2)
    made, facts, asked = [], [], draw.some(ASKED[draw.lang], 2)
    for question, answer, short in asked:
        n = draw.number(12, 57)
        others = tuple(q for q, _, _ in asked if q != question)
        one, other = draw.random.sample(people, 2)
        made += [(one, question), (other, answer.format(n=n)), (one, draw.prose(0.5))]
        facts.append(Fact(question, short.format(n=n), (question,), rivals=others))
    hour = draw.random.randint(1, 9)
    stamps = [f"[0{hour}:{10 + i}] " for i in range(len(made))]
    return Sheet(
        "\n".join(s + p + COLON[draw.lang] + t for s, (p, t) in zip(stamps, made, strict=True)), facts
    )


TEMPLATES = {"chat-speakers": speakers, "chat-answers": answers}
