"""The training data: which questions of which source, dealt into parts by a hash of their id.

``train`` is for the encoder, ``fit`` for the weights of its signs, ``held`` for choosing and reporting.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.data.sets import TRAINING, example, rows
from semtoken_rag.train.examples import Example

FOLDER = "train"  # beside the folder of the other sets
PARTS = 20  # of which one is held back for measuring and one for fitting
WITHOUT_LICENCE = ("climate_fever", "idkmrc", "parashoot_dev", "tquad")  # for measuring alone
POWER = 0.5  # of a source's size in its share
CHAINS, OTHER_LANGUAGES, FACTS = 2.0, 0.5, 0.5  # factors of the share
OF_FACTS = ("entailmentbank", "hotpotqa_evidence500", "strategyqa_facts")  # documents without context
REPEATS = 3  # of a row of a small source
SHORT = 2500  # characters of a list; a shorter one gets chunks of another row


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a source.

    Attributes
    ----------
    example
        The question with its chunks.
    source, language
        Name of the set, and code of the language.
    hops
        Places that answer it.
    """

    example: Example
    source: str
    language: str
    hops: int


def part(name: str) -> str:
    """Return the part, ``held``, ``fit`` or ``train``, of the row with an id."""
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16) % PARTS
    return {0: "held", 1: "fit"}.get(number, "train")


def sources(folder: Path, which: str) -> dict[str, list[Question]]:
    """Return the questions of one part by source; those whose answer was not found are left out.

    Parameters
    ----------
    folder
        The folder with ``qa`` and ``train``.
    which
        See `part`.

    Returns
    -------
    dict of str to list of Question
        By the name of the set, in the order of its rows.
    """
    found: dict[str, list[Question]] = {}
    files = sorted((folder / FOLDER).glob("*.jsonl.gz"))
    names = [(f"{FOLDER}/{path.name.removesuffix('.jsonl.gz')}", 0, None) for path in files]
    for name, first, last in [*names, *TRAINING]:
        source = re.sub(r"\.\dof\d$", "", name.removeprefix(f"{FOLDER}/"))
        for row in rows(folder, name)[first:last]:
            if part(str(row["id"])) == which and (question := _question(row, source)).example.gold:
                found.setdefault(source, []).append(question)
    return found


def drawn(folder: Path, which: str, each: int) -> dict[str, list[Question]]:
    """Draw at most ``each`` questions of every source of a part, always the same."""
    dice = random.Random(0)
    return {name: dice.sample(qs, min(each, len(qs))) for name, qs in sources(folder, which).items()}


def _question(row: Mapping[str, Any], source: str) -> Question:
    made = example(dict(row))
    hops = row.get("hops") or len({chunk for chunk, _, _ in made.gold})
    return Question(made, source, row.get("lang") or "en", hops)


def mixed(by_source: Mapping[str, Sequence[Question]], total: int, seed: int = 0) -> list[Example]:
    """Draw the questions of a training.

    Parameters
    ----------
    by_source
        Questions by source; sources without a stated licence are left out.
    total
        How many to draw. Small sources give fewer than their share.
    seed
        Seed of what is drawn and of the order.

    Returns
    -------
    list of Example
        In random order. Short lists have the chunks of another row behind their own.
    """
    kept = {name: list(qs) for name, qs in by_source.items() if name not in WITHOUT_LICENCE}
    shares = {name: share(name, questions) for name, questions in kept.items()}
    dice, drawn = random.Random(seed), []
    for name, questions in kept.items():
        size = min(round(total * shares[name] / sum(shares.values())), REPEATS * len(questions))
        whole, rest = divmod(size, len(questions))
        chosen = [*questions * whole, *dice.sample(questions, rest)]
        drawn += [_filled(question.example, questions, dice) for question in chosen]
    return dice.sample(drawn, len(drawn))


def share(source: str, questions: Sequence[Question]) -> float:
    """Return the weight of a source in the mixture."""
    made = float(len(questions) ** POWER)
    if sum(question.hops > 1 for question in questions) > len(questions) / 2:
        made *= CHAINS
    if questions[0].language != "en":
        made *= OTHER_LANGUAGES
    return made * FACTS if source in OF_FACTS else made


def _filled(asked: Example, questions: Sequence[Question], dice: random.Random) -> Example:
    if sum(len(chunk.text) for chunk in asked.chunks) >= SHORT:
        return asked
    other = dice.choice(questions).example
    golden = {chunk for chunk, _, _ in other.gold}
    texts = {chunk.text for chunk in asked.chunks}
    more = [c for i, c in enumerate(other.chunks) if i not in golden and c.text not in texts]
    return Example(asked.question, [*asked.chunks, *more], asked.gold)
