"""A conversation with a reader: its turns, and the cache that they share."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from semtoken_rag.llm.answer import Answer, AnswerStats, Detokenizer
from semtoken_rag.llm.decode import Decoder, synchronize
from semtoken_rag.llm.kv.cache import SpanCache
from semtoken_rag.llm.model import kv_bytes
from semtoken_rag.llm.prepare import Mode, Prepared, Reader, to_input


@dataclass(frozen=True, slots=True)
class State:
    """A conversation so far.

    Attributes
    ----------
    said
        Role and words of each turn.
    decoder
        The model with the cache of what was said.
    mode
        Name of the mode of the first turn.
    """

    said: tuple[tuple[str, str], ...]
    decoder: Decoder
    mode: str


def begin(reader: Reader, mode: Mode, *, prepared: Prepared) -> State:
    """Begin a conversation with a prompt that is not read yet.

    Parameters
    ----------
    reader
        The reader.
    mode
        The mode of the conversation.
    prepared
        The prompt that the mode made of the question.

    Returns
    -------
    State
        With a cache of its own, in which chunks may have been read beforehand.
    """
    decoder = Decoder(reader.model, mode.cache(reader, prepared))
    synchronize(reader.model)
    return State((("user", prepared.message),), decoder, mode.name)


def go_on(reader: Reader, question: str, *, previous: Answer) -> tuple[Prepared, State]:
    """Prepare a further question; it is read into the cache of the answer before it.

    Parameters
    ----------
    reader
        The reader.
    question
        The next question.
    previous
        The answer before it.

    Returns
    -------
    (Prepared, State)
        What the model reads, and the conversation with the question.

    Raises
    ------
    ValueError
        If the chat template changes what was said.
    """
    state: State = previous.state
    decoder, said = state.decoder, (*state.said, ("assistant", previous.text))
    message, text = reader.template.follow(question, said, tokenizer=reader.tokenizer)
    unread = () if decoder.unread is None else (decoder.unread,)
    ids = reader.tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    following = to_input(reader, np.array([*unread, *ids], np.int64), first=decoder.position)
    return Prepared(following, message), State((*said, ("user", message)), decoder, state.mode)


def answer(
    reader: Reader, prepared: Prepared, *, state: State, seconds: float = 0.0
) -> Generator[str, None, Answer]:
    """Read a prompt and answer it; yield the parts of the answer as strings.

    Parameters
    ----------
    reader
        The reader.
    prepared
        The prompt.
    state
        The conversation with the question.
    seconds
        Seconds spent on the prompt already, counted as prefill.

    Returns
    -------
    Answer
        The whole answer with its figures.
    """
    decoder, settings = state.decoder, reader.settings
    start = time.perf_counter()
    logits = decoder.read(prepared.input)
    synchronize(reader.model)
    prefill, held = seconds + time.perf_counter() - start, kv_bytes(decoder.cache)
    host = decoder.cache.host_bytes if isinstance(decoder.cache, SpanCache) else 0
    out = Detokenizer(reader.tokenizer, settings.stop)
    tokens = decoder.generate(
        logits, max_new_tokens=settings.max_new_tokens, sampler=settings.sampler, end=end_tokens(reader)
    )
    decoding = 0.0
    while not out.stopped:
        start = time.perf_counter()
        token = next(tokens, None)
        decoding += time.perf_counter() - start
        if token is None:
            break
        if part := out.push(token):
            yield part
    if part := out.rest():
        yield part
    length, merged = prepared.input.length, prepared.merged
    stats = AnswerStats(state.mode, length, merged, len(out.ids), prefill, decoding, held, host)
    return Answer(out.text.strip(), tuple(out.ids), stats, state)


def end_tokens(reader: Reader) -> set[int]:
    """Return the tokens that end an answer."""
    config: Any = getattr(reader.model, "generation_config", None)
    found = [getattr(config, "eos_token_id", None), reader.tokenizer.eos_token_id]
    return {t for f in found if f is not None for t in ([f] if isinstance(f, int) else f)}
