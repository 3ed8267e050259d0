"""For your own tests: an encoder and a reader without any model, and checks of what can be plugged in."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from semtoken_rag.budget import TokenCounter
from semtoken_rag.context import CompressedContext
from semtoken_rag.encoders.base import Encoder, encode, encode_call
from semtoken_rag.encoders.words import WordEncoder
from semtoken_rag.stages.segment import build_units
from semtoken_rag.strategy.base import Problem, Strategy, check_selection
from semtoken_rag.types import Chunk, Granularity, Selection, Tokens

TEXTS = (
    "The tower opened in 1889. It was painted in 1907, 1925 and 1968. Many people visit it.",
    "| city | people |\n|---|---|\n| Paris | 2,100,000 |\n| Lyon | 520,000 |",
    "Flour, water and salt. Bake for an hour.",
    "Flour, water and salt.",
    "Die Türme wurden 1889 eröffnet. 塔は1889年に開業した。😀 \x00",
)
QUESTION = "When did the tower open?"


class HashEncoder(WordEncoder):
    """One pseudo-random unit vector a word, the same for the same word, whatever the case.

    >>> HashEncoder().encode(["to be or not to be"], [""])[0].vectors.shape
    (6, 16)
    """

    def __init__(self) -> None:
        super().__init__(_hash_vectors, "hash")


class ScriptedReader:
    """A reader that says the same words one by one, whatever it is asked.

    >>> list(ScriptedReader("In 1889.").stream("When?", None))
    ['In ', '1889.']
    """

    name = "scripted"

    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, question: str, context: object) -> Iterator[str]:
        """Answer part by part."""
        yield from re.findall(r"\s*\S+\s*", self.text)


def check_context(
    context: CompressedContext, chunks: Sequence[Chunk], max_tokens: int, count: Callable[[str], int]
) -> None:
    """Assert what every result of ``chunks`` under ``max_tokens``, with default settings, keeps to.

    Parameters
    ----------
    context
        The result.
    chunks
        Chunks that were compressed.
    max_tokens
        Budget of the call, in tokens.
    count
        Counts the tokens of a text.

    Raises
    ------
    AssertionError
        If a budget is exceeded, or a text is not made of slices of the chunk that it is said to be of.
    """
    assert max(context.stats.tokens_after, count(context.text)) <= max_tokens
    assert sum(count(kept.text) for kept in context.chunks) <= max_tokens
    assert context.text == "\n".join(kept.text for kept in context.chunks)
    assert len({kept.index for kept in context.chunks}) == len(context.chunks)
    for kept in context.chunks:
        assert kept.chunk is chunks[kept.index]
        assert kept.text.startswith(kept.prefix)
        place, end = len(kept.prefix), 0  # in the kept text and in the chunk's
        for piece in kept.pieces:
            assert end <= piece.start <= piece.end <= len(kept.chunk.text)
            slice_ = kept.chunk.text[piece.start : piece.end]
            between = kept.chunk.text[end : piece.start]
            marks: tuple[str, ...] = (" … ", "\n")
            if not end and place == len(kept.prefix):
                marks = ("", "… ")
            marks += (between,) if not between.strip() else ()
            mark = next((m for m in marks if kept.text.startswith(m + slice_, place)), None)
            assert mark is not None, f"{slice_!r:.80} does not follow in {kept.text!r:.200}"
            place += len(mark) + len(slice_)
            end = piece.end
        assert kept.text[place:] in ("", " …")
        assert kept.pieces


def check_strategy(strategy: Strategy) -> None:
    """Assert that a strategy keeps to what the engine asks of it, on texts of several kinds.

    Parameters
    ----------
    strategy
        Takes a `Problem` and returns a `Selection`.

    Raises
    ------
    ValueError
        If what it returns does not fit the units, see `semtoken_rag.strategy.base.check_selection`.
    AssertionError
        If what it keeps whole costs more than the budget, or the same problem is decided otherwise the second
        time.
    """
    for question in (QUESTION, ""):
        for budget in (0, 1, 8, 30, 10_000):
            problem = _problem(question, budget)
            selection = strategy(problem)
            check_selection(problem, selection)
            if selection.units is None:
                whole = problem.cost[selection.granularity == Granularity.FINE].sum()
                assert whole <= budget, f"the units kept whole cost {whole} of {budget} tokens"
            again = strategy(_problem(question, budget))
            assert _same(selection, again), f"the same problem of {budget} tokens is decided otherwise"


def check_encoder(encoder: Encoder) -> None:
    """Assert that an encoder keeps to what the engine asks of it, on texts of several kinds.

    Parameters
    ----------
    encoder
        See `Encoder`.

    Raises
    ------
    ValueError, FloatingPointError
        If an encoding is not what `semtoken_rag.encoders.base.encode` accepts.
    AssertionError
        If vectors are not of unit length, depend on what else is encoded, or differ the second time; or if
        ``count`` is not a number of tokens.
    """
    texts, titles = [*TEXTS, "", " "], ["Towers", *[""] * (len(TEXTS) + 1)]
    assert isinstance(encoder.name, str), f"name must be a str, got {encoder.name!r:.80}"
    together = encode(encoder, texts, titles)
    for text, title, batched in zip(texts, titles, together, strict=True):
        (alone,) = encode(encoder, [text], [title])
        for name in ("ids", "offsets", "title_ids"):
            assert np.array_equal(getattr(alone, name), getattr(batched, name)), f"{name} of {text!r:.40}"
        assert np.allclose(alone.vectors, batched.vectors, atol=1e-3), f"vectors of {text!r:.40}"
        length = np.linalg.norm(batched.vectors, axis=1)
        assert np.allclose(length[length > 0], 1, atol=1e-3), f"lengths {length} in {text!r:.40}"
        tokens = encoder.count(text)
        assert isinstance(tokens, int), f"count gave {tokens!r:.80}"
        assert tokens >= 0, f"count gave {tokens}"
    assert encoder.encode([], []) == [], "no texts must give no encodings"


def _problem(question: str, budget: int) -> Problem:
    encoder, chunks = HashEncoder(), [Chunk(text, title="Towers") for text in TEXTS]
    encodings, query = encode_call(encoder, TEXTS, ["Towers"] * len(TEXTS), question)
    tokens = Tokens.concatenate(encodings)
    units = build_units(chunks, tokens)
    cost = units.tokens[:, 1] - units.tokens[:, 0]
    counter = TokenCounter.of(None, encoder.count)
    return Problem(chunks, tokens, units, query, cost, budget, counter, encoder.name)


def _same(first: Selection, second: Selection) -> bool:
    pairs = [
        (first.granularity, second.granularity),
        (first.order, second.order),
        (first.chars, second.chars),
    ]
    return all(np.array_equal(a, b) for a, b in pairs)


def _hash_vectors(words: Sequence[str]) -> np.ndarray:
    ids = [zlib.crc32(word.encode("utf-8", "replace")) % 65_536 for word in words]
    return np.array([np.random.default_rng(i).standard_normal(16) for i in ids], np.float32)
