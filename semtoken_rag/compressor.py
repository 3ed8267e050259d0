"""`SemToken`: retrieved chunks and a question in, the same facts in fewer tokens out."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from semtoken_rag.budget import Budget, TokenCounter
from semtoken_rag.config import Config
from semtoken_rag.context import CompressedContext
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import has_multilingual
from semtoken_rag.engine.call import Call, as_chunks
from semtoken_rag.engine.dispatch import Dispatcher
from semtoken_rag.engine.fallback import FallbackEngine, run_or_truncate
from semtoken_rag.engine.routing import Router
from semtoken_rag.engine.run import run, run_each
from semtoken_rag.engine.setup import Setup, find_store, make_setup
from semtoken_rag.engine.tracing import observe
from semtoken_rag.fingerprints.compute import Fingerprinter
from semtoken_rag.stages.segment import segment
from semtoken_rag.strategy.base import Strategy
from semtoken_rag.types import Chunk

if TYPE_CHECKING:
    from semtoken_rag.vectors import CompressedVectors


log = logging.getLogger(__name__)


class SemToken:
    """Compress retrieved chunks for a question under a token budget.

    Parameters
    ----------
    encoder
        ``"auto"``, ``"static"``, ``"multilingual"``, ``"minilm"``, ``"lookup"``, a Hugging Face model, a
        ``SentenceTransformer``, embeddings of LangChain or LlamaIndex, or an `Encoder`. If the extra
        ``multilingual`` is installed, ``"auto"`` takes that encoder for the calls whose text asks for it, see
        `semtoken_rag.encoders.reading`.
    strategy
        ``"semtoken"``; ``"cascade"``, which prunes with the static table and encodes only what is left;
        ``"lead"``; ``"paper"`` and its baselines, see `semtoken_rag.strategy.registry`; or any `Strategy`.
    token_counter
        The reader's tokenizer: a callable that returns a number or a list of tokens, a Hugging Face tokenizer
        or a tiktoken encoding; None estimates with the encoder's own. See `TokenCounter.of`.
    store
        Keeps fingerprints between calls: ``"memory://"``, ``"sqlite:///file"``, ``"redis://host"`` or a byte
        store; None computes them in every call. See `FingerprintStore`.
    on_error
        ``"fallback"``: if something inside fails, the call returns the originals cut to the budget, flagged
        in the stats and logged. ``"raise"``: the call raises the failure.
    config
        See `Config`; None: the defaults.

    Raises
    ------
    ValueError
        If an argument is none of these, or if `Config.min_relevance` is given and the encoder has no
        calibration; the message has the value received.
    ImportError
        If the encoder, the strategy or the store needs an extra that is not installed; the message names it.

    Examples
    --------
    >>> chunks = ["The tower opened in 1889. It rained that day.", "Paris is the capital of France."]
    >>> SemToken(encoder="static").compress(chunks, "When did the tower open?", max_tokens=8).text
    'The tower opened in 1889.'
    """

    def __init__(
        self,
        *,
        encoder: Any = "auto",
        strategy: Any = "semtoken",
        token_counter: Any = None,
        store: Any = None,
        on_error: str = "fallback",
        config: Config | None = None,
    ) -> None:
        if on_error not in ("fallback", "raise"):
            raise ValueError(f"on_error must be 'fallback' or 'raise', got {on_error!r:.80}")
        config = config or Config()
        segmenter = partial(segment, language=config.language) if config.language else config.segmenter
        store = find_store(store)
        make = partial(make_setup, strategy, token_counter, store, segmenter, config)
        self._setup = make(encoder, config.calibration)
        if config.min_relevance is not None:
            self._setup.calibrated(f"min_relevance={config.min_relevance!r}")
        routes = isinstance(encoder, str) and encoder == "auto" and has_multilingual()
        self._router = Router(partial(make, "multilingual", None)) if routes else None
        self._warned: list[float] = []  # shared by copies
        limited, raises = config.deadline or config.max_calls, on_error == "raise"
        plain = replace(config, segmenter=segmenter)
        fallback = FallbackEngine(self.counter, plain) if limited and not raises else None
        runs = run if raises else run_or_truncate
        runs = partial(self._router.run, runs) if self._router else runs
        self._dispatcher = Dispatcher(runs, fallback, config.deadline, config.max_calls)

    @property
    def encoder(self) -> Encoder:
        """The encoder in use; with ``"auto"`` that of English text."""
        return self._setup.fingerprinter.encoder

    @property
    def counter(self) -> TokenCounter:
        """What counts the reader's tokens; without a ``token_counter``, tokens of `encoder`."""
        return self._setup.counter

    def compress(
        self,
        chunks: Sequence[str | Chunk],
        query: str | None = None,
        *,
        max_tokens: int | None = None,
        ratio: float | None = None,
        keep: float | None = None,
    ) -> CompressedContext:
        """Keep what matters for ``query`` of ``chunks``.

        Parameters
        ----------
        chunks
            Retrieved passages, in the retriever's order.
        query
            The question; None or blank compresses by density and redundancy alone.
        max_tokens
            Most tokens to keep, at least 1, see `Budget`. At least one of the two bounds is needed.
        ratio
            Most tokens to keep as a share of the input's, in (0, 1].
        keep
            Chance that nothing wanted is lost, in (0, 1): with it no more tokens are kept than it takes, and
            the two bounds hold on top. None keeps as many as they allow.

        Returns
        -------
        CompressedContext
            Never more tokens than the budget, counted on the joined text and on the chunks one by one.

        Raises
        ------
        ValueError
            If an argument is out of range or of another type; the message has the value received.
        DeadlineExceeded
            If there is no result within `Config.deadline`, under ``on_error="raise"``.
        Overloaded
            If `Config.max_calls` calls are under way, or a call before this one hangs, under
            ``on_error="raise"``.
        Exception
            Any failure of the encoder, the strategy or the token counter, under ``on_error="raise"``. A
            failure of the store is never raised: the fingerprints are computed anew.
        """
        call = self._call(chunks, query, Budget(max_tokens, ratio, keep))
        with observe(call) as finish:
            return self._told(finish(self._dispatcher.run(call)), keep)

    async def acompress(
        self,
        chunks: Sequence[str | Chunk],
        query: str | None = None,
        *,
        max_tokens: int | None = None,
        ratio: float | None = None,
        keep: float | None = None,
    ) -> CompressedContext:
        """Compress without blocking the event loop, as `compress`; a cancelled call stops at its next batch.

        Parameters
        ----------
        chunks
            Retrieved passages, in the retriever's order.
        query
            The question; None or blank compresses by density and redundancy alone.
        max_tokens
            Most tokens to keep, see `compress`.
        ratio
            Most tokens to keep as a share of the input's, see `compress`.
        keep
            Chance that nothing wanted is lost, see `compress`.

        Returns
        -------
        CompressedContext
            As from `compress`.

        Raises
        ------
        ValueError
            If an argument is out of range or of another type; the message has the value received.
        DeadlineExceeded
            If there is no result within `Config.deadline`, under ``on_error="raise"``.
        Overloaded
            If `Config.max_calls` calls are under way, or a call before this one hangs, under
            ``on_error="raise"``.
        Exception
            Any failure of the encoder, the strategy or the token counter, under ``on_error="raise"``. A
            failure of the store is never raised: the fingerprints are computed anew.
        """
        call = self._call(chunks, query, Budget(max_tokens, ratio, keep))
        with observe(call) as finish:
            return self._told(finish(await self._dispatcher.arun(call)), keep)

    def _within(self, order: str, separator: str | None) -> SemToken:
        """Return the same engine, which puts chunks in ``order`` if its settings name none, and joins them.

        ``separator`` stands between them; None for that of the settings.
        """
        config = self._setup.config
        joint = config.separator if separator is None else separator
        made = copy.copy(self)
        made._setup = replace(
            self._setup, config=replace(config, order=config.order or order, separator=joint)
        )
        return made

    def _compress_each(
        self, chunks: Sequence[str | Chunk], query: str, asked: Sequence[tuple[Strategy | None, Budget]]
    ) -> list[CompressedContext]:
        """Compress by several strategies and budgets, at least one; chunks and question are encoded once.

        None stands for the engine's own strategy. Each result is what `compress` returns. A failure is
        raised, and neither a deadline nor a bound on the number of calls holds.
        """
        own = self._setup.strategy
        call = self._call(chunks, query, asked[0][1])
        varied = [(strategy or own, budget) for strategy, budget in asked]

        def runs(call: Call) -> list[CompressedContext]:
            return run_each(
                [
                    replace(call, setup=replace(call.setup, strategy=strategy), bound=budget)
                    for strategy, budget in varied
                ]
            )

        return self._router.run(runs, call) if self._router else runs(call)

    def _reads(self, query: str, chunks: Sequence[Chunk]) -> bool:
        """Return whether a call is read by `encoder`, not by that of other languages."""
        return self._router is None or not self._router.asks(query, chunks)

    def _call(self, chunks: Sequence[str | Chunk], query: str | None, budget: Budget) -> Call:
        made = as_chunks(chunks)
        if query is not None and not isinstance(query, str):
            raise ValueError(f"query must be a str or None, got {query!r:.80}")
        if budget.keep is not None:
            self._setup.calibrated(f"keep={budget.keep!r}").level(budget.keep)  # raises if it is out of reach
        return Call(self._setup, made, query.strip() if query else "", budget)

    def _told(self, context: CompressedContext, keep: float | None) -> CompressedContext:
        """Return the result; the first that a bound cut before ``keep`` was reached is logged."""
        stats = context.stats
        if keep is not None and stats.cut_by not in (None, "keep") and not self._warned:
            self._warned.append(keep)
            log.warning(
                "%s ended the selection at %d tokens, before keep=%s was reached; "
                "the chance that nothing wanted is lost is %s",
                stats.cut_by,
                stats.tokens_after,
                keep,
                "unknown" if stats.confidence is None else f"{stats.confidence:.2f}",
            )
        return context

    @staticmethod
    def compress_vectors(
        vectors: Any,
        query_vector: Any,
        budget: int,
        *,
        grid: tuple[int, int] | None = None,
        tau: float = 0.95,
    ) -> CompressedVectors:
        """Keep what matters of any vectors (n, d), such as an image's patches.

        Parameters
        ----------
        vectors
            An array-like (n, d) of finite numbers, in reading order.
        query_vector
            An array-like (d,) or (q, d) in the same space; None selects by density alone.
        budget
            Most vectors to keep, at least 1.
        grid
            Rows and columns, if the vectors are the cells of a grid row by row; None: they are a sequence.
        tau
            Cosine in [0, 1) above which a vector is merged into an earlier one.

        Returns
        -------
        CompressedVectors
            See `semtoken_rag.vectors.compress_vectors`, which says how it selects.

        Raises
        ------
        ValueError
            If a shape or a value is out of range; the message has the value received.
        """
        from semtoken_rag.vectors import compress_vectors

        return compress_vectors(vectors, query_vector, budget, grid=grid, tau=tau)

    def annotate(self, chunks: Sequence[str | Chunk]) -> int:
        """Fill the store with the fingerprints of ``chunks``, so that calls need not compute them.

        Parameters
        ----------
        chunks
            Passages, in any order.

        Returns
        -------
        int
            Number of chunks that the store lacked.

        Raises
        ------
        ValueError
            If ``chunks`` is not a sequence of str or `Chunk`, or if there is no store.
        Exception
            Any failure of the encoder or the store, also under ``on_error="fallback"``.
        """
        stored = 0
        for setup, group in self._groups(as_chunks(chunks)):
            if isinstance(setup.fingerprinter, Fingerprinter):
                raise ValueError("annotate needs a store, got store=None")
            stored += setup.fingerprinter.annotate(group)
        return stored

    def fingerprints(self, chunks: Sequence[str | Chunk]) -> list[bytes]:
        """Return the fingerprints of ``chunks``, to be kept beside each of them in a vector store.

        A call need not compute that of a chunk which has it as its `Chunk.fingerprint`. No store is needed.

        Parameters
        ----------
        chunks
            Passages with the text, title and headings that a call will pass.

        Returns
        -------
        list of bytes
            One for each chunk, of about 110 bytes a token with the default encoder. Base64 text will do too,
            where a vector store takes no bytes.

        Raises
        ------
        ValueError
            If ``chunks`` is not a sequence of str or `Chunk`.
        Exception
            Any failure of the encoder, also under ``on_error="fallback"``.

        Examples
        --------
        >>> engine, text = SemToken(encoder="static"), "The tower opened in 1889."
        >>> kept = engine.fingerprints([text])
        >>> engine.compress([Chunk(text, fingerprint=kept[0])], "When?", max_tokens=4).stats.stored
        1
        """
        made = as_chunks(chunks)
        found: dict[int, bytes] = {}
        for setup, group in self._groups(made):
            reads = setup.fingerprinter
            reads = reads.carrying if isinstance(reads, Fingerprinter) else reads
            found.update(zip(map(id, group), reads.carry(group), strict=True))
        return [found[id(chunk)] for chunk in made]

    def _groups(self, chunks: list[Chunk]) -> list[tuple[Setup, list[Chunk]]]:
        """Return chunks by the setup that encodes each of them."""
        return self._router.groups(self._setup, chunks) if self._router else [(self._setup, chunks)]
