"""`SemToken`: retrieved chunks and a question in, the same facts in fewer tokens out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from semtoken_rag.budget import Budget, Counter
from semtoken_rag.call import Call, Setup
from semtoken_rag.config import Config
from semtoken_rag.encoders.auto import resolve
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.fingerprints import Fingerprinter, StoredFingerprinter
from semtoken_rag.presets import resolve_strategy
from semtoken_rag.render import CompressedContext
from semtoken_rag.store import resolve_store
from semtoken_rag.types import Chunk

log = logging.getLogger(__name__)


class SemToken:
    """Compress retrieved chunks for a question under a token budget.

    Parameters
    ----------
    encoder
        ``"auto"``, ``"static"``, ``"minilm"``, ``"lookup"``, a Hugging Face model, a ``SentenceTransformer``
        or an `Encoder`.
    strategy
        ``"semtoken"``; ``"cascade"``, which prunes with the static table and encodes only what is left;
        ``"lead"``; ``"paper"`` and its baselines, see `semtoken_rag.presets`; or any `Strategy`.
    token_counter
        The reader's tokenizer: a callable, a Hugging Face tokenizer or a tiktoken encoding; None estimates
        with the encoder's own.
    store
        Keeps fingerprints between calls: ``"memory://"``, ``"sqlite:///file"``, ``"redis://host"`` or a byte
        store; None computes them in every call. See `FingerprintStore`.
    on_error
        ``"fallback"``: a failure inside returns the originals cut to the budget, flagged in the stats and
        logged; ``"raise"``: it is raised.
    config
        See `Config`.

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
            raise ValueError(f"on_error must be 'fallback' or 'raise', got {on_error!r}")
        config = config or Config()
        encodes, decides = resolve_strategy(strategy, resolve(encoder))
        keeps = resolve_store(store)
        fingerprinter = (
            Fingerprinter(encodes, config.segmenter)
            if keeps is None
            else StoredFingerprinter(encodes, keeps, config.segmenter)
        )
        self._setup = Setup(fingerprinter, decides, Counter.of(token_counter, encodes), config)
        self._on_error = on_error

    @property
    def encoder(self) -> Encoder:
        """The encoder in use."""
        return self._setup.fingerprinter.encoder

    @property
    def counter(self) -> Counter:
        """What counts the reader's tokens."""
        return self._setup.counter

    def compress(
        self,
        chunks: Sequence[str | Chunk],
        query: str | None = None,
        *,
        max_tokens: int | None = None,
        ratio: float | None = None,
    ) -> CompressedContext:
        """Keep what matters for ``query`` of ``chunks``.

        Parameters
        ----------
        chunks
            Retrieved passages, in the retriever's order.
        query
            The question; None or blank compresses by density and redundancy alone.
        max_tokens, ratio
            The budget, see `Budget`; at least one.

        Returns
        -------
        CompressedContext
            Never more tokens than the budget, counted on the joined text and on the chunks one by one.

        Raises
        ------
        ValueError
            For bad arguments, with the value received.
        """
        budget = Budget(max_tokens, ratio)
        made = _chunks(chunks)
        if query is not None and not isinstance(query, str):
            raise ValueError(f"query must be a str or None, got {query!r:.80}")
        call = Call(self._setup, made, query.strip() if query else "", budget)
        try:
            return call.run()
        except Exception as error:
            if self._on_error == "raise":
                raise
            log.warning("compression failed, the originals are cut to the budget: %s", type(error).__name__)
            return call.cut_originals(f"{type(error).__name__}: {error!s:.200}")

    def annotate(self, chunks: Sequence[str | Chunk]) -> int:
        """Fill the store with the fingerprints of ``chunks``, so that calls need not make them.

        Returns
        -------
        int
            How many chunks the store lacked.

        Raises
        ------
        ValueError
            For bad arguments, or where there is no store.
        Exception
            Whatever the encoder or the store raises, also under ``on_error="fallback"``.
        """
        fingerprinter = self._setup.fingerprinter
        if not isinstance(fingerprinter, StoredFingerprinter):
            raise ValueError("annotate needs a store, got store=None")
        return fingerprinter.annotate(_chunks(chunks))


def _chunks(given: Sequence[str | Chunk]) -> list[Chunk]:
    if isinstance(given, str | Chunk):
        raise ValueError(f"chunks must be a sequence of str or Chunk, got a single {type(given).__name__}")
    return [c if isinstance(c, Chunk) else Chunk(c) for c in given]
