"""The prompt: where each chunk and the question stand in it, in characters and in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from semtoken_rag.llm.shown import Shown
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import IntArray


class Place(NamedTuple):
    """Where a chunk stands in the prompt: its header, its text, the end of it, the start of the next one."""

    start: int
    text: int
    end: int
    next: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and the places of its chunks.

    Attributes
    ----------
    text
        As the tokenizer gets it.
    places
        One a chunk shown.
    context : (start, end)
        Characters of all chunks together; empty where there is none.
    special
        Whether the tokenizer adds its special tokens; a chat template has them already.
    message
        The user's part of it.
    """

    text: str
    places: tuple[Place, ...]
    context: tuple[int, int]
    special: bool
    message: str


class Tokenized(NamedTuple):
    """Token ids (n,) of a prompt and the characters (n, 2) of each; special tokens have none."""

    ids: IntArray
    offsets: IntArray


@dataclass(frozen=True, slots=True)
class Template:
    """How context and question become a prompt.

    Parameters
    ----------
    prompt
        With ``{context}`` and ``{question}``, each once, the context first.
    bare
        With ``{question}``: what is asked where no chunk is left.
    chunk, untitled
        A chunk with a title, with ``{title}`` and ``{text}``, and one without.
    separator
        Stands between chunks.
    chat
        Whether the prompt is a user's message in the tokenizer's chat template.

    Raises
    ------
    ValueError
        Where a field is missing in one of them.
    """

    prompt: str = "{context}\n\nQuestion: {question}\nAnswer:"
    bare: str = "Question: {question}\nAnswer:"
    chunk: str = "[{title}] {text}"
    untitled: str = "{text}"
    separator: str = "\n"
    chat: bool = False

    def __post_init__(self) -> None:
        for name, fields in (
            ("prompt", ("{context}", "{question}")),
            ("bare", ("{question}",)),
            ("chunk", ("{title}", "{text}")),
            ("untitled", ("{text}",)),
        ):
            places = [getattr(self, name).find(field) for field in fields]
            if -1 in places or places != sorted(places):
                raise ValueError(f"{name} must hold {' and '.join(fields)}, got {getattr(self, name)!r}")

    @classmethod
    def of(cls, tokenizer: Any) -> Template:
        """Template for a tokenizer: a message where it has a chat template, else a text to go on with."""
        if not getattr(tokenizer, "chat_template", None):
            return cls()
        asked = "Question: {question}\nAnswer with a short phrase."
        return cls(prompt="Context:\n{context}\n\n" + asked, bare=asked, chat=True)

    def build(self, question: str, shown: Sequence[Shown], tokenizer: Any) -> Prompt:
        """Build the prompt; without a chunk to show it is the question alone.

        Raises
        ------
        ValueError
            Where the chat template does not pass the message on as it is.
        """
        question = question.strip()
        if not shown:
            message = self.bare.replace("{question}", question)
            before, text = self._wrap(message, tokenizer)
            return Prompt(encodable(text), (), (before, before), not self.chat, message)
        head, _, tail = self.prompt.partition("{context}")
        head, tail = head.lstrip(), tail.replace("{question}", question).rstrip()
        blocks, places, at = [], [], len(head)
        for number, item in enumerate(shown):
            start = self._header(item)
            block = start + item.text + self._footer(item)
            after = self.separator if number < len(shown) - 1 else ""
            end = at + len(start) + len(item.text)
            places.append(Place(at, at + len(start), end, at + len(block) + len(after)))
            blocks.append(block + after)
            at = places[-1].next
        message = head + "".join(blocks) + tail
        before, text = self._wrap(message, tokenizer)
        moved = tuple(Place(*(before + x for x in place)) for place in places)
        context = moved[0].start, moved[-1].next
        return Prompt(encodable(text), moved, context, not self.chat, message)

    def follow(self, said: Sequence[tuple[str, str]], question: str, tokenizer: Any) -> tuple[str, str]:
        """Continue a conversation.

        Parameters
        ----------
        said
            Role and words of each turn so far, the last one the assistant's.
        question
            What is asked next.

        Returns
        -------
        (message, text)
            The user's message, and the text between the assistant's last word and its next.

        Raises
        ------
        ValueError
            Where the chat template does not pass on what was said as it is.
        """
        message = self.bare.replace("{question}", question.strip())
        if not self.chat:
            return message, f"\n\n{message}"
        turns = [{"role": role, "content": words} for role, words in (*said, ("user", message))]
        before = tokenizer.apply_chat_template(turns[:-2], add_generation_prompt=True, tokenize=False)
        text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        before += said[-1][1]
        if not text.startswith(before):
            raise ValueError("the chat template does not pass on what was said as it is")
        return message, text[len(before) :]

    def _header(self, item: Shown) -> str:
        if not item.title:
            return self.untitled.partition("{text}")[0]
        start = self.chunk.partition("{text}")[0].replace("{title}", item.title)
        return start if item.text else start.rstrip()

    def _footer(self, item: Shown) -> str:
        return (self.chunk if item.title else self.untitled).partition("{text}")[2]

    def _wrap(self, message: str, tokenizer: Any) -> tuple[int, str]:
        """Put the message into the chat template; return where it starts, and the text."""
        if not self.chat:
            return 0, message
        turn = [{"role": "user", "content": message}]
        text = tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
        if (start := text.find(message.strip())) < 0:  # some templates trim it
            raise ValueError("the chat template does not pass on the message as it is")
        return start - len(message) + len(message.lstrip()), text


def tokenize(prompt: Prompt, tokenizer: Any) -> Tokenized:
    """Tokenize a prompt.

    Raises
    ------
    ValueError
        For a tokenizer that gives no offsets.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError(
            f"the reader's tokenizer must give offsets (a fast one), got {type(tokenizer).__name__}"
        )
    encoded = tokenizer(
        prompt.text, add_special_tokens=prompt.special, return_offsets_mapping=True, verbose=False
    )
    offsets = np.array(encoded.offset_mapping, np.int64).reshape(-1, 2)
    return Tokenized(np.array(encoded.input_ids, np.int64), offsets)
