"""The prompt, and the place of each chunk in it, in characters and in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from semtoken_rag.llm.checks import check_offsets
from semtoken_rag.llm.excerpts import Excerpt
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import IntArray


class Place(NamedTuple):
    """Offsets of a chunk in the prompt: its header, its text, the text's end, the next chunk."""

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
        The text that the tokenizer gets.
    places
        One per excerpt.
    context : (start, end)
        Characters of all chunks together; empty if there is none.
    special
        Whether the tokenizer has to add its special tokens; a chat template has them already.
    message
        The user's message.
    """

    text: str
    places: tuple[Place, ...]
    context: tuple[int, int]
    special: bool
    message: str


class Tokenized(NamedTuple):
    """Token ids (n,) of a prompt, and the character range (n, 2) of each; empty for special tokens."""

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
        With ``{question}``: the prompt without a chunk.
    chunk, untitled
        A chunk with a title, with ``{title}`` and ``{text}``; a chunk without one, with ``{text}``.
    separator
        Text between chunks.
    chat
        Whether the prompt is a user's message in the tokenizer's chat template.

    Raises
    ------
    ValueError
        If one of them lacks a field, or has them in another order.
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
        """Return the template for a tokenizer: a message if it has a chat template, else plain text."""
        if not getattr(tokenizer, "chat_template", None):
            return cls()
        asked = "Question: {question}\nAnswer with a short phrase."
        return cls(prompt="Context:\n{context}\n\n" + asked, bare=asked, chat=True)

    def build(self, question: str, excerpts: Sequence[Excerpt], *, tokenizer: Any) -> Prompt:
        """Build the prompt.

        Parameters
        ----------
        question
            The question.
        excerpts
            Chunks as they enter the prompt; without one the prompt is the question alone.
        tokenizer
            The reader's, for its chat template.

        Returns
        -------
        Prompt
            Text, and the place of each excerpt.

        Raises
        ------
        ValueError
            If the chat template changes the message.
        """
        question = question.strip()
        if not excerpts:
            message = self.bare.replace("{question}", question)
            before, text = self._wrap(message, tokenizer)
            return Prompt(encodable(text), (), (before, before), not self.chat, message)
        head, _, tail = self.prompt.partition("{context}")
        head, tail = head.lstrip(), tail.replace("{question}", question).rstrip()
        blocks, places, at = [], [], len(head)
        for number, item in enumerate(excerpts):
            start = self._header(item)
            block = start + item.text + self._footer(item)
            after = self.separator if number < len(excerpts) - 1 else ""
            end = at + len(start) + len(item.text)
            places.append(Place(at, at + len(start), end, at + len(block) + len(after)))
            blocks.append(block + after)
            at = places[-1].next
        message = head + "".join(blocks) + tail
        before, text = self._wrap(message, tokenizer)
        moved = tuple(Place(*(before + x for x in place)) for place in places)
        context = moved[0].start, moved[-1].next
        return Prompt(encodable(text), moved, context, not self.chat, message)

    def follow(self, question: str, said: Sequence[tuple[str, str]], *, tokenizer: Any) -> tuple[str, str]:
        """Continue a conversation.

        Parameters
        ----------
        question
            The next question.
        said
            Role and words of each turn so far, the assistant's last.
        tokenizer
            The reader's, for its chat template.

        Returns
        -------
        (message, text)
            The user's message, and the text between the assistant's last word and its next.

        Raises
        ------
        ValueError
            If the chat template changes what was said.
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

    def _header(self, item: Excerpt) -> str:
        if not item.title:
            return self.untitled.partition("{text}")[0]
        start = self.chunk.partition("{text}")[0].replace("{title}", item.title)
        return start if item.text else start.rstrip()

    def _footer(self, item: Excerpt) -> str:
        return (self.chunk if item.title else self.untitled).partition("{text}")[2]

    def _wrap(self, message: str, tokenizer: Any) -> tuple[int, str]:
        """Put the message into the chat template; return its offset, and the text."""
        if not self.chat:
            return 0, message
        turn = [{"role": "user", "content": message}]
        text = tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
        if (start := text.find(message.strip())) < 0:  # some templates trim it
            raise ValueError("the chat template does not pass on the message as it is")
        return start - len(message) + len(message.lstrip()), text


def tokenize(prompt: Prompt, tokenizer: Any) -> Tokenized:
    """Tokenize a prompt.

    Parameters
    ----------
    prompt
        The prompt.
    tokenizer
        The reader's, which must be a fast one.

    Returns
    -------
    Tokenized
        Ids (n,) of the tokens, and the character range (n, 2) of each.

    Raises
    ------
    ValueError
        If the tokenizer gives no offsets.
    """
    check_offsets(tokenizer)
    encoded = tokenizer(
        prompt.text, add_special_tokens=prompt.special, return_offsets_mapping=True, verbose=False
    )
    offsets = np.array(encoded.offset_mapping, np.int64).reshape(-1, 2)
    return Tokenized(np.array(encoded.input_ids, np.int64), offsets)
