"""Price plans: sections that say the same sentences with other numbers, under headings in five notations."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "plan"
NAMES = {
    "en": ("Heron", "Lynx", "Otter", "Falcon", "Badger", "Marten", "Plover", "Beaver", "Kestrel", "Stoat", "Curlew", "Wren"),
    "de": ("Reiher", "Luchs", "Otter", "Falke", "Dachs", "Marder", "Kiebitz", "Biber", "Milan", "Wiesel", "Amsel", "Fink"),
    "fr": ("Héron", "Lynx", "Loutre", "Faucon", "Blaireau", "Martre", "Vanneau", "Castor", "Milan", "Hermine", "Merle", "Pinson"),
    "zh": ("苍鹭", "猞猁", "水獭", "猎鹰", "狗獾", "貂鼠", "麦鸡", "河狸", "红隼", "黄鼬", "乌鸫", "云雀"),
}  # fmt: skip
CLUBS = {
    "en": ("Rowing club Lindau", "Climbing hall Brenta", "Tennis ground Salix", "Fencing school Orlo", "Sailing club Varda"),
    "de": ("Ruderverein Lindau", "Kletterhalle Brenta", "Tennisplatz Salix", "Fechtschule Orlo", "Segelclub Varda"),
    "fr": ("Club d'aviron Lindau", "Salle d'escalade Brenta", "Tennis Salix", "École d'escrime Orlo", "Club de voile Varda"),
    "zh": ("林道赛艇俱乐部", "布伦塔攀岩馆", "柳园网球场", "奥洛击剑学校", "瓦尔达帆船会"),
}  # fmt: skip
SAY = {
    "en": (
        ("Membership costs {} euros a month.", "{} euros", "What does a month of the {} membership cost?"),
        ("It can be ended with {} days' notice.", "{} days", "With how many days' notice can the {} membership be ended?"),
        ("Lockers are rented out for {} cents an hour.", "{} cents", "What is a locker an hour for {} members?"),
    ),
    "de": (
        ("Der Monatsbeitrag beträgt {} Euro.", "{} Euro", "Wie hoch ist der Monatsbeitrag im Tarif {}?"),
        ("Gekündigt wird mit einer Frist von {} Tagen.", "{} Tagen", "Mit welcher Frist wird der Tarif {} gekündigt?"),
        ("Schließfächer kosten {} Cent in der Stunde.", "{} Cent", "Was kostet ein Schließfach im Tarif {}?"),
    ),
    "fr": (
        ("L'adhésion coûte {} euros par mois.", "{} euros", "Combien coûte un mois de la formule {} ?"),
        ("Elle se résilie avec un préavis de {} jours.", "{} jours", "Avec quel préavis résilie-t-on la formule {} ?"),
        ("Les casiers se louent {} centimes l'heure.", "{} centimes", "Combien coûte un casier dans la formule {} ?"),
    ),
    "zh": (
        ("每月会费为{}欧元。", "{}欧元", "{}方案每月会费是多少？"),
        ("解约须提前{}天通知。", "{}天", "{}方案解约须提前几天通知？"),
        ("储物柜每小时{}欧分。", "{}欧分", "{}方案的储物柜每小时多少钱？"),
    ),
}  # fmt: skip
SUB = {"en": " of the {}", "de": " ({})", "fr": " ({})", "zh": "（{}）"}
Mark = Callable[[int, str, str], str]  # number, name, body -> section


def _html(i: int, name: str, body: str) -> str:
    return f"<h3>{name}</h3><p>{body}</p>"


def _numbered(i: int, name: str, body: str) -> str:
    return f"4.{i} {name}\n{body}"


NOTATIONS: dict[str, Mark] = {
    "markdown": lambda i, name, body: f"## {name}\n\n{body}",
    "html": _html,
    "numbered": _numbered,
    "underlined": lambda i, name, body: f"{name}\n{'-' * max(6, len(name))}\n{body}",
    "bold": lambda i, name, body: f"**{name}**\n\n{body}",
}


def _body(draw: Draw) -> list[tuple[str, str, str]]:
    """Draw two sentences, each with the text of its number and the question about it."""
    made = []
    for sentence, short, ask in draw.random.sample(SAY[draw.lang], 2):
        n = draw.number(11, 990)
        made.append((sentence.format(n), short.format(n), ask))
    return made


def sections(draw: Draw, mark: Mark) -> Sheet:
    """One heading a plan, the same sentences under each."""
    names, parts, facts = draw.some(NAMES[draw.lang], 3), [draw.prose()], []
    for i, name in enumerate(names, 1):
        said = _body(draw)
        parts.append(mark(i, name, draw.join(s for s, _, _ in said)))
        others = tuple(n for n in names if n != name)
        facts += [Fact(ask.format(name), text, (name,), rivals=others) for _, text, ask in said]
    text = ("" if mark is _html else "\n\n").join(
        [f"<p>{parts[0]}</p>" if mark is _html else parts[0], *parts[1:]]
    )
    return Sheet(f"{text}\n\n{draw.prose()}", facts, [f.text for f in facts])


def two_levels(draw: Draw) -> Sheet:
    """Two clubs, each with plans of the same names."""
    names, parts, facts = draw.some(NAMES[draw.lang], 2), [draw.prose()], []
    for club in _clubs(draw):
        parts.append(f"# {club}")
        for name in names:
            said = _body(draw)
            parts.append(f"## {name}\n\n{draw.join(s for s, _, _ in said)}")
            others = tuple(n for n in names if n != name)
            asked = name + SUB[draw.lang].format(club)
            facts += [Fact(ask.format(asked), text, (club, name), rivals=others) for _, text, ask in said]
    return Sheet("\n\n".join([*parts, draw.prose()]), facts, [f.text for f in facts])


def _clubs(draw: Draw) -> list[str]:
    """Two clubs; every chunk of a case may have the same two."""
    return draw.random.sample(CLUBS[draw.lang], 2)


TEMPLATES = {f"plan-{name}": partial(sections, mark=mark) for name, mark in NOTATIONS.items()}
TEMPLATES["plan-two-levels"] = two_levels
