"""Shared by the examples: documents, a local LLM, what is kept, answers with citations, and the options."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pydoc_data.topics import topics
from typing import Annotated, Any, Protocol, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from semtoken_rag.files import read_paths
from semtoken_rag.readers import ServerError, ServerReader, resolve_reader
from semtoken_rag.readers.address import is_address
from semtoken_rag.support import Passage, support

QUESTIONS = (
    "Which exception does a failed assert statement raise?",  # answered in one place
    "What do the break and the continue statement do?",  # answered in two places
    "On which port does a PostgreSQL server listen?",  # not in the reference at all
)
PROMPT = "Context:\n{context}\n\nQuestion: {question}\nAnswer with a short phrase."
NEW_TOKENS = 48
BATCH = 32
console = Console()
T = TypeVar("T")


def mode_of(mode: str) -> str:
    """Return the mode, or raise BadParameter if there is no such mode."""
    if mode == "text":
        return mode
    from semtoken_rag.llm.modes import MODES  # needs torch, as these modes do

    if mode not in MODES:
        raise typer.BadParameter(f"must be one of {', '.join(MODES)}, got {mode!r}")
    return mode


QuestionOption = Annotated[list[str] | None, typer.Option(help="Ask this; may be repeated.")]
AllOption = Annotated[bool, typer.Option("--all", help=f"Ask all {len(QUESTIONS)} questions, not the first.")]
RatioOption = Annotated[float, typer.Option(help="Part of the context's tokens to keep.")]
MaxTokensOption = Annotated[int | None, typer.Option(help="Token budget, in place of the ratio.")]
DocsOption = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="Folder to index.")]
LlmOption = Annotated[
    str,
    typer.Option(help="Hugging Face id, folder, .gguf file, or openai:http://127.0.0.1:8080/v1#MODEL."),
]
TokenizerOption = Annotated[
    str | None,
    typer.Option(help="Tokenizer of a server's model, if the server counts no tokens: id, folder or file."),
]
ModeOption = Annotated[
    str,
    typer.Option(callback=mode_of, help="How the LLM gets the compressed context: text, soft or kv."),
]
KOption = Annotated[int, typer.Option(min=1, help="Chunks to retrieve.")]


class Retrieved(Protocol):
    """A document or node; its metadata has ``title``, and ``semtoken`` after compression."""

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata."""


@dataclass(frozen=True)
class Answer:
    """An answer, its prompt's tokens, the seconds of the LLM and of compression, and what the LLM read."""

    text: str
    tokens: int
    seconds: float
    compressing: float | None = None
    read: Sequence[Passage] = field(default=(), repr=False)


@dataclass
class Reader:
    """A causal language model in this process."""

    tokenizer: Any
    model: Any

    @property
    def positions(self) -> int | None:
        """Largest number of tokens of the model's window, None if it is not known."""
        return getattr(self.model.config, "max_position_embeddings", None)

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)

    @property
    def counter(self) -> Any:
        """What counts tokens, for ``token_counter=``."""
        return self.count

    def size(self, message: str) -> int:
        """Return the number of tokens of a prompt with this message."""
        return int(self._encode(message).shape[1])

    def ask(self, message: str) -> str:
        """Answer a message by greedy decoding."""
        import torch

        ids = self._encode(message)
        with torch.inference_mode():
            out = self.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False
            )
        return self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True).strip()

    def _encode(self, message: str) -> Any:
        special, text = not self.tokenizer.chat_template, message
        if self.tokenizer.chat_template:
            messages = [{"role": "user", "content": message}]
            text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        encoded = self.tokenizer(text, add_special_tokens=special, return_tensors="pt", verbose=False)
        return encoded.input_ids.to(self.model.device)


@dataclass
class Served:
    """A model behind a server."""

    server: ServerReader
    positions: int | None = None

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return self.server.count(text)

    @property
    def counter(self) -> Any:
        """What counts tokens, many texts in a request, for ``token_counter=``."""
        return self.server.tokenizer

    size = count  # the server's chat template is not known here

    def ask(self, message: str) -> str:
        """Answer a message by greedy decoding."""
        return "".join(self.server.chat(message)).strip()


def load_reader(name: str, tokenizer: str | None = None, *, mode: str = "text") -> Reader | Served:
    """Load a reader by its name, see `semtoken_rag.readers.resolve_reader`; BadParameter if that fails."""
    try:
        if is_address(name):
            if mode != "text":
                raise ValueError(f"mode {mode} needs the model's weights in this process, {name} is a server")
            server = ServerReader(name, tokenizer=tokenizer, max_new_tokens=NEW_TOKENS)
            server.check()
            return Served(server)
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # of loading weights; indexing has one of its own
        llm = resolve_reader(name, tokenizer=tokenizer)
    except (ValueError, ServerError) as error:
        raise typer.BadParameter(str(error)) from error
    return Reader(llm.tokenizer, llm.model)


def reference() -> dict[str, str]:
    """Return the topics of the Python language reference, without those that others contain almost whole."""
    paragraphs = {title: {p for p in text.split("\n\n") if len(p) > 60} for title, text in topics.items()}
    for title in sorted(paragraphs, key=lambda title: -len(topics[title])):
        others = set().union(*(p for other, p in paragraphs.items() if other != title))
        repeated = sum(len(p) for p in paragraphs[title] & others)
        if repeated > 0.9 * sum(map(len, paragraphs[title])):
            del paragraphs[title]
    return {title: topics[title] for title in paragraphs}


def load(folder: Path | None) -> dict[str, str]:
    """Return titles and texts of a folder's files, or the Python reference; say what is skipped."""
    if folder is None:
        return reference()
    documents, skipped = read_paths([folder])
    for name, reason in skipped:
        console.print(f"Skipped {name}: {reason}", markup=False, highlight=False)
    if not documents:
        raise typer.BadParameter(f"no files with text under {str(folder)!r}")
    return {Path(each.name).relative_to(folder).as_posix(): each.text for each in documents}


def topics_of(*titles: str) -> dict[str, str]:
    """Return some topics of the Python language reference."""
    return {title: topics[title] for title in titles}


@contextmanager
def server_of(name: str | None, tokenizer: str | None = None) -> Iterator[ServerReader]:
    """Yield a server by its address, without one a llama.cpp server that is started for it."""
    with ExitStack() as stack:
        if name is None:
            from local_server import MODEL, local_server

            name = f"openai:{stack.enter_context(local_server())}#{MODEL}"
        reader = load_reader(name, tokenizer)
        if not isinstance(reader, Served):
            raise typer.BadParameter(f"must be as openai:http://127.0.0.1:8080/v1#MODEL, got {name!r}")
        yield reader.server


def batches(chunks: Sequence[T], documents: int) -> Iterable[Sequence[T]]:
    """Yield chunks in batches to index, with a progress bar."""
    cut = [chunks[i : i + BATCH] for i in range(0, len(chunks), BATCH)]
    return track(cut, f"Indexing {len(chunks)} chunks of {documents} documents", console=console)


def questions(question: Sequence[str] | None, every: bool = False) -> Sequence[str]:
    """Return what is asked: the questions given, else the first of `QUESTIONS`, or all of them."""
    return question or (QUESTIONS if every else QUESTIONS[:1])


def passages(documents: Iterable[Retrieved], texts: Mapping[str, str]) -> list[Passage]:
    """Return the kept pieces of documents, as ranges of their sources."""
    found = []
    for document in documents:
        title = document.metadata["title"]
        for piece in document.metadata["semtoken"]["pieces"]:
            if (start := piece.get("source_start")) is not None:
                found.append(Passage(title, texts[title], start, piece["source_end"], title))
    return found


def place(passage: Passage) -> str:
    """Return where a passage is and what it says, in one line."""
    text = " ".join(passage.text[passage.start : passage.end].split())
    return f"{passage.id}[{passage.start}:{passage.end}] {text}"


def show_kept(question: str, stats: Mapping[str, Any], kept: Iterable[Passage]) -> None:
    """Print what is kept for a question, from where, and what that saves."""
    before, after, ms = stats["tokens_before"], stats["tokens_after"], 1000 * stats["total_seconds"]
    console.print(question, style="bold", markup=False, highlight=False)
    console.print(f"context: {before} -> {after} tokens in {ms:.0f} ms, encoder {stats['encoder']}")
    for passage in kept:
        show(place(passage))


def show(line: str) -> None:
    """Print a line, its continuations further in."""
    console.print(
        textwrap.fill(line, console.width, initial_indent="  ", subsequent_indent="      "), markup=False
    )


def cite(question: str, answer: Answer, notes: dict[str, int]) -> str:
    """Return an answer with a number behind each sentence that is supported; ``notes`` gets their places."""
    out = []
    for sentence in support(answer.text, answer.read, question):
        texts = {p.id: p.text for p in answer.read}
        marks = [
            f"[{notes.setdefault(place(Passage(title, texts[title], start, end)), len(notes) + 1)}]"
            for title, start, end in sentence.sources
        ]
        mark = (
            "".join(marks) or f"(unsupported{': ' if sentence.missing else ''}{', '.join(sentence.missing)})"
        )
        out.append(f"{sentence.text.rstrip()} {mark}" if sentence.text.strip() else "")
    return "\n".join(filter(None, out))


def report(question: str, answers: Mapping[str, Answer], remark: str = "") -> None:
    """Print the answers side by side, then the places that support them."""
    table, notes = Table(show_lines=True, expand=True), dict[str, int]()
    table.add_column("")
    for name in answers:
        table.add_column(name, ratio=1)
    table.add_row("answer", *(Text(cite(question, a, notes)) for a in answers.values()))
    table.add_row("prompt tokens", *(f"{a.tokens}" for a in answers.values()))
    table.add_row("seconds", *map(_seconds, answers.values()))
    console.print(table)
    if remark:
        console.print(remark)
    for line, number in notes.items():
        show(f"[{number}] {line}")
    console.print()


def _seconds(answer: Answer) -> str:
    if answer.compressing is None:
        return f"{answer.seconds:.2f}"
    return f"{answer.seconds:.2f} + {answer.compressing:.2f} to compress"
