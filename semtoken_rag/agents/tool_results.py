"""`ToolResultCompressor`: one tool's result, cut to what the question at hand needs of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from semtoken_rag._internal.checks import check_positive
from semtoken_rag.agents.excerpt import excerpt, middle_cut
from semtoken_rag.agents.json_shape import shorten_json
from semtoken_rag.agents.originals import Originals, UnknownRef, expand
from semtoken_rag.compressor import SemToken

log = logging.getLogger(__name__)

COUNTED_CHARS = 1_000_000  # a longer text is counted by a sample
SPARSE = 256  # most characters of such a text for each token, should the sample be blank
ASKED_CHARS = 400  # of each end of a long message, and of a long argument
ERROR = r"\s*(?:Traceback \(most recent call last\)|(?:[\w.]*(?:Error|Exception)|error|ERROR|fatal|panic):)"


@dataclass(frozen=True, slots=True)
class CompressedResult:
    """What a model is given in place of a tool's result.

    Attributes
    ----------
    text
        The text; the very object that was given if nothing is left out.
    tokens_before, tokens_after
        Tokens of the reader, the line that says what was left out included. Those of a text of more than a
        million characters are an estimate.
    ref
        Reference of the original; None if the text is unchanged, or the original too large to be kept.
    failure
        Why the text is unchanged though it is long; None if nothing went wrong.
    """

    text: str
    tokens_before: int
    tokens_after: int
    ref: str | None = None
    failure: str | None = None

    @property
    def saved(self) -> int:
        """Tokens that the model need not read."""
        return self.tokens_before - self.tokens_after


class ToolResultCompressor:
    r"""Compress the results of tools, and keep the originals within reach.

    The first line of a text stays, and its last traceback. An error is cut from its middle. JSON stays JSON
    of the same shape. A last line, or a field ``semtoken`` of JSON, says what was left out and how to get it.
    Of a very long text, what shares no rare word with the question is passed over before anything is encoded.

    Parameters
    ----------
    engine
        Chooses, and counts tokens; None: `SemToken()`.
    originals
        Keeps the originals; None: those of the last 64 MiB, in memory.
    min_tokens
        A result of no more tokens is left as it is.
    max_tokens
        Most tokens of a compressed result.
    tool
        Name of the tool that expands a reference, for the last line.
    on_error
        After a failure inside: ``"fallback"`` returns the result as it is, flagged and logged; ``"raise"``
        raises.

    Raises
    ------
    ValueError
        If an argument is out of range, or if ``max_tokens`` leaves no room beside the last line.

    Examples
    --------
    >>> compressor = ToolResultCompressor(SemToken(encoder="static"), min_tokens=99, max_tokens=120)
    >>> steps = [f"Step {i} of the plan went well." for i in range(99)]
    >>> log = "\n".join(["The log", *steps[:50], "The port is 5432.", *steps[50:]])
    >>> found = compressor.compress(log, "Which port?")
    >>> found.text.splitlines()[0], "The port is 5432." in found.text, found.tokens_after <= 120
    ('The log', True, True)
    """

    def __init__(
        self,
        engine: SemToken | None = None,
        originals: Originals | None = None,
        *,
        min_tokens: int = 1000,
        max_tokens: int = 500,
        tool: str = "expand",
        on_error: str = "fallback",
    ) -> None:
        check_positive("min_tokens", min_tokens)
        check_positive("max_tokens", max_tokens)
        if on_error not in ("fallback", "raise"):
            raise ValueError(f"on_error must be 'fallback' or 'raise', got {on_error!r:.80}")
        if engine is not None and not isinstance(engine, SemToken):
            raise ValueError(f"engine must be a SemToken, got {engine!r:.80}")
        if originals is not None and not isinstance(originals, Originals):
            raise ValueError(f"originals must be an Originals, got {originals!r:.80}")
        self.engine = engine or SemToken()
        self.originals = Originals() if originals is None else originals
        self.min_tokens, self.max_tokens, self.tool, self.on_error = min_tokens, max_tokens, tool, on_error
        if max_tokens < (least := self.least_tokens):
            raise ValueError(f"max_tokens must be at least {least}, twice the last line, got {max_tokens!r}")

    @property
    def least_tokens(self) -> int:
        """Fewest tokens that leave as much room for the text as for the line that names the original."""
        note = self._note("99,999,999 of 99,999,999 characters are left out", "0123456789abcdef")
        return 2 * self.count("\n" + note)

    def count(self, text: str) -> int:
        """Count the tokens of a text, of one of more than a million characters by a sample."""
        if len(text) <= COUNTED_CHARS:
            return self._count(text)
        parts = 8
        step, size = len(text) // parts, COUNTED_CHARS // parts // 4
        counted = sum(self._count(text[i * step : i * step + size]) for i in range(parts))
        return max(round(counted * len(text) / (parts * size)), len(text) // SPARSE)

    def compress(self, text: str, question: str = "", *, error: bool = False) -> CompressedResult:
        """Compress a result, if it is long.

        Parameters
        ----------
        text
            What the tool returned.
        question
            What is asked for, see `question_of`; may be empty.
        error
            Whether the text is an error; a text that begins as one is an error too.

        Returns
        -------
        CompressedResult
            At most ``max_tokens`` tokens, or the text as it is.

        Raises
        ------
        ValueError
            If an argument is not a string.
        Exception
            Any failure inside, under ``on_error="raise"``.
        """
        for name, value in (("text", text), ("question", question)):
            if not isinstance(value, str):
                raise ValueError(f"{name} must be a str, got {type(value).__name__}: {value!r:.80}")
        try:
            before = self.count(text)
            if before <= max(self.min_tokens, self.max_tokens):
                return CompressedResult(text, before, before)
            return self.shorten(text, question, max_tokens=self.max_tokens, error=error)
        except Exception as failure:
            if self.on_error == "raise":
                raise
            log.warning("a tool's result is passed on as it is: %s", type(failure).__name__)
            size = len(text) // 4
            return CompressedResult(text, size, size, failure=f"{type(failure).__name__}: {failure!s:.200}")

    def shorten(
        self, text: str, question: str = "", *, max_tokens: int, error: bool = False
    ) -> CompressedResult:
        """Compress a text to a number of tokens, whatever its length; any failure is raised.

        Parameters
        ----------
        text
            The text.
        question
            What is asked for.
        max_tokens
            Most tokens, see `compress` for what they must leave room for.
        error
            Whether the text is an error.

        Returns
        -------
        CompressedResult
            The text as it is, if it fits or no shorter one was found.
        """
        before, ref = self.count(text), self._keep(text)
        made = None
        if before > max_tokens:
            made = self._shortened(text, question.strip(), ref, max_tokens, error)
        if made is None or (after := self._count(made)) >= before:
            return CompressedResult(text, before, before)
        return CompressedResult(made, before, after, ref)

    def expand(self, ref: str, query: str = "", *, max_tokens: int) -> str:
        """Return what an original says on a question, as the tool of an agent does.

        Parameters
        ----------
        ref
            The reference of the original.
        query
            The question; blank for the beginning of the text.
        max_tokens
            Most tokens.

        Returns
        -------
        str
            See `semtoken_rag.agents.expand`.

        Raises
        ------
        UnknownRef
            If the text is not kept, or cannot be read; then the failure itself under ``on_error="raise"``.
        """
        try:
            return expand(self.originals, ref, engine=self.engine, query=query, max_tokens=max_tokens)
        except UnknownRef:
            raise
        except Exception as error:
            if self.on_error == "raise":
                raise
            log.warning("an original cannot be read: %s", type(error).__name__)
            raise UnknownRef(
                f"the original under ref {ref!r:.80} cannot be read now: {type(error).__name__}"
            ) from error

    def _shortened(
        self, text: str, question: str, ref: str | None, max_tokens: int, error: bool
    ) -> str | None:
        error = error or re.match(ERROR, text) is not None
        if not error:
            note = self._note(f"shortened from {len(text):,} characters", ref)
            made = shorten_json(text, question, engine=self.engine, max_tokens=max_tokens, note=note)
            if made is not None:
                return made
        left = f"{len(text):,} of {len(text):,} characters are left out"
        room = max_tokens - self._count("\n" + self._note(left, ref))
        while room > 0:
            if error:
                body = middle_cut(text, self._count, room)
            else:
                body = excerpt(text, question, engine=self.engine, max_tokens=room, landmarks=True)
            left = f"{max(0, len(text) - len(body)):,} of {len(text):,} characters are left out"
            made = f"{body}\n{self._note(left, ref)}"
            if (excess := self._count(made) - max_tokens) <= 0:
                return made
            room -= excess
        return None

    def _note(self, left: str, ref: str | None) -> str:
        if ref is None:
            return f"[semtoken: {left}]"
        return f'[semtoken: {left}; {self.tool}(ref="{ref}", query="...") returns them]'

    def _keep(self, text: str) -> str | None:
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if size > self.originals.max_bytes and self.originals.store is None:
            log.warning("an original of %d bytes is larger than max_bytes and is not kept", size)
            return None
        return self.originals.put(text)

    def _count(self, text: str) -> int:
        return self.engine.counter.count(text)


def question_of(asked: str, arguments: Mapping[str, Any], looking_for: str = "") -> str:
    r"""Put together what a tool's result is read for.

    Parameters
    ----------
    asked
        What the user said last.
    arguments
        The arguments of the tool call.
    looking_for
        What the model says that it looks for.

    Returns
    -------
    str
        One text, of which long parts are cut in their middle.

    Examples
    --------
    >>> question_of("Who built it?", {"path": "tower.md", "lines": 40}, "the builder's name")
    "Who built it?\npath: tower.md\nlines: 40\nthe builder's name"
    """
    said = [f"{name}: {value}" for name, value in arguments.items() if isinstance(value, str | int | float)]
    parts = [asked, *said, looking_for]
    return "\n".join(_ends(part.strip()) for part in parts if part.strip())


def _ends(text: str) -> str:
    if len(text) <= 2 * ASKED_CHARS:
        return text
    return f"{text[:ASKED_CHARS]} … {text[-ASKED_CHARS:]}"
