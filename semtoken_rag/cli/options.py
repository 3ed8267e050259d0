"""Shared options of the commands, and their call of the engine."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Annotated, TypeAlias, TypeVar

import typer
from rich.console import Console

from semtoken_rag import Budget, CompressedContext, Config, SemToken
from semtoken_rag._internal.checks import check_positive
from semtoken_rag.budget import DEFAULT_RATIO
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.sources import READ, Sources, with_citations
from semtoken_rag.cli.streams import echo
from semtoken_rag.encoders.registry import check_name
from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.registry import resolve_store, without_secrets

Number = TypeVar("Number", int, float)


def _set_threads(number: int | None) -> int | None:
    """Set the number of threads before any library that reads it there is loaded."""
    if number is not None:
        with one_line():
            os.environ["OMP_NUM_THREADS"] = str(check_positive("--threads", number))
    return number


Files: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files, folders and patterns, cut into passages; - is standard input, which is read too where "
        "none is given."
    ),
]
Query: TypeAlias = Annotated[
    str, typer.Option("--query", "-q", help="The question; density alone without one.")
]
MaxTokens: TypeAlias = Annotated[str | None, typer.Option(metavar="N", help="Most tokens to pass on.")]
Ratio: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="R",
        help=f"Largest share of the tokens to pass on; {DEFAULT_RATIO:g} where no budget is given.",
    ),
]
Keep: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="P",
        help="Chance that nothing wanted is lost, in (0, 1): no more tokens than it takes. "
        "With neither --max-tokens nor --ratio there is no bound, as with --ratio 1.",
    ),
]
Encoder: TypeAlias = Annotated[str, typer.Option(help="auto, static, or a model's name or path.")]
Language: TypeAlias = Annotated[
    str | None, typer.Option(metavar="CODE", help="Language of the sentence rules; found from the text.")
]
Titles: TypeAlias = Annotated[
    bool, typer.Option("--titles", help="Show each document's title before what is kept of it.")
]
Store: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where fingerprints are read and kept: sqlite:///file or redis://host."),
]
Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=_set_threads,
        help="Threads of the encoder; OMP_NUM_THREADS or one a core by default.",
    ),
]

# It warns where a bound cut before --keep is reached, which every command here shows in its own words.
logging.getLogger("semtoken_rag.compressor").addHandler(logging.NullHandler())


def read_budget(max_tokens: str | None, ratio: str | None, keep: str | None) -> Budget:
    """Return the budget that was typed.

    Parameters
    ----------
    max_tokens
        Most tokens to pass on.
    ratio
        Largest share of the tokens to pass on; `DEFAULT_RATIO` if nothing else is given.
    keep
        Chance that nothing wanted is lost; if it is given without a bound, there is none.

    Returns
    -------
    Budget
        The budget.

    Raises
    ------
    ValueError
        If a value is bad; shows it.
    """
    tokens = _number(max_tokens, int, "--max-tokens")
    share = _number(ratio, float, "--ratio")
    promise = _number(keep, float, "--keep")
    if tokens is None and share is None:
        share = DEFAULT_RATIO if promise is None else 1.0
    return Budget(tokens, share, promise)


def open_store(url: str | None) -> FingerprintStore | None:
    """Open a store and read from it once, so that a missing server is an error before a model is loaded."""
    if url is None:
        return None
    store = resolve_store(url)
    try:
        store.mget([""])
    except ImportError:
        raise
    except Exception as error:  # each kind of store raises its own
        raise ValueError(f"--store {without_secrets(url)!r} cannot be used: {error}") from error
    return store


def compress_sources(
    sources: Sources, query: str, budget: Budget, *, engine: Callable[[], SemToken], cited: bool = False
) -> tuple[CompressedContext, str]:
    """Compress what was read for a question; how much of it is read is said on standard error.

    Parameters
    ----------
    sources
        What was read.
    query
        The question; may be empty.
    budget
        The budget.
    engine
        Makes the engine, which may load a model.
    cited
        Whether a citation stands before what is kept of each passage, within the budget.

    Returns
    -------
    CompressedContext
        The result.
    str
        Its text, with the citations.
    """
    passages, said = sources.for_question(query, READ)
    if said:
        echo(f"semtoken: {said}", err=True)
    with Console(stderr=True).status("Compressing"):  # silent without a terminal
        made = engine()
        count = cache(made.counter.count)
        if cited:
            passages = [replace(p, overhead=sources.widest(p, count)) for p in passages]
        context = made.compress(
            passages, query, max_tokens=budget.max_tokens, ratio=budget.ratio, keep=budget.keep
        )
    if not cited:
        return context, context.text
    kept = [each for each in context.chunks if each.pieces]  # of some there may be a title alone
    short = with_citations(sources, kept, 0, count)
    return context, with_citations(sources, kept, context.stats.budget - count(short), count)


def make_engine(
    encoder: str, store: FingerprintStore | None, *, language: str | None, titles: bool
) -> Callable[[], SemToken]:
    """Check the name of an encoder; return what makes the engine.

    Parameters
    ----------
    encoder
        See `SemToken`.
    store
        Keeps fingerprints.
    language
        See `Config`.
    titles
        See `Config`.

    Returns
    -------
    callable
        Returns the engine, whose text has the passages in their order.

    Raises
    ------
    ValueError
        If there can be no such encoder.
    """
    check_name(encoder)
    config = Config(language=language, titles=titles, order="source", separator="\n\n")
    return partial(SemToken, encoder=encoder, store=store, config=config)


def _number(value: str | None, kind: Callable[[str], Number], name: str) -> Number | None:
    """Convert a number here rather than in typer, whose message omits the value."""
    try:
        return None if value is None else kind(value)
    except ValueError:
        raise ValueError(f"{name} must be a number, got {value!r}") from None
