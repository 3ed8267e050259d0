"""Question answering over documents with a local LLM: full and compressed context side by side.

Indexes the Python language reference (or ``--docs FOLDER``), retrieves chunks with FAISS, compresses them
with SemToken inside LangChain's contextual compression retriever, shows what is kept, and asks the LLM twice.
A sentence of an answer has a number where its names and numbers are in the source, else it is unsupported.

    python examples/langchain_rag.py --ratio 0.2
    python examples/langchain_rag.py --mode kv
    python examples/langchain_rag.py --llm openai:http://127.0.0.1:8080/v1#qwen3
    python examples/langchain_rag.py --docs papers/ --question "What is the result?" --llm Qwen/Qwen3-0.6B
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from langchain_core.documents import Document

from common import (
    NEW_TOKENS,
    PROMPT,
    AllOption,
    Answer,
    DocsOption,
    KOption,
    LlmOption,
    MaxTokensOption,
    ModeOption,
    QuestionOption,
    RatioOption,
    Reader,
    Served,
    TokenizerOption,
    console,
    load,
    load_reader,
    passages,
    questions,
    report,
    show_kept,
)
from kept import Events, MeanEmbeddings, index
from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor
from semtoken_rag import Chunk, SemToken
from semtoken_rag.support import Passage

if TYPE_CHECKING:
    from semtoken_rag.llm import SemTokenLLM


def prompt(documents: list[Document], question: str) -> str:
    """Return the message with context and question, with the best document next to the question."""
    context = "\n".join(f"[{d.metadata['title']}] {d.page_content.strip()}" for d in reversed(documents))
    return PROMPT.format(context=context, question=question)


def fit_to_window(reader: Reader | Served, documents: list[Document], question: str) -> list[Document]:
    """Return the first documents that fit the model's window."""
    limit = reader.positions
    while limit and documents and reader.size(prompt(documents, question)) + NEW_TOKENS > limit:
        documents = documents[:-1]
    return documents


def ask(reader: Reader | Served, documents: list[Document], question: str) -> Answer:
    """Answer from the documents by greedy decoding."""
    message = prompt(documents, question)
    start = time.perf_counter()
    text = reader.ask(message)
    return Answer(text, reader.size(message), time.perf_counter() - start)


def ask_beside(
    documents: list[Document],
    question: str,
    llm: SemTokenLLM,
    engine: SemToken,
    mode: str,
    budget: dict[str, Any],
) -> Answer:
    """Answer with the compressed context beside the prompt: as embeddings, or as a pruned KV cache."""
    chunks = [Chunk(d.page_content, title=d.metadata["title"]) for d in documents]
    context = engine.compress(chunks, question, **budget)
    answer = llm.generate(question, context, mode=mode, chunks=chunks)
    seconds = answer.stats.prefill_seconds + answer.stats.decode_seconds
    return Answer(answer.text, answer.stats.prompt_tokens, seconds)


def main(
    question: QuestionOption = None,
    every: AllOption = False,
    ratio: RatioOption = 0.2,
    max_tokens: MaxTokensOption = None,
    docs: DocsOption = None,
    llm: LlmOption = "smollm2",
    k: KOption = 10,
    mode: ModeOption = "text",
    tokenizer: TokenizerOption = None,
) -> None:
    """Answer questions from the full and from the compressed context."""
    with console.status("Loading the reader"):
        reader = load_reader(llm, tokenizer, mode=mode)
    texts = load(docs)
    store = index(texts, MeanEmbeddings())
    budget: dict[str, Any] = {"ratio": ratio} if max_tokens is None else {"max_tokens": max_tokens}
    retriever = store.as_retriever(search_kwargs={"k": k})
    compressing = ContextualCompressionRetriever(
        compressor=SemTokenCompressor(token_counter=reader.counter, **budget), retriever=retriever
    )
    compressing.invoke("load the encoder before the clock runs")
    beside = None
    if isinstance(reader, Reader) and mode != "text":
        from semtoken_rag.llm import SemTokenLLM, Settings

        answering = SemTokenLLM(reader.model, reader.tokenizer, settings=Settings(max_new_tokens=NEW_TOKENS))
        engine = SemToken(token_counter=reader.counter)
        beside = partial(ask_beside, llm=answering, engine=engine, mode=mode, budget=budget)
    for asked in questions(question, every):
        events = Events()
        full = retriever.invoke(asked)
        short = compressing.invoke(asked, config={"callbacks": [events]})
        show_kept(asked, events.last, passages(short, texts))
        compare(asked, reader, full, short, texts, events.last["total_seconds"], beside)


def compare(
    question: str,
    reader: Reader | Served,
    full: list[Document],
    short: list[Document],
    texts: dict[str, str],
    seconds: float,
    beside: Callable[[list[Document], str], Answer] | None = None,
) -> None:
    """Ask both ways and print the answers side by side; ``seconds`` were spent on compressing."""
    fit = fit_to_window(reader, full, question)
    with console.status("The reader reads the full context"):
        whole = ask(reader, fit, question)
    with console.status("The reader reads what is kept"):
        answer = (
            beside(fit, question) if beside else ask(reader, fit_to_window(reader, short, question), question)
        )
    remark = ""
    if len(fit) < len(full):
        remark = f"The full context has only {len(fit)} of {len(full)} chunks: the LLM has no more positions."
    report(
        question,
        {
            "full context": replace(whole, read=[chunk(d, texts) for d in fit]),
            "compressed": replace(answer, read=passages(short, texts), compressing=seconds),
        },
        remark,
    )


def chunk(document: Document, texts: dict[str, str]) -> Passage:
    """Return a whole retrieved chunk as a range of its source."""
    title, start = document.metadata["title"], document.metadata["start_index"]
    return Passage(title, texts[title], start, start + len(document.page_content), title)


if __name__ == "__main__":
    typer.run(main)
