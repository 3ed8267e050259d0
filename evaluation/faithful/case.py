"""A case as data: chunks, a question, and what may not stand without what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limit:
    """One claim of a chunk: where ``text`` is kept, the rest must be kept too.

    Attributes
    ----------
    chunk
        Position of the chunk that says it.
    text
        Answer-like text, once in the whole case.
    before
        What must stand before it in the same chunk (headings, lead-in, header, speaker, key path), outermost
        first.
    after
        What must stand behind it (exception, condition, proviso).
    rivals
        What must not stand between the last of ``before`` and ``text``: other headings, other speakers.
    """

    chunk: int
    text: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One question about a few small chunks.

    Attributes
    ----------
    id, kind, template, lang
        ``template/lang/number``, what sort of document, the function that made it, its language.
    chunks
        The retrieved texts; those that do not answer are of the same sort, about something else.
    question
        Asked in the language of the chunks.
    source
        Position of the chunk that answers.
    answer
        Texts that all must be left of that chunk for the answer to be kept.
    limits
        Every claim of every chunk, not of the one asked for alone.
    atoms
        ``(chunk, text)``: numbers with unit, dates, links, names that are whole or gone.
    """

    id: str
    kind: str
    template: str
    lang: str
    chunks: tuple[str, ...]
    question: str
    source: int
    answer: tuple[str, ...]
    limits: tuple[Limit, ...]
    atoms: tuple[tuple[int, str], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Case:
        """Read `as_dict` back, also from JSON."""
        listed = {name: tuple(data[name]) for name in ("chunks", "answer")}
        limits = tuple(
            Limit(**{k: tuple(v) if isinstance(v, Sequence) and k != "text" else v for k, v in each.items()})
            for each in data["limits"]
        )
        atoms = tuple((int(chunk), str(text)) for chunk, text in data["atoms"])
        return cls(**{**data, **listed, "limits": limits, "atoms": atoms})


@dataclass(frozen=True, slots=True)
class Fact:
    """What a document says, how one asks for it, and what it may not be said without; see `Limit`.

    ``answer`` is what must be left for the answer to be kept: ``text`` where it is left empty.
    """

    question: str
    text: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """What must be left for the answer to be kept."""
        return self.answer or (self.text,)


def yes_no(
    question: str,
    text: str,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    rivals: tuple[str, ...] = (),
) -> Fact:
    """Return a fact that is asked for with "may", "does": the answer is in what stands beside it."""
    return Fact(question, text, before, after, rivals, (*before, text, *after))


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a template makes: one document, its facts and its atoms."""

    text: str
    facts: Sequence[Fact]
    atoms: Sequence[str] = ()
