"""Structured documents made by rule, with what each part hangs on and what may not be cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

Range = tuple[int, int]

# A bar stands where an exception begins: what is kept of the sentence does not end before it.
EXCEPTIONS = {
    "en": "Guests of hall {n} may use the pool at any time, and it is free of charge, |except on Mondays.",
    "de": "Gäste der Halle {n} dürfen jederzeit baden, und der Eintritt ist frei, |außer an Montagen.",
    "fr": "Les clients de la salle {n} peuvent nager ici, et l'entrée est libre, |sauf le lundi et en hiver.",
    "es": "Los clientes de la sala {n} pueden nadar, y la entrada es libre, |salvo los lunes y en invierno.",
    "it": "Gli ospiti della sala {n} possono nuotare, e l'ingresso è libero, |tranne il lunedì e in inverno.",
    "pt": "Os clientes da sala {n} podem nadar, e a entrada é livre, |exceto às segundas e no inverno.",
    "zh": "{n}号馆的客人可以随时使用泳池，而且入场是免费的，但星期一和冬季|除外。",
    "ja": "{n}号館の客は泳池をいつでも利用でき、入場は無料である、|ただし月曜日と冬季を除く。",
    "ja, at the end": "{n}号線の運送人も、港の代理人である会社も、損失の責任を|負わない。",
}
# A bar stands behind a negation: what is kept of the sentence does not begin behind it.
NEGATIONS = {
    "en": "Neither| the carrier of line {n}, nor the agent in the port, nor the firm itself is liable here.",
    "de": "Weder| der Träger der Linie {n}, noch der Agent im Hafen, noch die Firma selbst ist haftbar.",
    "fr": "Ni| le transporteur de la ligne {n}, ni l'agent au port, ni la société n'est responsable ici.",
    "es": "Ni| el transportista de la línea {n}, ni el agente en el puerto, ni la empresa responde aquí.",
    "it": "Né| il vettore della linea {n}, né l'agente nel porto, né la ditta stessa è responsabile qui.",
    "pt": "Nem| o transportador da linha {n}, nem o agente no porto, nem a empresa em si é responsável aqui.",
    "en, said of clauses": "It is not| true that hall {n} is shut, the pool is dry, and the bar is shut.",
    "de, said of clauses": "Es ist nicht| so, dass Halle {n} zu ist, der Hof ist leer, und die Bar ist zu.",
    "fr, said of clauses": "Il n'est pas| vrai que le hall {n} est vide, le bar est plein, et il est clos.",
    "es, said of clauses": "No| es cierto que la sala {n} es cara, la piscina es nueva, y el bar es caro.",
    "it, said of clauses": "Non| è vero che la sala {n} è chiusa, la piscina è vuota, e il bar è pieno.",
    "pt, said of clauses": "Não| é verdade que a sala {n} é cara, a piscina é nova, e o bar é caro.",
    "zh": "没有|任何{n}号线的承运人承担损失，港口的代理人承担损失，公司本身承担损失。",
    "ja": "禁止|されている{n}号館の喫煙は罰金であり、港の代理人の喫煙は罰金であり、会社の喫煙も罰金である。",
}
ATOMS = (
    "1 250 {n} EUR", "12,{n} m³/h", "July 4, 2{n}", "[guide, part {n}](https://example.org/a,b/{n}?x=1#c)",
    "https://example.org/{n}/plan,a?b=c", "`set {n}, now`", "“stop {n}, and wait”", "AB-{n}-Z", "v2.{n}.1",
    "office.{n}@example.org", "CH93 0076 2011 6238 5{n} 7", "+49 (0)30 123 {n}", "3. April 2{n}",
)  # fmt: skip
PLAIN = (
    "The plan names {a} for the hall, it is painted by hand every year, and it is open to the town all day.",
    "In the hall it is warm all day, and the sign says {a}, and the town has a second one by the river.",
    "It was built by the town for {a}, it has two doors.",
    "See {a} there.",
)
HEADS = ("heading", "lead", "caption", "header", "key", "speaker")
WORDS = ("Harbour", "Lantern", "Quarry", "Orchard", "Viaduct", "Foundry", "Meadow", "Granary")


@dataclass
class Document:
    """A text under construction, and the truth about it.

    Attributes
    ----------
    nodes
        Range, kind and parent of each part.
    atoms
        What is never cut inside.
    limits
        Sentence and place: what is kept of the sentence does not end before the place.
    negations
        Sentence and place: what is kept does not begin behind the place.
    """

    text: str = ""
    nodes: list[tuple[Range, str, int]] = field(default_factory=list)
    atoms: list[Range] = field(default_factory=list)
    limits: list[tuple[Range, int]] = field(default_factory=list)
    negations: list[tuple[Range, int]] = field(default_factory=list)

    def write(self, text: str) -> None:
        """Add what belongs to no part."""
        self.text += text

    def add(self, text: str, kind: str, parent: int = -1) -> int:
        """Add a part; return its number."""
        self.nodes.append(((len(self.text), len(self.text) + len(text)), kind, parent))
        self.text += text
        return len(self.nodes) - 1

    def say(self, template: str, n: int, parent: int, prefix: str = "", kind: str = "sentence") -> int:
        """Add a sentence, an item or a value, and note what may not be cut in it."""
        atom = ATOMS[n % len(ATOMS)].format(n=n)
        marked = prefix + template.format(n=n, a=atom)
        plain, start = marked.replace("|", ""), len(self.text)
        number = self.add(plain, kind, parent)
        whole = (start, len(self.text))
        if "|" in marked:
            found = self.limits if template in EXCEPTIONS.values() else self.negations
            found.append((whole, start + marked.index("|")))
        if "{a}" in template:
            at = start + plain.index(atom)
            self.atoms.append((at, at + len(atom)))
        return number


TEMPLATES = st.sampled_from([*EXCEPTIONS.values(), *NEGATIONS.values(), *PLAIN, *PLAIN])
Draw = Callable[[st.SearchStrategy], object]


class _Numbers:
    """Three-digit numbers, none twice."""

    def __init__(self) -> None:
        self.last = 100

    def __call__(self) -> int:
        self.last += 1
        return self.last


def _heading(doc: Document, notation: str, level: int, place: tuple[int, ...], parent: int, n: int) -> int:
    title = f"{WORDS[n % len(WORDS)]} of ward {n}"
    doc.write("\n\n" if doc.text else "")
    if notation == "markdown":
        number = doc.add(f"{'#' * level} {title}", "heading", parent)
    elif notation == "underlined":
        number = doc.add(f"{title}\n{'=-'[level - 1] * 20}", "heading", parent)
    elif notation == "numbered":
        number = doc.add(f"{'.'.join(map(str, place))}{'.' if level == 1 else ''} {title}", "heading", parent)
    else:
        number = doc.add(f"{notation} {n} {title}", "heading", parent)
    doc.write("\n\n")
    return number


def _paragraph(draw: Draw, doc: Document, parent: int, number: _Numbers) -> None:
    for i, template in enumerate(draw(st.lists(TEMPLATES, min_size=1, max_size=3))):
        doc.write(" " if i else "")
        doc.say(template, number(), parent)


def _list(draw: Draw, doc: Document, parent: int, number: _Numbers) -> None:
    lead = doc.add(f"The contract of ward {number()} does not cover:", "lead", parent)
    for _ in range(draw(st.integers(1, 3))):
        doc.write("\n")
        nested = draw(st.booleans())
        if not nested:
            doc.say(f"the loss of {draw(st.sampled_from(WORDS)).lower()} {{a}}", number(), lead, "- ", "item")
            continue
        item = doc.add(f"- goods of class {number()}, if:", "lead", lead)
        for _ in range(draw(st.integers(1, 2))):
            doc.write("\n  ")
            doc.say("they lie in {a} there", number(), item, "- ", "item")


def _table(draw: Draw, doc: Document, parent: int, number: _Numbers) -> None:
    if draw(st.booleans()):
        parent = doc.add(f"Table {number()}: stock of the ward", "caption", parent)
        doc.write("\n\n")
    header = doc.add(f"| Item | Bin {number()} | Price |\n|---|---|---:|", "header", parent)
    for _ in range(draw(st.integers(2, 4))):
        n = number()
        doc.write("\n")
        doc.add(f"| {draw(st.sampled_from(WORDS))} | C-{n} | {n},50 EUR |", "row", header)


def _outline(draw: Draw, doc: Document, number: _Numbers) -> None:
    notation = draw(st.sampled_from(["markdown", "underlined", "numbered", "§", "Art.", "Section"]))
    deep = notation in ("markdown", "underlined", "numbered")
    for i in range(draw(st.integers(2, 3))):  # never one heading over all: that one may be left out
        top = _heading(doc, notation, 1, (i + 1,), -1, number())
        for j in range(draw(st.integers(1, 2)) if deep else 1):
            under = _heading(doc, notation, 2, (i + 1, j + 1), top, number()) if deep else top
            for k in range(draw(st.integers(1, 2))):
                doc.write("\n\n" if k else "")
                draw(st.sampled_from([_paragraph, _list, _table]))(draw, doc, under, number)


def _html(draw: Draw, doc: Document, number: _Numbers) -> None:
    doc.write("<html><body>")
    for _ in range(draw(st.integers(2, 3))):
        doc.write("<h2>")
        head = doc.add(f"Ward {number()} in short", "heading")
        doc.write("</h2>")
        if draw(st.booleans()):
            doc.write("<p>")
            doc.say(draw(TEMPLATES), number(), head)
            doc.write("</p>")
        doc.write("<table><tr><th>")
        header = doc.add(f"Item {number()}</th><th>Price</th>", "header", head)
        doc.write("</tr>")
        for _ in range(draw(st.integers(2, 3))):
            n = number()
            doc.write("<tr><td>")
            doc.add(f"Bolt {n}</td><td>{n},50 EUR", "row", header)
            doc.write("</td></tr>")
        doc.write("</table>")
    doc.write("</body></html>")


def _csv(draw: Draw, doc: Document, number: _Numbers) -> None:
    sign = draw(st.sampled_from([",", ";", "\t"]))
    header = doc.add(sign.join(["item", "bin", "price"]), "header")
    for _ in range(draw(st.integers(4, 7))):
        n = number()
        doc.write("\n")
        doc.add(sign.join([draw(st.sampled_from(WORDS)).lower(), f"C-{n}", f"{n}.50"]), "row", header)


def _json(draw: Draw, doc: Document, number: _Numbers) -> None:
    doc.write("{")
    for i in range(draw(st.integers(2, 3))):
        doc.write(",\n " if i else "\n ")
        key = doc.add(f'"ward {number()}"', "key")
        doc.write(": {")
        for j in range(draw(st.integers(1, 3))):
            n = number()
            doc.write(", " if j else "")
            doc.add(f'"fee {n}": {json.dumps(f"{n} EUR a year")}', "entry", key)
        doc.write("}")
    doc.write("\n}")


def _log(draw: Draw, doc: Document, number: _Numbers) -> None:
    for i in range(draw(st.integers(4, 8))):
        n = number()
        level = draw(st.sampled_from(["INFO ", "WARN ", "ERROR"]))
        doc.write("\n" if i else "")
        at = len(doc.text)
        doc.add(f"2031-04-05T10:00:{i:02}Z {level} db.pool host=10.0.0.{i} id={n}, not done, retry", "line")
        doc.atoms.append((at, len(doc.text)))


def _chat(draw: Draw, doc: Document, number: _Numbers) -> None:
    for i in range(draw(st.integers(2, 4))):
        doc.write("\n" if i else "")
        asker = doc.add("Anna:", "speaker")
        doc.write(" ")
        asked = doc.say("Can you tell me more about hall {n}?", number(), asker)
        doc.write("\n")
        label = doc.add("Boris:", "speaker", asked)
        for template in draw(st.lists(TEMPLATES, min_size=1, max_size=2)):
            doc.write(" ")
            doc.say(template, number(), label)


NOTATIONS = (_outline, _outline, _outline, _html, _csv, _json, _log, _chat)


@st.composite
def documents(draw) -> Document:
    """A document in one of the notations."""
    doc = Document()
    draw(st.sampled_from(NOTATIONS))(draw, doc, _Numbers())
    return doc
