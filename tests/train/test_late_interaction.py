"""Training (torch) and compression (numpy) compute late interaction twice: both must stay the same.

One difference is known: to a chunk without a title the product gives a cosine of 0 with its title, training
one of -1. They agree unless all cosines of a word of the question with a unit are negative.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from semtoken_rag import Chunk
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.relevance import features, softmax, standardise
from semtoken_rag.stages.segment import build_units
from semtoken_rag.testing import HashEncoder
from semtoken_rag.train.loss import Target, scores
from semtoken_rag.types import Query, Tokens

WORDS = ("the", "tower", "of", "brick", "Mara", "built", "it", "opened", "in", "May", "sea", "rain")


def random_text(rng: np.random.Generator, sentences: int) -> str:
    made = (" ".join(rng.choice(WORDS, rng.integers(2, 9))) for _ in range(sentences))
    return " ".join(f"{sentence}." for sentence in made)


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_training_scores_are_the_late_interaction_of_the_product(seed: int, negative: bool):
    rng = np.random.default_rng(seed)
    chunks = [
        Chunk(
            random_text(rng, rng.integers(1, 5)),
            title=random_text(rng, 1) if negative or rng.random() < 0.6 else "",
        )
        for _ in range(rng.integers(1, 7))
    ]
    encoder, question = HashEncoder(), random_text(rng, 1)
    encodings = encoder.encode([c.text for c in chunks], [c.title for c in chunks])
    query = Query(question, encoder.encode([question], [""])[0])
    tokens = Tokens.concatenate(encodings)
    for vectors in (query.encoding.vectors, tokens.vectors, tokens.title_vectors):
        drawn = rng.standard_normal(vectors.shape)
        vectors[:] = drawn if negative else np.abs(drawn)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    units = build_units(chunks, tokens)
    wanted = np.arange(len(units)) == 0
    target = Target.of(query.encoding.ids, tokens, units, wanted)
    asked, inside, titles = map(
        torch.from_numpy, (query.encoding.vectors, tokens.vectors, tokens.title_vectors)
    )

    both = scores(asked, inside, titles, target).numpy()  # mean of late interaction with and without titles
    none = Target(target.inside, target.unit, target.chunk, target.title_chunk[:0], *rest(target))
    own = scores(asked, inside, titles[:0], none).numpy()
    late = 2 * both - own

    found = features(Asked.of(query, chunks, tokens, units))
    np.testing.assert_allclose(standardise(late), found["late"], atol=1e-4)
    np.testing.assert_allclose(standardise(own), found["late_own"], atol=1e-4)
    np.testing.assert_allclose(
        softmax(late), found["unit_share"], atol=1e-5
    )  # the scale, which is lost above
    assert len(units) == 1 or not any(c.title for c in chunks) or not np.allclose(late, own)


def rest(target: Target) -> tuple[np.ndarray, ...]:
    return target.weight, target.wanted, target.cost
