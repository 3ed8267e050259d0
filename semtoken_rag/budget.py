"""The budget B in tokens of the reader's tokenizer, and how those are counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from semtoken_rag._internal.checks import check_positive, is_share
from semtoken_rag.text.encodable import encodable
from semtoken_rag.token_counts import PlainCounter, converted, count_bytes, owner_of, to_count

log = logging.getLogger(__name__)

DEFAULT_RATIO = 0.4  # where an adapter or a command is given no budget
ESTIMATE, BYTES = "estimate", "bytes"


@dataclass(frozen=True, slots=True)
class Budget:
    """How many tokens may be passed on; if both bounds are given, both hold.

    Parameters
    ----------
    max_tokens
        Most tokens, at least 1.
    ratio
        Most tokens as a share of the input's, in (0, 1].
    keep
        Chance that nothing wanted is lost, in (0, 1): with it no more tokens are passed on than it takes. A
        bound is needed all the same, ``ratio=1`` for any size. None passes on as many as the bounds allow.

    Raises
    ------
    ValueError
        If a bound or ``keep`` is out of range, or no bound is given; the message has the value received.
    """

    max_tokens: int | None = None
    ratio: float | None = None
    keep: float | None = None

    def __post_init__(self) -> None:
        if self.max_tokens is not None:
            object.__setattr__(self, "max_tokens", check_positive("max_tokens", self.max_tokens))
        if self.ratio is not None:
            if not is_share(self.ratio, whole=True):
                raise ValueError(f"ratio must be in (0, 1], got {self.ratio!r}")
            object.__setattr__(self, "ratio", float(self.ratio))
        if self.keep is not None:
            if not is_share(self.keep):
                raise ValueError(f"keep must be in (0, 1), got {self.keep!r}")
            object.__setattr__(self, "keep", float(self.keep))
        if self.max_tokens is None and self.ratio is None:
            raise ValueError(
                "give max_tokens, ratio or both, got neither"
                + (f" with keep={self.keep!r}; ratio=1 is no bound" if self.keep is not None else "")
            )

    def tokens(self, before: int) -> int:
        """Return how many tokens an input of ``before`` tokens may keep.

        >>> Budget(ratio=0.25).tokens(10), Budget(max_tokens=8, ratio=1).tokens(10)
        (2, 8)
        """
        share = before if self.ratio is None else int(self.ratio * before)
        return share if self.max_tokens is None else min(share, self.max_tokens)


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts the reader's tokens.

    Attributes
    ----------
    count
        Number of tokens of a text, without special tokens.
    name
        How it counts: ``callable``, ``tokenizer``, ``tiktoken``, ``estimate`` (the encoder's own tokens) or
        ``bytes`` (an upper bound, where the caller's counter failed).
    many
        Numbers of tokens of many texts at once; None: one by one.
    """

    count: Callable[[str], int]
    name: str
    many: Callable[[Sequence[str]], Sequence[int]] | None = None

    def count_all(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text."""
        if self.many is None:
            return [self.count(text) for text in texts]
        counts = [to_count(count) for count in self.many([encodable(text) for text in texts])]
        if len(counts) != len(texts):
            raise ValueError(f"count_all must return {len(texts)} numbers, got {len(counts)}")
        return counts

    @property
    def is_estimate(self) -> bool:
        """Whether the encoder's own tokens are counted."""
        return self.name == ESTIMATE

    def count_or_bytes(self, text: str) -> int:
        """Return the number of tokens of ``text``, or of bytes, which are as many or more, if that fails."""
        try:
            return self.count(text)
        except Exception as error:
            log.warning("the token counter failed, bytes are counted in its place: %s", type(error).__name__)
            return count_bytes(text)

    @classmethod
    def of(cls, source: Any, estimate: Callable[[str], int]) -> TokenCounter:
        """Make a counter.

        Parameters
        ----------
        source
            A callable that returns a number or the tokens of a text, a Hugging Face tokenizer, a tiktoken
            encoding, the method ``encode`` of either, or None. A tokenizer counts without special tokens,
            truncation and padding, and is not changed. A callable may have a method ``count_all`` that counts
            many texts at once, which a server does faster.
        estimate
            Counts if ``source`` is None: the encoder's own tokenizer.

        Returns
        -------
        TokenCounter
            The counter; lone surrogates of a text are counted as U+FFFD.

        Raises
        ------
        ValueError
            If ``source`` is none of these.
        """
        if source is None:
            return cls(estimate, ESTIMATE)
        tokenizer = owner_of(source)
        if hasattr(tokenizer, "encode_ordinary"):
            return cls(lambda text: len(tokenizer.encode_ordinary(encodable(text))), "tiktoken")
        if hasattr(tokenizer, "convert_tokens_to_ids"):
            return cls(_count_of(tokenizer), "tokenizer")
        if hasattr(tokenizer, "encode_batch"):
            return cls(PlainCounter(tokenizer), "tokenizer")
        if callable(source):
            many = getattr(source, "count_all", None)
            return cls(converted(source), "callable", many if callable(many) else None)
        raise ValueError(f"token_counter must be a callable, a tokenizer or None, got {source!r:.80}")

    @classmethod
    def of_bytes(cls) -> TokenCounter:
        """Make a counter of bytes, which are at least as many as tokens."""
        return cls(count_bytes, BYTES)


def _count_of(tokenizer: Any) -> Callable[[str], int]:
    """Return what counts with a tokenizer of transformers."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if hasattr(backend, "encode_batch") and not getattr(tokenizer, "split_special_tokens", False):
        return PlainCounter(backend)
    return lambda text: len(tokenizer.encode(encodable(text), add_special_tokens=False))
