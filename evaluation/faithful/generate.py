"""The cases: every template in every language, filled by a seeded draw."""

from __future__ import annotations

import hashlib
import itertools

from evaluation.faithful.case import Case, Limit, Sheet
from evaluation.faithful.draw import Draw
from evaluation.faithful.judge import Kept, bare_claims, places
from evaluation.faithful.templates import TEMPLATES

LANGS = ("en", "de", "fr", "zh")
SPLITS = ("dev", "test", "all")
SALT = "faithful 1124"  # the first under 1200 that gives every kind templates in both splits, evenly
TRIES = 100


def split_of(template: str) -> str:
    """Whether development may look at the cases of a template (``dev``) or not (``test``).

    >>> sorted({split_of(name) for name in TEMPLATES})
    ['dev', 'test']
    """
    return ("dev", "test")[hashlib.sha256(f"{SALT}/{template}".encode()).digest()[0] % 2]


def generate(n: int = 3, seed: int = 0, split: str = "all") -> list[Case]:
    """Return ``n`` cases of each template in each language; the same arguments give the same cases.

    Raises
    ------
    ValueError
        For an unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}, got {split!r}")
    names = [name for name in TEMPLATES if split in ("all", split_of(name))]
    return [make(name, lang, i, seed) for name, lang, i in itertools.product(names, LANGS, range(n))]


def make(template: str, lang: str, number: int, seed: int = 0) -> Case:
    """Return one case, drawn again where a claim would not stand in it exactly once."""
    for attempt in range(TRIES):
        draw = Draw(f"{seed}/{template}/{lang}/{number}/{attempt}", lang)
        kind, function = TEMPLATES[template]
        case = _case(f"{template}/{lang}/{number}", kind, draw, [function(draw) for _ in range(draw.count)])
        if sound(case):
            return case
    raise RuntimeError(f"no {template} in {lang} with every claim once in {TRIES} tries")


def _case(name: str, kind: str, draw: Draw, sheets: list[Sheet]) -> Case:
    """Ask for one fact of one sheet."""
    template, lang, _ = name.split("/")
    source = draw.random.randrange(len(sheets))
    asked = draw.random.choice(sheets[source].facts)
    limits = [
        Limit(i, fact.text, fact.before, fact.after, fact.rivals)
        for i, sheet in enumerate(sheets)
        for fact in sheet.facts
    ]
    atoms = [(i, atom) for i, sheet in enumerate(sheets) for atom in sheet.atoms]
    return Case(
        id=name,
        kind=kind,
        template=template,
        lang=lang,
        chunks=tuple(sheet.text for sheet in sheets),
        question=asked.question,
        source=source,
        answer=asked.wanted,
        limits=tuple(limits),
        atoms=tuple(atoms),
    )


def sound(case: Case) -> bool:
    """Whether every claim and every atom stands in the case once, and no claim of the whole misleads."""
    whole = "\n".join(case.chunks)
    claims = [limit.text for limit in case.limits] + [text for _, text in case.atoms]
    once = all(len(places(claim, whole)) == 1 for claim in claims)
    return once and not bare_claims(case, Kept(dict(enumerate(case.chunks))))
