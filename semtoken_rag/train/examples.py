"""Examples to train on: those of a file, grouped by their chunks and split."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from semtoken_rag.examples import Example, occurrences, read_examples

__all__ = ["Example", "groups", "occurrences", "read_examples", "split"]


def groups(examples: Sequence[Example], most: int) -> list[list[Example]]:
    """Group different questions on the same chunks, at most ``most`` to a group, in order."""
    made: list[list[Example]] = []
    last: dict[tuple[tuple[str, str], ...], list[Example]] = {}
    for example in examples:
        key = tuple((chunk.title, chunk.text) for chunk in example.chunks)
        if key not in last or len(last[key]) == most or any(e is example for e in last[key]):
            last[key] = []
            made.append(last[key])
        last[key].append(example)
    return made


def split(
    examples: Sequence[Example], share: float = 0.08, seed: int = 0
) -> tuple[list[Example], list[Example]]:
    """Shuffle examples and split them into a training part and a held-back part.

    Questions on the same chunks stay in one part, unless all examples have the same chunks.

    Parameters
    ----------
    examples
        At least 2.
    share
        Share of the examples to hold back.
    seed
        Seed of the order.

    Returns
    -------
    list of Example, list of Example
        The training part and the held-back part, each with at least one example.

    Raises
    ------
    ValueError
        If there are fewer than two examples.
    """
    if len(examples) < 2:
        raise ValueError(f"at least 2 examples are needed, got {len(examples)}")
    found = groups(examples, len(examples))
    if len(found) == 1:
        found = [[example] for example in examples]
    shuffled = random.Random(seed).sample(found, len(found))
    size = np.cumsum([len(group) for group in shuffled[:-1]])
    held = 1 + int(np.abs(size - share * len(examples)).argmin())  # as close to the share as possible
    return [e for g in shuffled[held:] for e in g], [e for g in shuffled[:held] for e in g]
