"""Question answering over documents with a local LLM: full and compressed context side by side.

Indexes the Python language reference (or ``--docs FOLDER``), retrieves chunks with FAISS, compresses them
with SemToken inside LangChain's contextual compression retriever, and asks the LLM twice.

    python examples/langchain_rag.py --ratio 0.2
    python examples/langchain_rag.py --mode kv
    python examples/langchain_rag.py --llm openai:http://127.0.0.1:8080/v1#qwen3
    python examples/langchain_rag.py --docs papers/ --question "What is the result?" --llm Qwen/Qwen3-0.6B
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from langchain_core.documents import Document

from common import (
    NEW_TOKENS,
    PROMPT,
    QUESTIONS,
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
    citations,
    load,
    load_reader,
    report,
)
from kept import Events, MeanEmbeddings, index
from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor
from semtoken_rag import Chunk, SemToken

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


def ask(
    reader: Reader | Served, documents: list[Document], question: str, compressing: float | None = None
) -> Answer:
    """Answer from the documents by greedy decoding."""
    message = prompt(documents, question)
    start = time.perf_counter()
    text = reader.ask(message)
    seconds = time.perf_counter() - start
    return Answer(text, reader.size(message), seconds, compressing)


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
    compressing = context.stats.total_seconds
    return Answer(answer.text, answer.stats.prompt_tokens, seconds, compressing)


def main(
    question: QuestionOption = None,
    ratio: RatioOption = 0.2,
    max_tokens: MaxTokensOption = None,
    docs: DocsOption = None,
    llm: LlmOption = "smollm2",
    k: KOption = 20,
    mode: ModeOption = "text",
    tokenizer: TokenizerOption = None,
) -> None:
    """Answer questions from the full and from the compressed context."""
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
    for asked in question or QUESTIONS:
        events = Events()
        full = retriever.invoke(asked)
        short = compressing.invoke(asked, config={"callbacks": [events]})
        compare(asked, reader, full, short, events.last, texts, beside)


def compare(
    question: str,
    reader: Reader | Served,
    full: list[Document],
    short: list[Document],
    stats: dict[str, Any],
    texts: dict[str, str],
    beside: Callable[[list[Document], str], Answer] | None = None,
) -> None:
    """Ask both ways and print the answers side by side, then what the second one rests on."""
    fit = fit_to_window(reader, full, question)
    answers = {
        "full context": ask(reader, fit, question),
        "compressed": ask(reader, fit_to_window(reader, short, question), question, stats["total_seconds"]),
    }
    if beside:
        answers["compressed"] = beside(fit, question)
    remark = ""
    if len(fit) < len(full):
        remark = f"The full context has only {len(fit)} of {len(full)} chunks: the LLM has no more positions."
    report(question, answers, stats, citations(answers["compressed"].text, short, texts), remark)


if __name__ == "__main__":
    typer.run(main)
