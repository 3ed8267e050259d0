"""An answer, as a whole and as a stream, with its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from semtoken_rag.context import CompressedContext
from semtoken_rag.support import SupportedSentence


@dataclass(frozen=True, slots=True)
class AnswerStats:
    """Figures of an answer.

    Attributes
    ----------
    mode
        ``text``, ``soft`` or ``kv``.
    prompt_tokens, merged_tokens, generated_tokens
        Tokens of the prompt that were read, merged tokens among them, and tokens of the answer.
    prefill_seconds, decode_seconds
        Until the first token, and for the tokens after it, without the caller's time between two tokens.
    kv_bytes, host_bytes
        Bytes of keys and values after the prompt was read and pruned, on the device and in CPU memory.
    """

    mode: str
    prompt_tokens: int
    merged_tokens: int
    generated_tokens: int
    prefill_seconds: float
    decode_seconds: float
    kv_bytes: int
    host_bytes: int

    @property
    def ms_per_token(self) -> float | None:
        """Milliseconds per token after the first, None if there is only one."""
        steps = self.generated_tokens - 1
        return 1000 * self.decode_seconds / steps if steps > 0 else None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes
    ----------
    text
        The text, without special tokens, blanks at its ends, and what follows a stop string.
    ids
        Generated tokens.
    stats
        See `AnswerStats`.
    state
        The conversation with the model's cache: pass the answer as ``previous`` to ask on, once; drop it to
        free the memory.
    """

    text: str
    ids: tuple[int, ...]
    stats: AnswerStats
    state: Any

    def support(self, context: CompressedContext) -> list[SupportedSentence]:
        """Find what each sentence rests on, as `CompressedContext.support` does."""
        return context.support(self.text)


class Stream:
    """Iterates over the parts of an answer; afterwards `answer` is the whole.

    Parameters
    ----------
    parts
        Generator that yields text and returns the answer.
    """

    def __init__(self, parts: Any) -> None:
        self._parts = parts
        self.answer: Answer | None = None

    def __iter__(self) -> Iterator[str]:
        self.answer = yield from self._parts


class Detokenizer:
    """Turns tokens into text part by part, without incomplete characters and stop strings.

    Parameters
    ----------
    tokenizer
        The reader's.
    stop
        Strings that end the answer.
    """

    def __init__(self, tokenizer: Any, stop: tuple[str, ...] = ()) -> None:
        self.tokenizer, self.stop = tokenizer, stop
        self.ids: list[int] = []
        self.text, self.passed = "", 0
        self.stopped = False

    def push(self, token: int) -> str:
        """Add a token; return the text that is complete now."""
        self.ids.append(token)
        self.text = self.tokenizer.decode(self.ids, skip_special_tokens=True)
        ends = [at for s in self.stop if (at := self.text.find(s)) >= 0]
        if ends:
            self.text, self.stopped = self.text[: min(ends)], True
            return self.rest()
        held = max((len(s) - 1 for s in self.stop), default=0)
        return self._pass(len(self.text) - held if not self.text.endswith("\ufffd") else self.passed)

    def rest(self) -> str:
        """Return the text that was held back."""
        return self._pass(len(self.text))

    def _pass(self, until: int) -> str:
        part = self.text[self.passed : until]
        self.passed = max(self.passed, until)
        return part
