"""The same question answering in LlamaIndex: full and compressed context side by side.

Indexes the Python language reference (or ``--docs FOLDER``), retrieves nodes with FAISS, compresses them
with SemToken as the postprocessor of a query engine, shows what is kept, and asks the LLM three times: with
the full context, with the compressed one, and with that once more from a coroutine; with ``--mode soft`` or
``kv`` once more with the compressed context beside the prompt, as embeddings or as a pruned KV cache.

    python examples/llama_index_rag.py --ratio 0.2
    python examples/llama_index_rag.py --mode kv
    python examples/llama_index_rag.py --llm openai:http://127.0.0.1:8080/v1#qwen3
    python examples/llama_index_rag.py --docs papers/ --question "What is the result?" --llm Qwen/Qwen3-0.6B
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import faiss
import typer
from llama_index.core import PromptTemplate, Settings, StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.llm import LLMCompletionEndEvent, LLMCompletionStartEvent
from llama_index.core.llms import LLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import Document, NodeWithScore, QueryBundle
from llama_index.vector_stores.faiss import FaissVectorStore
from pydantic import PrivateAttr

from common import (
    BATCH,
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
    batches,
    load,
    load_reader,
    passages,
    questions,
    report,
    show_kept,
)
from kept import MeanEmbeddings
from llama_index.postprocessor.semtoken import CompressionEndEvent, SemTokenPostprocessor
from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.support import Passage


class Meter(BaseEventHandler):
    """Measures tokens and seconds of the LLM, and keeps the figures of the compression."""

    count: Callable[[str], int]
    tokens: int = 0
    seconds: float = 0.0
    started: datetime | None = None
    stats: dict[str, Any] | None = None

    @classmethod
    def class_name(cls) -> str:
        """Return the handler's name."""
        return "Meter"

    def handle(self, event: Any, **_: Any) -> None:
        """Add the figures of an event; a long context may take several completions."""
        if isinstance(event, LLMCompletionStartEvent):
            self.started = event.timestamp
            self.tokens += self.count(event.prompt)
        elif isinstance(event, LLMCompletionEndEvent) and self.started:
            self.seconds += (event.timestamp - self.started).total_seconds()
        elif isinstance(event, CompressionEndEvent):
            self.stats = event.model_dump(exclude={"nodes"})

    def measure(self, query: Callable[[str], Any], question: str) -> tuple[Answer, Any]:
        """Ask; return the answer with its figures, and the engine's response."""
        self.tokens, self.seconds, self.stats = 0, 0.0, None
        response = query(question)
        compressing = self.stats["total_seconds"] if self.stats else None
        return Answer(str(response).strip(), self.tokens, self.seconds, compressing), response


class MeanEmbedding(BaseEmbedding):
    """The direction of the mean of a text's token vectors, by the encoder in the wheel."""

    _mean: MeanEmbeddings = PrivateAttr(default_factory=MeanEmbeddings)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._mean.embed_query(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._mean.embed_documents(texts)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._mean.embed_query(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._mean.embed_query(query)


def index(texts: dict[str, str], encode: Callable[[str], list[Any]]) -> VectorStoreIndex:
    """Split, embed and index the texts; ``encode`` says how long a node is."""
    documents = [
        Document(
            text=text,
            metadata={"title": title},
            metadata_template="{value}",
            text_template="[{metadata_str}] {content}",
        )
        for title, text in texts.items()
    ]
    nodes = SentenceSplitter(chunk_size=200, chunk_overlap=20, tokenizer=encode).get_nodes_from_documents(
        documents
    )
    embedding = MeanEmbedding(embed_batch_size=BATCH)
    store = FaissVectorStore(faiss.IndexFlatIP(len(embedding.get_query_embedding(""))))
    found = VectorStoreIndex(
        [], storage_context=StorageContext.from_defaults(vector_store=store), embed_model=embedding
    )
    for batch in batches(nodes, len(texts)):
        found.insert_nodes(batch)
    return found


def as_llm(reader: Reader | Served) -> LLM:
    """Return the reader as a LlamaIndex LLM that decodes greedily."""
    if isinstance(reader, Served):
        from llama_index.llms.openai_like import OpenAILike

        address = reader.server.address
        return OpenAILike(
            model=address.model,
            api_base=address.url,
            api_key=os.environ.get("OPENAI_API_KEY", "none"),  # it must not be empty
            is_chat_model=True,
            context_window=8192,
            max_tokens=NEW_TOKENS,
            temperature=0,
        )
    from llama_index.llms.huggingface import HuggingFaceLLM

    window = {"context_window": reader.positions} if reader.positions else {}
    return HuggingFaceLLM(
        model=reader.model,
        tokenizer=reader.tokenizer,
        max_new_tokens=NEW_TOKENS,
        is_chat_model=bool(reader.tokenizer.chat_template),
        generate_kwargs={"do_sample": False},
        **window,
    )


def beside(
    reader: Reader, nodes: list[NodeWithScore], question: str, mode: str, budget: dict[str, Any]
) -> Answer:
    """Answer with the compressed context beside the prompt: as embeddings, or as a pruned KV cache."""
    from llama_index.postprocessor.semtoken.llm import SemTokenReader
    from semtoken_rag import llm as local

    short = local.Settings(max_new_tokens=NEW_TOKENS)
    llm = SemTokenReader(reader=local.SemTokenLLM(reader.model, reader.tokenizer, settings=short), mode=mode)
    chunks = [Chunk(n.node.text, title=n.node.metadata["title"]) for n in nodes]
    context = SemToken(token_counter=reader.counter).compress(chunks, question, **budget)
    answer = llm.complete(question, context=context, chunks=chunks)
    seconds = answer.raw["prefill_seconds"] + answer.raw["decode_seconds"]
    return Answer(answer.text.strip(), answer.raw["prompt_tokens"], seconds, context.stats.total_seconds)


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
    reader = load_reader(llm, tokenizer, mode=mode)
    encode = str.split if isinstance(reader, Served) else reader.tokenizer.encode  # not a request a sentence
    Settings.tokenizer = lambda text: range(reader.count(text))  # LlamaIndex asks for its length
    texts = load(docs)
    retriever = index(texts, encode).as_retriever(similarity_top_k=k)
    budget: dict[str, Any] = {"ratio": ratio} if max_tokens is None else {"max_tokens": max_tokens}
    best_last = Config(order="best-last")  # the next step is the prompt
    postprocessor = SemTokenPostprocessor(token_counter=reader.counter, config=best_last, **budget)
    template = PromptTemplate(PROMPT.format(context="{context_str}", question="{query_str}"))
    model = as_llm(reader)
    full, short = (
        RetrieverQueryEngine.from_args(
            retriever, llm=model, text_qa_template=template, node_postprocessors=postprocessors
        )
        for postprocessors in ([], [postprocessor])
    )
    short.retrieve(QueryBundle("load the encoder before the clock runs"))
    meter = Meter(count=reader.count)
    get_dispatcher().add_event_handler(meter)
    for asked in questions(question, every):
        answer, response = meter.measure(short.query, asked)
        kept = passages(response.source_nodes, texts)
        show_kept(asked, meter.stats, kept)
        whole, found = meter.measure(full.query, asked)
        later, _ = meter.measure(lambda text: asyncio.run(short.aquery(text)), asked)
        answers = {"full context": whole, "compressed": answer, "compressed, async": later}
        if isinstance(reader, Reader) and mode != "text":
            answers[f"compressed, {mode}"] = beside(reader, retriever.retrieve(asked), asked, mode, budget)
        read = dict.fromkeys(answers, kept) | {"full context": [node(n, texts) for n in found.source_nodes]}
        report(asked, {name: replace(a, read=read[name]) for name, a in answers.items()})


def node(found: NodeWithScore, texts: dict[str, str]) -> Passage:
    """Return a whole retrieved node as a range of its source."""
    title = found.metadata["title"]
    return Passage(title, texts[title], found.node.start_char_idx, found.node.end_char_idx, title)


if __name__ == "__main__":
    typer.run(main)
