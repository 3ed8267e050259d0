"""Questions about places that do not exist, whose answers are easy, hard or hopeless to find."""

from __future__ import annotations

import random
from typing import Any

SYLLABLES = ["ba", "ko", "ri", "mu", "te", "sa", "lo", "ni", "ve", "da", "pu", "go"]
NOUNS = ["tower", "bridge", "museum", "harbour", "station", "library", "garden", "market", "castle", "school"]
VERBS = ["opened", "closed", "burned", "moved", "grew", "failed"]


def rows(n: int, chunks: int = 3, seed: int = 0) -> list[dict[str, Any]]:
    """Return lines of a file of questions; each gold sentence occurs once."""
    made = random.Random(seed)

    def name() -> str:
        return "".join(made.choice(SYLLABLES) for _ in range(4)).title()

    def sentence(place: str) -> str:
        return f"The {made.choice(NOUNS)} of {place} {made.choice(VERBS)} when {name()} was mayor."

    out = []
    for i in range(n):
        place, noun, verb = name(), made.choice(NOUNS), made.choice(VERBS)
        subject = "People say it" if i % 3 == 0 else f"The {noun} of {place}"
        gold = f"{subject} {verb} in {made.randint(1800, 1999)}."
        texts = [[sentence(made.choice([place, name(), name()])) for _ in range(5)] for _ in range(chunks)]
        texts[made.randrange(chunks)].insert(made.randrange(5), gold)
        question = f"When was it that the {noun} of {place} {verb}?"
        out.append({"question": question, "chunks": [" ".join(text) for text in texts], "gold": [gold]})
    return out
