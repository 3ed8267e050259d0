"""Question answering over documents with a local LLM: full and compressed context side by side.

Indexes the Python language reference (or ``--docs FOLDER``), retrieves chunks with FAISS, compresses them
with SemToken inside LangChain's contextual compression retriever, and asks the LLM twice.

    python examples/langchain_rag.py --ratio 0.2
    python examples/langchain_rag.py --mode kv
    python examples/langchain_rag.py --docs papers/ --question "What is the result?" --llm Qwen/Qwen3-0.6B
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import typer
from langchain_core.documents import Document
from transformers.utils.logging import disable_progress_bar

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
    citations,
    load,
    report,
)
from kept import Events, MeanEmbeddings, index
from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor
from semtoken_rag import Chunk, SemToken
from semtoken_rag.llm import SemTokenLLM, Settings


def prompt(reader: Reader, documents: list[Document], question: str) -> torch.Tensor:
    """Return the token ids (1, n) of context and question, with the best document next to the question."""
    context = "\n".join(f"[{d.metadata['title']}] {d.page_content.strip()}" for d in reversed(documents))
    text = PROMPT.format(context=context, question=question)
    special = not reader.tokenizer.chat_template
    if reader.tokenizer.chat_template:
        messages = [{"role": "user", "content": text}]
        text = reader.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    encoded = reader.tokenizer(text, add_special_tokens=special, return_tensors="pt", verbose=False)
    return encoded.input_ids.to(reader.model.device)


def fit_to_window(reader: Reader, documents: list[Document], question: str) -> list[Document]:
    """Return the first documents that fit the model's window."""
    limit = reader.positions
    while limit and documents and prompt(reader, documents, question).shape[1] + NEW_TOKENS > limit:
        documents = documents[:-1]
    return documents


@torch.inference_mode()
def ask(reader: Reader, documents: list[Document], question: str, compressing: float | None = None) -> Answer:
    """Answer from the documents by greedy decoding."""
    ids = prompt(reader, documents, question)
    start = time.perf_counter()
    out = reader.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False
    )
    seconds = time.perf_counter() - start
    text = reader.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    return Answer(text.strip(), ids.shape[1], seconds, compressing)


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
) -> None:
    """Answer questions from the full and from the compressed context."""
    disable_progress_bar()  # of loading weights; indexing has one of its own
    texts = load(docs)
    store = index(texts, MeanEmbeddings())
    reader = Reader.load(llm)
    budget: dict[str, Any] = {"ratio": ratio} if max_tokens is None else {"max_tokens": max_tokens}
    retriever = store.as_retriever(search_kwargs={"k": k})
    compressing = ContextualCompressionRetriever(
        compressor=SemTokenCompressor(token_counter=reader.count, **budget), retriever=retriever
    )
    compressing.invoke("load the encoder before the clock runs")
    beside = None
    if mode != "text":
        answering = SemTokenLLM(reader.model, reader.tokenizer, settings=Settings(max_new_tokens=NEW_TOKENS))
        engine = SemToken(token_counter=reader.count)
        beside = partial(ask_beside, llm=answering, engine=engine, mode=mode, budget=budget)
    for asked in question or QUESTIONS:
        events = Events()
        full = retriever.invoke(asked)
        short = compressing.invoke(asked, config={"callbacks": [events]})
        compare(asked, reader, full, short, events.last, texts, beside)


def compare(
    question: str,
    reader: Reader,
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
