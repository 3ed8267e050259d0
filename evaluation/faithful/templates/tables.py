"""Tables in six notations, with a caption that carries the unit, and rows that say what section follows."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "table"
ROWS = {
    "en": (
        "Boskoop",
        "Elstar",
        "Jonagold",
        "Topaz",
        "Rubinette",
        "Braeburn",
        "Idared",
        "Santana",
        "Glockenapfel",
        "Berlepsch",
        "Discovery",
        "Pinova",
        "Ontario",
        "Gloster",
        "Alkmene",
        "Melrose",
    ),
    "zh": (
        "富士",
        "嘎啦",
        "红星",
        "国光",
        "乔纳金",
        "秦冠",
        "王林",
        "黄元帅",
        "寒富",
        "华硕",
        "鲁丽",
        "烟富",
        "澳洲青",
        "维纳斯",
        "瑞雪",
        "金冠",
    ),
}
COLUMNS = {
    "en": (("Harvest", "the harvest"), ("Trees", "the number of trees"), ("Loss", "the loss")),
    "de": (("Ernte", "die Ernte"), ("Bäume", "die Zahl der Bäume"), ("Ausfall", "der Ausfall")),
    "fr": (("Récolte", "la récolte"), ("Arbres", "le nombre d'arbres"), ("Perte", "la perte")),
    "zh": (("收成", "收成"), ("株数", "株数"), ("损失", "损失")),
}
KEY = {"en": "Variety", "de": "Sorte", "fr": "Variété", "zh": "品种"}
SECTIONS = {
    "en": ("Upper terrace", "River side"), "de": ("Obere Terrasse", "Flussseite"),
    "fr": ("Terrasse haute", "Côté rivière"), "zh": ("上层梯田", "河边地块"),
}  # fmt: skip
CAPTION = {
    "en": ("Table {}. ", "Orchard {name}, all figures in {unit}"), "de": ("Tabelle {}. ", "Obstgarten {name}, alle Angaben in {unit}"),
    "fr": ("Tableau {}. ", "Verger {name}, tous les chiffres en {unit}"), "zh": ("表{} ", "{name}果园，单位：{unit}"),
}  # fmt: skip
UNITS = {
    "en": ("hundreds", "dozens", "crates", "pallets"), "de": ("Hunderten", "Dutzend", "Kisten", "Paletten"),
    "fr": ("centaines", "douzaines", "caisses", "palettes"), "zh": ("百", "打", "箱", "托盘"),
}  # fmt: skip
ORCHARDS = ("Almatal", "Birken", "Cornelle", "Dunant", "Elmau", "Fanal")
ASK = {
    "en": "What is {column} of {row}{section}?", "de": "Wie groß ist {column} bei {row}{section}?",
    "fr": "Quelle est {column} pour {row}{section} ?", "zh": "{section}{row}的{column}是多少？",
}  # fmt: skip
WHERE = {"en": " ({})", "de": " ({})", "fr": " ({})", "zh": "{}"}


@dataclass(frozen=True)
class Grid:
    """A table before it is written: caption, header, and rows by section (``""`` for none)."""

    caption: str
    head: Sequence[str]
    body: Sequence[tuple[str, Sequence[Sequence[str]]]]

    def lines(self) -> list[list[str]]:
        """Return section rows and rows in order."""
        made = []
        for section, rows in self.body:
            made += [[section, *[""] * (len(self.head) - 1)]] if section else []
            made += [list(row) for row in rows]
        return made


def markdown(grid: Grid) -> str:
    """Write pipes."""
    write = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731  (short)
    return "\n".join(
        [grid.caption, "", write(grid.head), write(["---"] * len(grid.head)), *map(write, grid.lines())]
    )


def separated(grid: Grid, mark: str) -> str:
    """Write CSV or TSV."""
    return "\n".join([grid.caption, *(mark.join(cells) for cells in [list(grid.head), *grid.lines()])])


def html(grid: Grid) -> str:
    """Write HTML without blanks between the tags."""
    cells = lambda tag, row: "<tr>" + "".join(f"<{tag}>{c}</{tag}>" for c in row) + "</tr>"  # noqa: E731  (short)
    body = "".join(cells("td", row) for row in grid.lines())
    return f"<table><caption>{grid.caption}</caption>{cells('th', grid.head)}{body}</table>"


def fixed(grid: Grid) -> str:
    """Write columns of fixed width."""
    lines = [list(grid.head), *grid.lines()]
    widths = [max(len(line[i]) for line in lines) + 3 for i in range(len(grid.head))]
    return "\n".join(
        [
            grid.caption,
            *("".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines),
        ]
    )


def docling(grid: Grid) -> str:
    """Write "row, column = value." one after the other."""
    says = [
        f"{section + ' ' if section else ''}{row[0]}, {column} = {value}."
        for section, rows in grid.body
        for row in rows
        for column, value in zip(grid.head[1:], row[1:], strict=True)
    ]
    return "\n\n".join([grid.caption, " ".join(says)])


def table(draw: Draw, write: Callable[[Grid], str], parts: bool) -> Sheet:
    """Return a table with prose around it; with ``parts``, two sections with the same rows."""
    lang = draw.lang
    unit = draw.random.choice(UNITS[lang])
    count, about = CAPTION[lang]
    about = about.format(name=draw.pick(ORCHARDS), unit=unit)  # a table's number limits nothing
    caption = count.format(draw.number(2, 9)) + about
    names = draw.some(ROWS.get(lang, ROWS["en"]), 3 if parts else 4)
    head, facts, body = [KEY[lang], *(short for short, _ in COLUMNS[lang])], [], []
    for section in SECTIONS[lang] if parts else ("",):
        rows = []
        for name in names:
            values = [str(draw.number(101, 999)) for _ in COLUMNS[lang]]
            rows.append([name, *values])
            others = tuple(n for n in names if n != name)
            where = WHERE[lang].format(section) if section else ""
            for (column, asked), value in zip(COLUMNS[lang], values, strict=True):
                before = tuple(need for need in (about, column, section, name) if need)
                facts.append(
                    Fact(
                        ASK[lang].format(column=asked, row=name, section=where), value, before, rivals=others
                    )
                )
        body.append((section, rows))
    return Sheet(
        f"{draw.prose()}\n\n{write(Grid(caption, head, body))}\n\n{draw.prose()}",
        facts,
        [f.text for f in facts],
    )


NOTATIONS: dict[str, Callable[[Grid], str]] = {
    "markdown": markdown,
    "csv": partial(separated, mark=","),
    "tsv": partial(separated, mark="\t"),
    "html": html,
    "fixed": fixed,
    "docling": docling,
}
TEMPLATES = {
    f"table-{name}": partial(table, write=write, parts=name in ("markdown", "html", "fixed"))
    for name, write in NOTATIONS.items()
}
