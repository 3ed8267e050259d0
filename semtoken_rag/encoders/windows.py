"""Windows: a long text is cut into overlapping rows of tokens, as many as a model sees at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semtoken_rag.encoders.tokenizer import TextTokenizer, Tokenized
from semtoken_rag.types import Encoding, FloatArray

TITLE_SHARE = 4  # a title fills at most a quarter of a window


@dataclass(frozen=True, slots=True)
class Window:
    """One row of a batch.

    Attributes
    ----------
    text
        Index of the text.
    ids
        Token ids of the row, special tokens included.
    title
        Range of the title's tokens in ``ids``.
    own
        Range in ``ids`` of the text tokens whose vectors come from this window.
    """

    text: int
    ids: list[int]
    title: slice
    own: slice


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows of a batch of texts, and what is needed to put their vectors together.

    Attributes
    ----------
    windows
        In the order of the texts.
    texts, heads
        Tokens of each text and of its title.
    """

    windows: list[Window]
    texts: list[Tokenized]
    heads: list[Tokenized]

    def gather(self, vectors: Sequence[Any]) -> tuple[list[list[Any]], list[Any]]:
        """Sort vectors by text.

        Parameters
        ----------
        vectors
            An array or tensor (length, d) for each window.

        Returns
        -------
        parts
            The parts of each text, in order.
        heads
            The vectors (t, d) of each title.
        """
        parts: list[list[Any]] = [[] for _ in self.texts]
        heads: dict[int, Any] = {}
        for window, rows in zip(self.windows, vectors, strict=True):
            parts[window.text].append(rows[window.own])
            heads.setdefault(window.text, rows[window.title])
        return parts, [heads[i] for i in range(len(parts))]

    def assemble(self, vectors: Sequence[FloatArray]) -> list[Encoding]:
        """Return the encoding of each text, from the vectors (length, d) of each window."""
        parts, heads = self.gather(vectors)
        return [
            Encoding(
                ids=text.ids,
                offsets=text.offsets,
                vectors=part[0] if len(part) == 1 else np.concatenate(part),
                title_ids=head.ids,
                title_vectors=rows,
            )
            for text, part, head, rows in zip(self.texts, parts, self.heads, heads, strict=True)
        ]


class WindowedEncoder(ABC):
    """An encoder whose model sees a window of tokens at once; `forward` runs the model.

    A text longer than the window is cut into overlapping windows, and each token's vector comes from the
    window in which it is most central. The title stands in front of every window.

    Parameters
    ----------
    name
        Name of the vectors in stats and stores.
    weights
        Digest of the model's weights.
    tokenizer
        A ``tokenizers.Tokenizer`` that neither truncates nor pads.
    window
        Tokens that the model sees at once, special tokens included.
    overlap
        Tokens that two neighbouring windows share.
    prompt
        Token ids that stand in front of every text.

    Raises
    ------
    ValueError
        If the window is too small for its overlap.
    """

    def __init__(
        self,
        name: str,
        weights: str,
        tokenizer: Any,
        *,
        window: int,
        overlap: int,
        prompt: Sequence[int] = (),
    ) -> None:
        self.name, self.window, self.overlap = name, window, overlap
        self._weights = weights
        self._tokenizer = TextTokenizer(tokenizer)
        self._first, self._suffix = special_ids(tokenizer)
        self._prefix = [*self._first, *prompt]
        self._separator = tokenizer.encode(".", add_special_tokens=False).ids
        room = window - window // TITLE_SHARE - len(self._prefix + self._suffix + self._separator)
        if not 0 <= overlap < room:
            raise ValueError(f"overlap must be in [0, {room}) for a window of {window}, got {overlap}")

    @property
    def fingerprint(self) -> str:
        """All that the vectors depend on, for the keys of a store: name, weights, windows, not the device."""
        return f"{self.name}/{self._weights}/{self.window}/{self.overlap}"

    def count(self, text: str) -> int:
        """Return the number of tokens of ``text``, without special tokens."""
        return self._tokenizer.count(text)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text with its title in front as context; see `Encoder.encode`.

        Parameters
        ----------
        texts
            May be longer than the window.
        titles
            As many as ``texts``; a title may be empty, and fills at most a quarter of a window.

        Returns
        -------
        list of Encoding
            Vectors (n, d) float32 of unit length, in the order of ``texts``.

        Raises
        ------
        DeadlineExceeded
            See `forward`.
        """
        plan = self.plan(texts, titles)
        return plan.assemble(self.forward(plan.windows))

    @abstractmethod
    def forward(self, windows: Sequence[Window]) -> list[FloatArray]:
        """Run the model on windows.

        Parameters
        ----------
        windows
            Those of a `Plan`, in any order.

        Returns
        -------
        list of (length, d) float32
            Vectors of unit length of all tokens of each window, special tokens included.

        Raises
        ------
        DeadlineExceeded
            Between two runs, if the call is out of time or cancelled, see `semtoken_rag.deadline`.
        """

    def plan(
        self, texts: Sequence[str], titles: Sequence[str], *, prefix: Sequence[int] | None = None
    ) -> Plan:
        """Tokenize texts and cut them into windows: all that comes before the forward pass.

        Parameters
        ----------
        texts
            May be longer than the window.
        titles
            As many as ``texts``.
        prefix
            Token ids at the beginning of every window; None takes the special tokens and the prompt.

        Returns
        -------
        Plan
            The windows.
        """
        cut, n = self.window // TITLE_SHARE, len(texts)
        before = self._prefix if prefix is None else list(prefix)
        tokens = self._tokenizer([*texts, *titles])
        heads = [Tokenized(t.ids[:cut], t.offsets[:cut]) for t in tokens[n:]]
        windows = [
            window
            for i, (text, head) in enumerate(zip(tokens, heads, strict=False))
            for window in self._windows(i, text.ids.tolist(), head.ids.tolist(), before)
        ]
        return Plan(windows, tokens[:n], heads)

    def _windows(self, text: int, ids: list[int], head: list[int], prefix: list[int]) -> list[Window]:
        """Cut the tokens of one text into windows; each owns the tokens that are most central in it."""
        front = prefix + (head + self._separator if head else [])
        room = self.window - len(front) - len(self._suffix)
        step = room - self.overlap
        starts = list(range(0, max(len(ids) - self.overlap, 1), step))
        windows = []
        for start in starts:
            left = start if start == 0 else start + self.overlap // 2
            right = len(ids) if start == starts[-1] else start + step + self.overlap // 2
            windows.append(
                Window(
                    text=text,
                    ids=front + ids[start : start + room] + self._suffix,
                    title=slice(len(prefix), len(prefix) + len(head)),
                    own=slice(len(front) + left - start, len(front) + right - start),
                )
            )
        return windows


def special_ids(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the ids that a ``tokenizers.Tokenizer`` puts before and after a text."""
    bare: list[int] = tokenizer.encode("a", add_special_tokens=False).ids
    full: list[int] = tokenizer.encode("a").ids
    start = next(i for i in range(len(full) + 1) if full[i : i + len(bare)] == bare)
    return full[:start], full[start + len(bare) :]


def bare_tokenizer(tokenizer: Any) -> Any:
    """Return a private copy of a ``tokenizers.Tokenizer``, without truncation and padding."""
    from tokenizers import Tokenizer

    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy
