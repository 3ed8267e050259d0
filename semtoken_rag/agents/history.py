"""`History`: which messages of a conversation are sent in a shorter form, so that a prompt cache still fits.

A provider's prompt cache holds the beginning of a prompt, byte for byte. So a message that was sent keeps its
form. Only at a checkpoint, when the conversation is longer than a limit, are older messages shortened; then
they keep that form. Nothing is ever removed: a tool call and its result stay together, with their ids.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TypeVar

from semtoken_rag._internal.checks import check_positive
from semtoken_rag._internal.lru import ByteLRU
from semtoken_rag.agents.originals import UnknownRef
from semtoken_rag.agents.tool_results import ToolResultCompressor
from semtoken_rag.store.base import FingerprintStore

log = logging.getLogger(__name__)
T = TypeVar("T")

FORMS_BYTES = 32 * 2**20
KEY = "form-{}"  # in a store that others use too
GOAL = 0.5  # share of the limit to which a checkpoint shortens, so that the next one is far


@dataclass(frozen=True, slots=True)
class Message:
    """What the history reads of a framework's message.

    Attributes
    ----------
    role
        ``system``, ``human``, ``ai`` or ``tool``.
    text
        Its text.
    fixed
        Whether it is never shortened, as a message with images or a model's signed thoughts.
    error
        Whether it is the error of a tool.
    ref
        Reference of the original, if the text is a compressed result already.
    extra
        Whatever else makes the message: ids and arguments of tool calls, data of images.
    """

    role: str
    text: str
    fixed: bool = False
    error: bool = False
    ref: str | None = None
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Forms:
    """What is sent for each message of a conversation.

    Attributes
    ----------
    texts
        A text in place of the message's own, None for its own.
    checkpoint
        Whether a message that was sent before has another form now.
    """

    texts: tuple[str | None, ...]
    checkpoint: bool = False


@dataclass(frozen=True, slots=True)
class _Form:
    text: str
    final: bool  # not to be shortened again


class History:
    """Shorter forms of the older messages of conversations. Safe for threads.

    A form belongs to a message with all that stand before it, as in a prompt cache: conversations that begin
    alike share their forms, others do not.

    Parameters
    ----------
    results
        Shortens a text, counts, and keeps the originals. If those have a store, the forms are kept there too,
        for other processes and for later.
    max_tokens
        Tokens above which a conversation is shortened; None: never.
    keep_turns
        The last so many messages of the model, and what follows them, are left as they are.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """

    def __init__(
        self, results: ToolResultCompressor, *, max_tokens: int | None = None, keep_turns: int = 4
    ) -> None:
        if max_tokens is not None:
            check_positive("max_tokens", max_tokens)
        check_positive("keep_turns", keep_turns)
        self.results, self.max_tokens, self.keep_turns = results, max_tokens, keep_turns
        self._forms: ByteLRU[str, _Form] = ByteLRU(FORMS_BYTES, lambda form: 4 * len(form.text) + 100)
        self._sizes: ByteLRU[str, int] = ByteLRU(FORMS_BYTES // 8, lambda size: 100)

    def forms(
        self,
        messages: Sequence[Message],
        question: str = "",
        *,
        add_context: Callable[[str], str | None] | None = None,
    ) -> Forms:
        """Return what is sent for each message.

        Parameters
        ----------
        messages
            The conversation so far.
        question
            What older messages are shortened for, at a checkpoint.
        add_context
            Returns a human message with what was retrieved for it, None for none. It is asked when the
            message is the last one, and what it returns is sent from then on.

        Returns
        -------
        Forms
            As many as ``messages``.

        Raises
        ------
        Exception
            Any failure inside, under ``on_error="raise"`` of the compressor. Else a message whose form cannot
            be made is sent as it is, and all others as they were.
        """
        keys = _keys(messages)
        forms = self._recall(keys)
        new = {}
        if add_context and messages and forms[-1] is None and _is_question(messages[-1]):
            text = self._tried("no context is added", partial(add_context, messages[-1].text))
            new = {} if text is None else {len(messages) - 1: _Form(text, final=False)}
        forms = [new.get(i, form) for i, form in enumerate(forms)]
        short = {}
        if self.max_tokens:
            shorten = partial(self._checkpoint, messages, keys, forms, question)
            short = self._tried("a history is not shortened", shorten) or {}
        forms = [short.get(i, form) for i, form in enumerate(forms)]
        self._remember([(keys[i], form) for i, form in (new | short).items()])
        return Forms(tuple(form.text if form else None for form in forms), bool(short))

    def _checkpoint(
        self, messages: Sequence[Message], keys: Sequence[str], forms: Sequence[_Form | None], question: str
    ) -> dict[int, _Form]:
        """Return new forms of older messages, if the conversation is too long."""
        sizes = [self._size(*each) for each in zip(messages, keys, forms, strict=True)]
        total, limit = sum(sizes), self.max_tokens or 0
        if total <= limit:
            return {}
        least = self.results.least_tokens
        old = [i for i in self._older(messages) if sizes[i] > 2 * least and not _is_final(forms[i])]
        if not old:
            return {}
        mine = sum(sizes[i] for i in old)
        share = max(0.0, GOAL * limit - (total - mine)) / mine
        made = {}
        for i in old:
            most = max(least, int(share * sizes[i]))
            form = self._tried(
                "an older message is not shortened",
                partial(self._shorten, messages[i], forms[i], question, max_tokens=most),
            )
            if form is not None:
                made[i] = form
        return made

    def _older(self, messages: Sequence[Message]) -> list[int]:
        """Return the messages that may be shortened."""
        said = [i for i, message in enumerate(messages) if message.role == "ai"]
        asked = max((i for i, message in enumerate(messages) if message.role == "human"), default=-1)
        end = said[-self.keep_turns] if len(said) >= self.keep_turns else 0
        return [i for i, m in enumerate(messages[:end]) if m.role != "system" and not m.fixed and i != asked]

    def _shorten(
        self, message: Message, form: _Form | None, question: str, *, max_tokens: int
    ) -> _Form | None:
        text = form.text if form else message.text
        if message.ref is not None:
            with suppress(UnknownRef):  # dropped since
                text = self.results.originals.get(message.ref)
        short = self.results.shorten(text, question, max_tokens=max_tokens, error=message.error)
        return None if short.text is text else _Form(short.text, final=True)

    def _size(self, message: Message, key: str, form: _Form | None) -> int:
        key = f"{key} {form is not None and len(form.text)}"
        (known,) = self._sizes.get([key])
        if known is None:
            known = self.results.count(form.text if form else message.text)
            if not message.fixed:
                known += self.results.count(message.extra)
            self._sizes.put([(key, known)])
        return known

    def _recall(self, keys: Sequence[str]) -> list[_Form | None]:
        forms, store = self._forms.get(keys), self.results.originals.store
        missing = [key for key, form in zip(keys, forms, strict=True) if form is None]
        if store is None or not missing:
            return forms
        found = self._tried("forms are not read from the store", partial(_read, store, missing)) or {}
        self._forms.put(found.items())
        return [form or found.get(key) for key, form in zip(keys, forms, strict=True)]

    def _remember(self, forms: Sequence[tuple[str, _Form]]) -> None:
        self._forms.put(forms)
        if forms and (store := self.results.originals.store) is not None:
            data = [(KEY.format(k), json.dumps([f.text, f.final]).encode()) for k, f in forms]
            self._tried("forms are not kept in the store", partial(store.mset, data))

    def _tried(self, failed: str, act: Callable[[], T]) -> T | None:
        """Return what a call returns; None after a failure, unless failures are raised."""
        try:
            return act()
        except Exception as error:
            if self.results.on_error == "raise":
                raise
            log.warning("%s: %s", failed, type(error).__name__)
            return None


def _read(store: FingerprintStore, keys: Sequence[str]) -> dict[str, _Form]:
    """Return the forms that a store has."""
    values = store.mget([KEY.format(key) for key in keys])
    return {key: _Form(*json.loads(data)) for key, data in zip(keys, values, strict=True) if data is not None}


def _is_question(message: Message) -> bool:
    return message.role == "human" and not message.fixed and bool(message.text.strip())


def _is_final(form: _Form | None) -> bool:
    return form is not None and form.final


def _keys(messages: Sequence[Message]) -> list[str]:
    """Return a digest of each message with all before it."""
    own = (json.dumps([m.role, m.text, m.fixed, m.ref, m.extra]) for m in messages)
    chained = accumulate(own, lambda before, text: _digest(before + text), initial="")
    return list(chained)[1:]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
