"""Existing context compressors: ``--compressor evaluation.judge.peers:vecr``.

Each goes through its own API with its documented settings; what it is given to meet the budget stands in its
docstring ("bisected": its time is that of eight calls). Only ``page_content`` is compressed, no peer sees the
titles. Vectors are remembered: only the first ratio of a set times the encoder. A peer needs its own package
(``make peers``; transformers < 5 for llmlingua). The causal language models are in `language_models`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest import mock

from evaluation.judge.inputs import Count, semtoken
from evaluation.judge.language_models import llmlingua, longllmlingua, selective_context
from evaluation.judge.protocol import fit, minilm, peer, size, variant
from evaluation.judge.rules import sentences

__all__ = [
    "embeddings_filter",
    "embeddings_semtoken",
    "entroly",
    "headroom_crusher",
    "llmlingua",
    "llmslim",
    "llmslim_minilm",
    "longllmlingua",
    "selective_context",
    "sentence_optimizer",
    "sentence_optimizer_threshold",
    "trimwise",
    "trimwise_hybrid",
    "vecr",
    "vecr_unpinned",
]


@functools.cache
def _embeddings(base: type) -> Any:
    """Make MiniLM a subclass of LangChain's or LlamaIndex's embedding class, whose methods differ in name."""

    def many(self: Any, texts: Sequence[str]) -> list[list[float]]:
        return [v.tolist() for v in minilm()(texts)]

    def one(self: Any, text: str) -> list[float]:
        return many(self, [text])[0]

    single = ("embed_query", "_get_query_embedding", "_get_text_embedding", "_aget_query_embedding")
    methods: dict[str, Any] = dict.fromkeys(("embed_documents", "_get_text_embeddings"), many)
    methods |= dict.fromkeys(single, one)
    return type("MiniLM", (base,), {**methods, "__module__": __name__})()


@peer
def embeddings_filter(documents: Sequence[Any], query: str, budget: float, count: Count) -> list[Any]:
    """LangChain's documented splitter (300 characters, ". ") and ``EmbeddingsFilter``: the best that fit."""
    from langchain_classic.retrievers.document_compressors import EmbeddingsFilter
    from langchain_core.embeddings import Embeddings
    from langchain_text_splitters import CharacterTextSplitter

    chunks = CharacterTextSplitter(separator=". ", chunk_size=300, chunk_overlap=0).split_documents(documents)
    for i, chunk in enumerate(chunks):
        chunk.metadata["chunk"] = i
    kept, used = [], 0
    ranked = EmbeddingsFilter(embeddings=_embeddings(Embeddings), k=len(chunks))
    for chunk in ranked.compress_documents(chunks, query):
        if used + (tokens := count(chunk.page_content)) <= budget:
            kept.append(chunk)
            used += tokens
    return sorted(kept, key=lambda c: c.metadata["chunk"])


def embeddings_semtoken(ratio: float, count: Count) -> Any:
    """Return this product's compressor on the same embeddings, in place of an encoder of tokens."""
    from langchain_core.embeddings import Embeddings

    return semtoken(ratio, count, _embeddings(Embeddings))


def _percentile(p: float) -> dict[str, Any]:
    return {"percentile_cutoff": p}


def _threshold(p: float) -> dict[str, Any]:
    return {"threshold_cutoff": 1 - 1.2 * p, "context_before": 0, "context_after": 0}


@peer
def sentence_optimizer(
    documents: Sequence[Any],
    query: str,
    budget: float,
    count: Count,
    settings: Callable[[float], dict[str, Any]] = _percentile,
) -> Sequence[Any]:
    """LlamaIndex ``SentenceEmbeddingOptimizer``, default context (+-1), ``percentile_cutoff`` bisected."""
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.postprocessor import SentenceEmbeddingOptimizer
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

    def at(p: float) -> list[Any]:
        optimizer = SentenceEmbeddingOptimizer(embed_model=_embeddings(BaseEmbedding), **settings(p))
        out = []
        for d in documents:
            node = NodeWithScore(node=TextNode(text=d.page_content))
            try:
                optimizer.postprocess_nodes([node], QueryBundle(query))
                out.append(d.model_copy(update={"page_content": node.node.get_content()}))
            except ValueError as error:  # it keeps no sentence of this node
                if "zero sentences" not in str(error):
                    raise
        return out

    return fit(at, budget, count)


# The same without context sentences, one ``threshold_cutoff`` for all nodes bisected in (-0.2, 1).
sentence_optimizer_threshold = variant(sentence_optimizer, settings=_threshold)


@peer
def llmslim(
    documents: Sequence[Any], query: str, budget: float, count: Count, relevance: Any = "lexical"
) -> Sequence[Any]:
    """Use llmslim's LangChain adapter, lexical; ``target_ratio``, its own estimate, is bisected."""
    adapter = import_module("llmslim.integrations.langchain").LLMSlimCompressor
    most = 2 * budget / size(documents, count)

    def at(p: float) -> Sequence[Any]:
        made = adapter(target_ratio=min(1.0, p * most), relevance=relevance)
        found: Sequence[Any] = made.compress_documents(documents, query)
        return found

    return fit(at, budget, count)


def _cosine(query: str, texts: Sequence[str]) -> list[float]:
    return [float(minilm()([query])[0] @ v) for v in minilm()(texts)]


# The same with MiniLM's cosine as ``relevance``: its own cross-encoder has to be downloaded.
llmslim_minilm = variant(llmslim, relevance=_cosine)


@peer
def vecr(documents: Sequence[Any], query: str, budget: float, count: Count, retain: bool = True) -> list[Any]:
    """Use vecr-compress, question-aware as it advises for QA, one message a document."""
    compress = import_module("vecr_compress").compress
    messages = [{"role": "user", "content": d.page_content} for d in documents]
    options = {"question": query, "use_question_relevance": True, "protect_tail": 0, "retain": retain}
    out = compress(messages, int(budget), **options)
    kept = zip(out.kept_message_indices, out.messages, strict=True)
    return [documents[i].model_copy(update={"page_content": m["content"]}) for i, m in kept]


# Without its retention rules, whose pinned sentences override the budget.
vecr_unpinned = variant(vecr, retain=False)


@peer
def headroom_crusher(documents: Sequence[Any], query: str, budget: float, count: Count) -> Sequence[Any]:
    """Use headroom-ai's model-free ``TextCrusher`` on the joined text, ``target_ratio`` bisected."""
    from langchain_core.documents import Document

    crusher = import_module("headroom.transforms.text_crusher").TextCrusher()
    text = "\n".join(d.page_content for d in documents)
    return fit(lambda p: [Document(page_content=crusher.compress(text, query, p).compressed)], budget, count)


@peer
def trimwise(
    documents: Sequence[Any], query: str, budget: float, count: Count, strategy: str = "auto"
) -> list[Any]:
    """Use trimwise's ``trim_context`` with the judge's counter; ``auto`` is lexical with a question."""
    # The vocabulary by which it cuts words for BM25 would be downloaded; LlamaIndex has it in its package.
    texts = [d.page_content for d in documents]
    vocabularies = Path(str(files("llama_index.core"))) / "_static" / "tiktoken_cache"
    with mock.patch.dict(os.environ, TIKTOKEN_CACHE_DIR=str(vocabularies)):
        trimmer = import_module("trimwise").Trimmer(embedding_callback=_vectors)
        out = trimmer.trim_context(texts, int(budget), query=query, strategy=strategy, token_counter=count)
    kept = [(documents[source.source_index], source.text) for source in out.sources if source.text]
    return [document.model_copy(update={"page_content": text}) for document, text in kept]


def _vectors(query: str, passages: Sequence[str]) -> tuple[Any, list[Any]]:
    asked, *vectors = minilm()([query, *passages])
    return asked, vectors


# Lexical and MiniLM's cosine together: its own embeddings have to be downloaded.
trimwise_hybrid = variant(trimwise, strategy="hybrid")


@peer
def entroly(documents: Sequence[Any], query: str, budget: float, count: Count) -> list[Any]:
    """Use entroly's ``optimize``, its API for a question, on sentences with the judge's counts."""
    from langchain_core.documents import Document

    fragments = [
        {"content": text, "source": f"{document}", "token_count": count(text)}
        for document, _, text in sentences(documents)
    ]
    found = import_module("entroly").optimize(fragments, budget=int(budget), query=query)
    return [Document(page_content=fragment["content"]) for fragment in found["selected"]]
