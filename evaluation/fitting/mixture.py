"""The mixture that the shipped encoder is trained on: how many questions of which source."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluation.data.slices import Question
from semtoken_rag.train.examples import Example

WITHOUT_LICENCE = ("climate_fever", "idkmrc", "parashoot_dev", "tquad")  # for measuring alone
POWER = 0.5  # of a source's size in its share
CHAINS, OTHER_LANGUAGES, FACTS = 2.0, 0.5, 0.5  # factors of the share
OF_FACTS = ("entailmentbank", "hotpotqa_evidence500", "strategyqa_facts")  # documents without context
REPEATS = 3  # of a row of a small source
SHORT = 2500  # characters of a list; a shorter one gets chunks of another row


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
    return replace(asked, chunks=[*asked.chunks, *more])
