"""The curve: how many answers each method keeps within each budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from semtoken_rag.budget import Budget
from semtoken_rag.compressor import SemToken
from semtoken_rag.evaluate.kept import interval, keeps_answer
from semtoken_rag.evaluate.references import BestSentences, first_chunks
from semtoken_rag.examples import Example
from semtoken_rag.strategy.base import Strategy

METHODS = SEMTOKEN, STATIC, SENTENCES, CHUNKS = "semtoken", "static encoder", "BM25 sentences", "whole chunks"
RATIOS = tuple(Budget(ratio=ratio) for ratio in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6))
KEEPS = tuple(Budget(ratio=1.0, keep=keep) for keep in (0.8, 0.9, 0.95))

Try: TypeAlias = tuple[str, Strategy | None, Budget]  # a method's name, its strategy and a budget
Outcome: TypeAlias = tuple[float, bool]  # share of the tokens, and whether the answer is kept


@dataclass(frozen=True, slots=True)
class Point:
    """What a method keeps within a budget.

    Attributes
    ----------
    method
        Its name.
    budget
        A ratio, or a promise without a bound.
    tokens : (n,) float
        Share of the tokens that is kept of each question.
    kept : (n,) bool
        Whether its answer is.
    """

    method: str
    budget: Budget
    tokens: Sequence[float]
    kept: Sequence[bool]

    @property
    def mean_tokens(self) -> float:
        """Mean share of the tokens that is kept."""
        return sum(self.tokens) / len(self.tokens)

    @property
    def share(self) -> float:
        """Share of the questions whose answer is kept."""
        return sum(self.kept) / len(self.kept)

    @property
    def interval(self) -> tuple[float, float]:
        """Where that share may lie among more such questions, see `semtoken_rag.evaluate.kept.interval`."""
        return interval(sum(self.kept), len(self.kept))


@dataclass(frozen=True, slots=True)
class Curve:
    """What all methods keep.

    Attributes
    ----------
    examples
        The questions.
    encoder
        Name of the encoder of the method ``semtoken``.
    counter
        How its tokens are counted, see `semtoken_rag.budget.TokenCounter`.
    points
        Of each method its ratios, then its promises, both rising.
    """

    examples: Sequence[Example]
    encoder: str
    counter: str
    points: Sequence[Point]

    def of(self, method: str) -> list[Point]:
        """Return the points of a method."""
        return [point for point in self.points if point.method == method]

    def cheapest(self, share: float, method: str = SEMTOKEN) -> Point | None:
        """Return the point with the fewest tokens that keeps a share of the answers; None if none does."""
        enough = [point for point in self.of(method) if point.share >= share]
        return min(enough, key=lambda point: point.mean_tokens, default=None)

    def lost(self, point: Point) -> list[int]:
        """Return the lines of the questions whose answer a point loses."""
        return [each.line for each, kept in zip(self.examples, point.kept, strict=True) if not kept]


def measure(
    examples: Sequence[Example],
    encoder: Any = "auto",
    *,
    token_counter: Any = None,
    store: Any = "memory://",
    on_step: Callable[[int], object] = lambda done: None,
) -> Curve:
    """Put questions to every method within every budget; an encoder encodes each chunk once.

    The methods are ``semtoken``, the same with the static encoder, the best sentences by BM25, and the first
    chunks whole. The first two are measured with promises too if their encoder has a calibration.

    Parameters
    ----------
    examples
        The questions, see `semtoken_rag.examples.read_examples`.
    encoder
        Of the method ``semtoken``, see `semtoken_rag.SemToken`.
    token_counter
        The reader's tokenizer, see there.
    store
        Keeps fingerprints, see there.
    on_step
        Called with the number of questions that are done.

    Returns
    -------
    Curve
        See there.

    Raises
    ------
    ValueError
        If there is no question, one is blank, or the encoder or the counter is none.
    Exception
        Any failure of the encoder or the counter.
    """
    _check(examples)
    engine = SemToken(encoder=encoder, token_counter=token_counter, store=store)
    static = SemToken(encoder="static", token_counter=token_counter, store=store)
    tries = {engine: _own(SEMTOKEN, engine)}
    if engine.encoder.name != static.encoder.name:
        tries[static] = _own(STATIC, static)
    tries[engine] += [(SENTENCES, BestSentences(), budget) for budget in RATIOS]
    outcomes = []
    for done, example in enumerate(examples, 1):
        found = [each for made, asked in tries.items() for each in _outcomes(example, made, asked)]
        outcomes.append(found + _of_chunks(example, engine))
        on_step(done)
    named = [(name, budget) for asked in tries.values() for name, _, budget in asked]
    named += [(CHUNKS, budget) for budget in RATIOS]
    points = [
        Point(name, budget, *zip(*each, strict=True))
        for (name, budget), each in zip(named, zip(*outcomes, strict=True), strict=True)
    ]
    return Curve(examples, engine.encoder.name, engine.counter.name, points)


def _check(examples: Sequence[Example]) -> None:
    if not examples:
        raise ValueError("there must be at least one question, got none")
    for example in examples:
        if not example.question.strip():
            raise ValueError(f"line {example.line}: question must not be blank, got {example.question!r:.80}")


def _own(name: str, engine: SemToken) -> list[Try]:
    """Return what is tried of an engine's own strategy."""
    promises = () if engine._setup.calibration is None else KEEPS
    return [(name, None, budget) for budget in (*RATIOS, *promises)]


def _outcomes(example: Example, engine: SemToken, tries: Sequence[Try]) -> list[Outcome]:
    asked = [(strategy, budget) for _, strategy, budget in tries]
    made = engine._compress_each(example.chunks, example.question, asked)
    return [
        (
            context.stats.tokens_after / max(context.stats.tokens_before, 1),
            keeps_answer(example, [chunk.text for chunk in context.chunks]),
        )
        for context in made
    ]


def _of_chunks(example: Example, engine: SemToken) -> list[Outcome]:
    """Return the outcomes of whole chunks, which no engine is asked for."""
    texts = [chunk.text for chunk in example.chunks]
    costs = engine.counter.count_all(texts)
    total, outcomes = sum(costs), []
    for budget in RATIOS:
        kept = first_chunks(costs, budget.tokens(total))
        outcomes.append((sum(costs[:kept]) / max(total, 1), keeps_answer(example, texts[:kept])))
    return outcomes
