"""Whether the chunks of a call answer its question at all, from how well the best of them matches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semtoken_rag.arrays import group_max, similarity
from semtoken_rag.stages.calibration import Calibration
from semtoken_rag.stages.lexical import strangeness
from semtoken_rag.stages.relevance import softmax
from semtoken_rag.stages.terms import Terms
from semtoken_rag.types import Chunk, FloatArray, Query, Tokens, Units

SIGNS = ("best", "rise", "second", "deviation", "share", "met", "weakest", "missed", "named", "strange")
MISSED = 0.5  # cosine under which a token of the question is found nowhere


def answerable(
    query: Query, chunks: Sequence[Chunk], tokens: Tokens, units: Units, calibration: Calibration
) -> float:
    """Return the chance that the chunks answer the question, in [0, 1]; 0 without units.

    Parameters
    ----------
    query
        The encoded question.
    chunks
        Chunks of the call.
    tokens
        Their fingerprints.
    units
        Their units.
    calibration
        Of the encoder.

    Returns
    -------
    float
        Higher = more likely.
    """
    if not len(units) or not len(query.encoding.ids):
        return 0.0
    *weights, constant = calibration.answerable
    odds = float(np.array(weights) @ signs(query, chunks, tokens, units)) + constant
    return float(1.0 / (1.0 + np.exp(-odds)))


def signs(query: Query, chunks: Sequence[Chunk], tokens: Tokens, units: Units) -> FloatArray:
    """Return what tells whether anything answers.

    Parameters
    ----------
    query
        The encoded question.
    chunks
        Chunks of the call.
    tokens
        Their fingerprints.
    units
        Their units, one at least.

    Returns
    -------
    FloatArray
        (f,) columns as in `SIGNS`. Of late interaction with the question: the best unit's, how far it is
        above the mean, the second best's, the deviation, and the softmax share of the best. Of the question's
        tokens, weighted by IDF: how well each is met by any unit, the weakest, the share that is met nowhere,
        and the share that one unit has word for word. Last, how little of it the encoder knows.
    """
    terms = Terms.of(tokens, units, query.encoding.ids)
    weight = terms.query_weight()
    cosine = group_max(
        similarity(query.encoding.vectors, tokens.vectors)[:, terms.inside], terms.unit, len(units)
    )
    late = weight @ cosine
    found = cosine.max(1)
    top = np.sort(late)[::-1]
    has = np.isin(terms.query[:, None], terms.of_unit(int(late.argmax()))).ravel()
    return np.array(
        [
            top[0],
            top[0] - late.mean(),
            top[min(1, len(top) - 1)],
            late.std(),
            softmax(late).max(),
            weight @ found,
            found.min(),
            weight @ (found < MISSED),
            weight @ has,
            strangeness(query, chunks, tokens),
        ],
        np.float64,
    )
