"""What of a chat request is context, and the request with less of it.

Only messages behind the last answer of the model are changed. What stands before them was sent already, and
may lie in the server's prompt cache: a system prompt stays as it is, and an earlier message of which less was
sent is sent as it was sent then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby, pairwise
from typing import Any, TypeAlias

from pydantic import ValidationError

from semtoken_rag._internal.lru import ByteLRU
from semtoken_rag.serve.schema import MAX_PASSAGES, ChatOptions
from semtoken_rag.types import Chunk
from semtoken_rag.web.errors import describe

Message: TypeAlias = Mapping[str, Any]
Span: TypeAlias = tuple[int | None, int, int]  # part, start and end, as in `Place`

BEGIN, END = "<context>", "</context>"
BLANK_LINE = re.compile(r"\n[^\S\n]*(?=\n)")
SHORT = 600  # characters of a paragraph that can be a question or an instruction
REMEMBERED = 16 * 2**20  # bytes of the messages that were sent shorter


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage stands: characters ``start`` to ``end`` of a message's text.

    Attributes
    ----------
    message
        Position of the message.
    part
        Position of the part of its content; None if that is a string.
    start, end
        Character range.
    """

    message: int
    part: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Context:
    """What can be compressed of a request.

    Attributes
    ----------
    query
        The question.
    chunks
        The passages: those of ``places``, then those that the request brought beside its messages.
    places
        Where the first passages stand.
    question
        Position of the message with the question.
    """

    query: str
    chunks: tuple[Chunk, ...]
    places: tuple[Place, ...]
    question: int


def parse(body: bytes) -> dict[str, Any]:
    """Read a request; raise ValueError, which says what is wrong, if it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the body is not JSON that can be read: {type(error).__name__}") from None
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
        raise ValueError("the body must be an object with a list of messages")
    if not all(isinstance(message, dict) for message in found["messages"]):
        raise ValueError("each message must be an object")
    return found


def options(request: Mapping[str, Any]) -> ChatOptions:
    """Return the field ``semtoken`` of a request; raise ValueError, which says what is wrong with it."""
    try:
        return ChatOptions.model_validate(request.get("semtoken", {}))
    except ValidationError as error:
        raise ValueError(describe(error, "semtoken")) from None


def find(
    messages: Sequence[Message], given: Sequence[Chunk], is_long: Callable[[str], bool]
) -> Context | None:
    """Find what can be compressed.

    Parameters
    ----------
    messages
        Of the request.
    given
        Passages that it brought beside them.
    is_long
        Whether a text that nobody marked as context is compressed all the same.

    Returns
    -------
    Context or None
        None if nothing can: no question, no passage, too many passages, or content that is not text. Passages
        that were given are there in any case.

    Raises
    ------
    ValueError
        As for `beside`.
    """
    asking = _asking(messages)
    if asking < 0:
        return beside(messages, given)
    begin = _turn(messages)
    fresh = [i for i in range(begin, len(messages)) if messages[i].get("role") in ("user", "tool")]
    query, own = _question(messages[asking], is_long)
    places: list[Place] = []
    if query and all(_is_text(messages[i]) for i in {asking, *fresh}):
        spans = [(i, at) for i in fresh for at in (own if i == asking else _passages(messages[i], is_long))]
        places = [Place(i, part, *_stripped(_text_of(messages[i], part), *at)) for i, (part, *at) in spans]
        places = [place for place in places if place.start < place.end]
    if len(places) + len(given) > MAX_PASSAGES:
        places = []
    alone = beside(messages, given)
    if not places:
        return alone and replace(alone, query=query)
    chunks = (Chunk(_text_of(messages[p.message], p.part)[p.start : p.end]) for p in places)
    return Context(query, (*chunks, *given), tuple(places), asking)


def beside(messages: Sequence[Message], given: Sequence[Chunk]) -> Context | None:
    """Return the passages that a request brought beside its messages; None if there are none.

    Parameters
    ----------
    messages
        Of the request.
    given
        The passages.

    Returns
    -------
    Context or None
        With an empty question.

    Raises
    ------
    ValueError
        If there are passages, and no message of the user with text or parts follows the last answer.
    """
    if not given:
        return None
    asking = _asking(messages)
    if asking < _turn(messages) or not isinstance(messages[asking].get("content"), str | list):
        raise ValueError("semtoken.context needs a message of the user behind the last answer")
    return Context("", tuple(given), (), asking)


def rewrite(messages: Sequence[Message], found: Context, kept: Mapping[int, str]) -> list[Message]:
    """Return the messages with what is kept of each passage in its place.

    Parameters
    ----------
    messages
        Of the request; they are not changed.
    found
        What was compressed of them.
    kept
        What is left of each of its chunks, by position; those without a place in their order.

    Returns
    -------
    list of message
        Those of which all is kept are the ones given.
    """
    made = list(messages)
    numbered = enumerate(found.places)
    for (message, part), group in groupby(numbered, key=lambda pair: (pair[1].message, pair[1].part)):
        text, pieces, at = _text_of(made[message], part), [], 0
        for number, place in group:
            pieces += [text[at : place.start], kept.get(number, "")]
            at = place.end
        made[message] = _with_text(made[message], part, "".join((*pieces, text[at:])))
    given = [text for number, text in kept.items() if number >= len(found.places)]
    if any(map(str.strip, given)):
        made[found.question] = _behind("\n".join((BEGIN, *given, END, "", "")), made[found.question])
    return [old if new == old else new for old, new in zip(messages, made, strict=True)]


class Sent:
    """Remembers which messages were sent shorter than they came, so that they are sent alike the next time.

    A message is known by all that stood before it in its conversation. If it is forgotten, it is sent as it
    came, which the server's prompt cache does not have.
    """

    def __init__(self) -> None:
        self._contents: ByteLRU[bytes, str] = ByteLRU(REMEMBERED, len)

    def remember(self, messages: Sequence[Message], sent: Sequence[Message]) -> None:
        """Remember the messages of a turn that differ from those that came."""
        names = _names(messages)
        self._contents.put(
            (name, json.dumps(new["content"]))
            for name, old, new in zip(names, messages, sent, strict=True)
            if new is not old
        )

    def recall(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages, those before the last answer of the model as they were sent."""
        begin = _turn(messages)
        contents = self._contents.get(_names(messages[:begin]))
        earlier = (
            message if content is None else {**message, "content": json.loads(content)}
            for message, content in zip(messages, contents, strict=False)
        )
        return [*earlier, *messages[begin:]]


def _asking(messages: Sequence[Message]) -> int:
    """Return the position of the last message of the user, -1 if there is none."""
    return max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=-1)


def _turn(messages: Sequence[Message]) -> int:
    """Return the position of the first message behind the last answer of the model."""
    return max((i + 1 for i, m in enumerate(messages) if m.get("role") == "assistant"), default=0)


def _names(messages: Sequence[Message]) -> list[bytes]:
    running, names = sha256(), []
    for message in messages:
        running.update(json.dumps([message.get("role"), message.get("content")]).encode())
        names.append(running.digest())
    return names


def _question(message: Message, is_long: Callable[[str], bool]) -> tuple[str, list[Span]]:
    """Return the question that a message asks, and its spans of context."""
    texts, marked = _texts(message), _marked(message)
    query = " ".join(map(_unmarked, (text for _, text in texts))).strip()
    if marked or not is_long(query):
        return query, marked
    if len(texts) == 1:
        (part, text), *_ = texts
        query, ranges = _between(text)
        return query, [(part, *found) for found in ranges]
    query = " ".join(text for _, text in texts if not is_long(text)).strip()
    return query, [(part, 0, len(text)) for part, text in texts if is_long(text)]


def _passages(message: Message, is_long: Callable[[str], bool]) -> list[Span]:
    """Return the spans of context of a message that is not the question."""
    marked = _marked(message)
    if marked or message["role"] != "tool":
        return marked
    return [(part, 0, len(text)) for part, text in _texts(message) if is_long(text)]


def _marked(message: Message) -> list[Span]:
    return [(part, *span) for part, text in _texts(message) for span in _marks(text)]


def _marks(text: str) -> list[tuple[int, int]]:
    """Return the ranges between the marks; by hand, since a pattern takes quadratic time if they do not end.

    >>> _marks("<context>A.</context> B. <context>"), _marks("</context><context>A.<context></context>")
    ([(9, 11)], [(19, 30)])
    """
    found, end = [], 0
    while (begin := text.find(BEGIN, end)) >= 0 and (end := text.find(END, begin)) >= 0:
        found.append((begin + len(BEGIN), end))
    return found


def _unmarked(text: str) -> str:
    """Return the text without the marks and what is between them.

    >>> _unmarked("Read <context>A.</context> and answer.")
    'Read   and answer.'
    """
    parts, at = [], 0
    for begin, end in _marks(text):
        parts.append(text[at : begin - len(BEGIN)])
        at = end + len(END)
    return " ".join((*parts, text[at:]))


def _texts(message: Message) -> list[tuple[int | None, str]]:
    """Return the texts of a message, each with the position of its part."""
    content = message.get("content")
    if isinstance(content, str):
        return [(None, content)]
    parts = enumerate(content) if isinstance(content, list) else ()
    return [(i, p["text"]) for i, p in parts if isinstance(p, dict) and isinstance(p.get("text"), str)]


def _is_text(message: Message) -> bool:
    """Return whether a message is text and nothing else."""
    content, texts = message.get("content"), _texts(message)
    return isinstance(content, str) or (isinstance(content, list) and 0 < len(content) == len(texts))


def _text_of(message: Message, part: int | None) -> str:
    return str(message["content"] if part is None else message["content"][part]["text"])


def _with_text(message: Message, part: int | None, text: str) -> Message:
    if part is None:
        return {**message, "content": text}
    parts = list(message["content"])
    parts[part] = {**parts[part], "text": text}
    return {**message, "content": parts}


def _behind(text: str, message: Message) -> Message:
    """Return a message with a text before all of its content."""
    content = message["content"]
    if isinstance(content, str):
        return {**message, "content": text + content}
    return {**message, "content": [{"type": "text", "text": text}, *content]}


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range without the blanks at its ends."""
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())


def _between(text: str) -> tuple[str, list[tuple[int, int]]]:
    r"""Return the question of a long text, and the range of the rest: a short first and last paragraph stay.

    >>> long = "Read this." + 2 * ("\n\n" + 700 * "x") + "\n\nWho was it?"
    >>> _between(long)
    ('Who was it?', [(12, 1414)])
    >>> _between(700 * "x")
    ('', [])
    """
    borders = [0, *(found.end() for found in BLANK_LINE.finditer(text)), len(text)]
    spans = [(a, b) for a, b in (_stripped(text, *span) for span in pairwise(borders)) if a < b]
    ends = [i for i in {0, len(spans) - 1} if spans and spans[i][1] - spans[i][0] <= SHORT]
    rest = [span for i, span in enumerate(spans) if i not in ends]
    if not ends or not rest:
        return "", []
    said = [text[slice(*spans[i])] for i in sorted(ends)]
    query = next((s for s in reversed(said) if "?" in s or "？" in s), said[-1])
    return query, [(rest[0][0], rest[-1][1])]
