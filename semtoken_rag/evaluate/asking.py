"""A reader's answers from the full and from the compressed context, on the same questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from semtoken_rag.budget import Budget
from semtoken_rag.compressor import SemToken
from semtoken_rag.context import CompressedContext
from semtoken_rag.evaluate.kept import interval, says
from semtoken_rag.examples import Example
from semtoken_rag.readers import ServerError

FULL = Budget(ratio=1.0)


class Reader(Protocol):
    """What answers, as `semtoken_rag.readers.resolve_reader` returns it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def tokenizer(self) -> Any:
        """What counts its tokens."""
        ...

    def stream(self, question: str, context: CompressedContext | None = None) -> Iterable[str]:
        """Yield an answer part by part."""
        ...


@dataclass(frozen=True, slots=True)
class Answers:
    """A reader's answers from contexts of one budget.

    Attributes
    ----------
    budget
        The budget; a ratio of 1 is the full context.
    tokens : (n,) int
        Tokens of each context.
    seconds : (n,) float
        From the request to the end of each answer.
    right : (n,) bool
        Whether it says one of the answers.
    refused : (n,) str
        What a server said that refused a question, as where a context is too long for it; else empty. Such a
        question is not answered right.
    """

    budget: Budget
    tokens: Sequence[int]
    seconds: Sequence[float]
    right: Sequence[bool]
    refused: Sequence[str]

    @property
    def share(self) -> float:
        """Share of the questions that are answered right."""
        return sum(self.right) / len(self.right)

    @property
    def interval(self) -> tuple[float, float]:
        """Where that share may lie among more such questions, see `semtoken_rag.evaluate.kept.interval`."""
        return interval(sum(self.right), len(self.right))


def with_answers(examples: Sequence[Example]) -> list[Example]:
    """Return the questions with answers, which a reply can be compared with; raise ValueError without any."""
    if not (found := [example for example in examples if example.answers]):
        raise ValueError(f"a reader is judged by answers, got {len(examples)} questions without")
    return found


def ask(
    reader: Reader,
    examples: Sequence[Example],
    *,
    encoder: Any = "auto",
    budgets: Sequence[Budget] = (FULL,),
    store: Any = None,
    on_step: Callable[[int], object] = lambda done: None,
) -> list[Answers]:
    """Have a reader answer questions from their chunks, compressed to each budget.

    Parameters
    ----------
    reader
        The reader.
    examples
        Questions, each with answers, see `with_answers`.
    encoder
        See `semtoken_rag.SemToken`.
    budgets
        The budgets.
    store
        Keeps fingerprints, see there.
    on_step
        Called with the number of questions that are answered.

    Returns
    -------
    list of Answers
        For each budget.

    Raises
    ------
    ValueError
        If there is no question, or one has no answers.
    ServerError
        If a server cannot be reached any more.
    Exception
        Any other failure of the reader, and of the encoder.
    """
    if missing := len(examples) - len(with_answers(examples)):
        raise ValueError(f"each question must have answers, got {missing} of {len(examples)} without")
    engine = SemToken(encoder=encoder, token_counter=reader.tokenizer, store=store)
    replies = []
    for done, example in enumerate(examples, 1):
        asked = [(None, budget) for budget in budgets]
        contexts = engine._compress_each(example.chunks, example.question, asked)
        replies.append([_reply(reader, example, context) for context in contexts])
        on_step(done)
    return [
        Answers(budget, *zip(*each, strict=True))
        for budget, each in zip(budgets, zip(*replies, strict=True), strict=True)
    ]


def _reply(reader: Reader, example: Example, context: CompressedContext) -> tuple[int, float, bool, str]:
    start, said, refused = time.perf_counter(), "", ""
    try:
        said = "".join(reader.stream(example.question, context))
    except ServerError as error:
        if error.status is None:  # no reply at all
            raise
        refused = str(error)
    return context.stats.tokens_after, time.perf_counter() - start, says(said, example.answers), refused
