"""The tools: what they take, what they return, and how they are run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from semtoken_rag import Chunk, CompressedChunk, CompressedContext, SemToken
from semtoken_rag.agents.originals import Originals
from semtoken_rag.files import Document, Skipped
from semtoken_rag.files.likeliest import likeliest
from semtoken_rag.mcp_server.folders import Folders
from semtoken_rag.stages.render import arrange
from semtoken_rag.web.fields import Strict, Text, whole

MOST_TOKENS = 16_384
READ = 24_000  # characters that the engine reads for a question, chosen by BM25 where there are more
READ_PER_TOKEN = 12  # ... and at least so many for each token of the budget
LONGEST = 10 * 2**20  # characters of the texts that are sent
NAMED = 100  # skipped files
REASONS = 10  # why files were skipped, in what the model sees
TOLD = 3  # ... and files of each
REFS = 10  # files that the model can expand; for programs all of the passages have a reference


def _asks(text: str) -> str:
    if not text.strip():
        raise ValueError(f"must not be blank, got {text!r:.80}")
    return text


Question: TypeAlias = Annotated[Text, Field(max_length=10_000), AfterValidator(_asks)]
MaxTokens: TypeAlias = Annotated[
    int,
    Field(ge=1, le=MOST_TOKENS, description="Most tokens to return, citations included."),
    BeforeValidator(whole),
]


class Search(Strict):
    """Find what the files of a folder say on a question."""

    question: Question = Field(description="A whole question or sentence, not only a keyword.")
    folder: str = Field("", description="A folder to search; by default all that are allowed.")
    max_tokens: MaxTokens = 1000


class Compress(Strict):
    """Shorten texts to what a question needs."""

    documents: list[Text] = Field(min_length=1, max_length=1000, description="The texts, in their order.")
    question: Question = Field(description="What you want to know from the texts.")
    max_tokens: MaxTokens = 1000


class Expand(Strict):
    """Read more of an original."""

    ref: str = Field(description="A reference that search_files or compress returned.")
    query: Question = Field(description="What you look for in it.")
    max_tokens: MaxTokens = 2000


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool returns.

    Attributes
    ----------
    text
        For the model, within the budget.
    data
        The same for programs, and the figures; JSON can hold it.
    notes
        For the model, on top of the budget: references, and what was not read.
    """

    text: str
    data: Mapping[str, Any]
    notes: tuple[str, ...] = ()


class Tools:
    """The tools of the server.

    Parameters
    ----------
    engine
        Chooses what is returned, and counts tokens. The order of texts is its own.
    folders
        What `search_files` may read.
    originals
        Keeps the texts behind what is returned, for `expand`; None: in memory, see `Originals`.
    """

    def __init__(self, engine: SemToken, folders: Folders, originals: Originals | None = None) -> None:
        self._engine, self._folders = engine, folders
        self._originals = originals or Originals()

    def search_files(self, asked: Search) -> Result:
        """Return the passages of a folder's files that answer a question, each with its file and lines."""
        documents, skipped = self._folders.read(asked.folder)
        found = _candidates(documents, asked.question, asked.max_tokens)
        shown, context = self._cited(documents, found, asked)
        passages, refs = [], {}
        for kept, document, start in shown:
            if document.name not in refs:
                refs[document.name] = self._originals.put(document.text)
            pieces = [_piece(document, start + p.start, start + p.end) for p in kept.pieces]
            passages.append(
                {"path": document.name, "ref": refs[document.name], "text": kept.text, "pieces": pieces}
            )
        text = "\n\n".join(_shown(*each) for each in shown)
        if not shown:
            text = _nothing(bool(documents), bool(found), asked.max_tokens)
        notes = [f"More of {path}: expand with ref {ref}." for path, ref in list(refs.items())[:REFS]]
        data = {
            "passages": passages,
            "tokens": self._engine.counter.count(text) if shown else 0,
            "files": len(documents),
            "skipped": [{"path": path, "reason": reason} for path, reason in skipped[:NAMED]],
            "skipped_in_all": len(skipped),
        }
        return Result(text, data, (*notes, *_not_read(skipped), *_failed(context)))

    def compress(self, asked: Compress) -> Result:
        """Return what texts say on a question, word for word and in their order, within a budget."""
        if (length := sum(map(len, asked.documents))) > LONGEST:
            raise ValueError(f"documents must be of at most {LONGEST} characters in all, got {length}")
        return self._shortened(asked.documents, asked.question, asked.max_tokens)

    def expand(self, asked: Expand) -> Result:
        """Return what the original behind a shortened text says on a question, within a budget."""
        return self._shortened([self._originals.get(asked.ref)], asked.query, asked.max_tokens)

    def _shortened(self, texts: Sequence[str], question: str, max_tokens: int) -> Result:
        length = sum(map(len, texts))
        starts, chunks = _in_reach(texts, question, max_tokens)
        context = self._engine.compress(chunks, question, max_tokens=max_tokens)
        pieces = [
            {"document": document, "start": start + piece.start, "end": start + piece.end}
            for kept in context.chunks
            for document, start in [starts[kept.index]]
            for piece in kept.pieces
        ]
        kept = sum(piece["end"] - piece["start"] for piece in pieces)
        data: dict[str, Any] = {
            "text": context.text,
            "pieces": pieces,
            "tokens": self._engine.counter.count(context.text),
        }
        if kept == length:
            return Result(context.text, data, _failed(context))
        data["ref"] = ref = self._originals.put("\n\n".join(texts))
        note = f"{kept} of {length} characters; expand with ref {ref} for more."
        return Result(context.text, data, (note, *_failed(context)))

    def _cited(
        self, documents: Sequence[Document], found: Sequence[tuple[int, int]], asked: Search
    ) -> tuple[list[tuple[CompressedChunk, Document, int]], CompressedContext | None]:
        """Compress passages until they fit with their citations; the best comes first."""
        chunks, count = [], self._engine.counter.count
        for number, made in _chunks(documents, found):
            document = documents[number]
            widest = count(f"[{document.name}, {document.place((0, len(document.text)))}]\n")
            chunks += [replace(chunk, overhead=widest) for chunk in made]
        room = asked.max_tokens
        while chunks and room > 0:
            context = self._engine.compress(chunks, asked.question, max_tokens=room)
            shown = [
                (kept, documents[number], documents[number].passages[passage][0])
                for kept in arrange(context.chunks, "relevance")
                if kept.pieces
                for number, passage in [found[kept.index]]
            ]
            over = count("\n\n".join(_shown(*each) for each in shown)) - asked.max_tokens
            if over <= 0:
                return shown, context
            room -= over
        return [], None


def _candidates(documents: Sequence[Document], question: str, max_tokens: int) -> list[tuple[int, int]]:
    """Return the passages that the engine reads, in order: all, or the best by BM25.

    A passage is the number of its document, and its own in that.
    """
    places = [(d, p) for d, document in enumerate(documents) for p in range(len(document.passages))]
    words = [each for document in documents for each in document.words]
    found = likeliest(words, question, max(READ, READ_PER_TOKEN * max_tokens))
    return [places[i] for i in found]


def _in_reach(
    texts: Sequence[str], question: str, max_tokens: int
) -> tuple[list[tuple[int, int]], list[Chunk]]:
    """Return text and first character of each chunk, and the chunks: the texts, or their best passages."""
    if sum(map(len, texts)) <= max(READ, READ_PER_TOKEN * max_tokens):
        return [(number, 0) for number in range(len(texts))], [Chunk(text) for text in texts]
    documents = [Document("", text) for text in texts]
    found = (
        _candidates(documents, question, max_tokens)
        or [(number, 0) for number, document in enumerate(documents) if document.passages][:1]
    )
    places = [(number, documents[number].passages[passage][0]) for number, passage in found]
    chunks = _chunks(documents, found)
    return places, [replace(chunk, source=str(number)) for number, made in chunks for chunk in made]


def _chunks(
    documents: Sequence[Document], found: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, list[Chunk]]]:
    """Yield the numbers of documents, each with the chunks of its passages, which are in order."""
    for number, places in groupby(found, key=itemgetter(0)):
        document = documents[number]
        yield number, document.chunks(document.passages[passage] for _, passage in places)


def _shown(kept: CompressedChunk, document: Document, start: int) -> str:
    """Return a passage as the model sees it, behind its citation."""
    place = document.place(*((start + piece.start, start + piece.end) for piece in kept.pieces))
    return f"[{document.name}, {place}]\n{kept.text}"


def _nothing(read: bool, found: bool, max_tokens: int) -> str:
    """Say why no passage is shown."""
    if found:
        return f"No passage fits into max_tokens={max_tokens} with its citation."
    return "Nothing in the files matches." if read else "There is no file with text."


def _piece(document: Document, start: int, end: int) -> dict[str, Any]:
    return {"start": start, "end": end, "place": document.place((start, end))}


def _not_read(skipped: Sequence[Skipped]) -> list[str]:
    """Name skipped files by reason, the most frequent first."""
    paths: dict[str, list[str]] = {}
    for path, reason in skipped:
        paths.setdefault(reason, []).append(path)
    lines = []
    for reason, names in sorted(paths.items(), key=lambda each: -len(each[1]))[:REASONS]:
        more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
        lines.append(f"Not read, {reason}: {', '.join(names[:TOLD])}{more}.")
        skipped = [each for each in skipped if each[1] != reason]
    return [*lines, f"Not read for other reasons: {len(skipped)} more."] if skipped else lines


def _failed(context: CompressedContext | None) -> tuple[str, ...]:
    """Say that a text was cut at its length alone, if something inside failed."""
    if context is None or context.stats.fallback is None:
        return ()
    return (f"The texts were cut to the budget without the question: {context.stats.fallback:.200}",)
