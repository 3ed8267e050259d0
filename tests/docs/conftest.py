"""Doubles for what the pages load from the network."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor, Document


def module(name: str, **names: Any) -> ModuleType:
    """Make a module of these names."""
    made = ModuleType(name)
    made.__dict__.update(names)
    return made


@pytest.fixture
def doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models of the hub be doubles."""
    for made in (langchain(), llama_index_embeddings(), llama_index_llms(), llmlingua()):
        monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr("langchain_classic.retrievers.document_compressors.EmbeddingsFilter", FirstFew)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, tiny_reader: Any) -> None:
    """Let every reader that is loaded by its name be a tiny one, and its tokenizer too."""
    from transformers import AutoTokenizer

    from semtoken_rag.llm.generate import SemTokenLLM

    def load(_: str, *, settings: Any = None, **kwargs: Any) -> SemTokenLLM:
        return SemTokenLLM(*tiny_reader, settings=settings)

    monkeypatch.setattr(SemTokenLLM, "load", load)
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda _, **__: tiny_reader[1])


@pytest.fixture(scope="session")
def tiny_reader() -> tuple[Any, Any]:
    """A causal language model with random weights, and a tokenizer of characters."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    characters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {c: i for i, c in enumerate([*characters, "</s>"])}
    made = Tokenizer(models.BPE(vocabulary, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=vocabulary["</s>"],
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(config).eval()
    return model, PreTrainedTokenizerFast(tokenizer_object=made, eos_token="</s>")


def langchain() -> ModuleType:
    from langchain_core.embeddings import DeterministicFakeEmbedding

    return module(
        "langchain_huggingface", HuggingFaceEmbeddings=lambda **_: DeterministicFakeEmbedding(size=8)
    )


def llama_index_embeddings() -> ModuleType:
    from llama_index.core import MockEmbedding

    return module(
        "llama_index.embeddings.huggingface", HuggingFaceEmbedding=lambda **_: MockEmbedding(embed_dim=8)
    )


def llama_index_llms() -> ModuleType:
    from llama_index.core.llms import MockLLM

    return module("llama_index.llms.huggingface", HuggingFaceLLM=lambda **_: MockLLM(max_tokens=8))


def llmlingua() -> ModuleType:
    class PromptCompressor:
        def __init__(self, name: str, *, use_llmlingua2: bool) -> None: ...

        def compress_prompt(self, context: list[str], *, question: str, rate: float) -> dict[str, str]:
            return {"compressed_prompt": context[0]}

    return module("llmlingua", PromptCompressor=PromptCompressor)


class FirstFew(BaseDocumentCompressor):
    """In place of `EmbeddingsFilter`, which needs langchain-community."""

    embeddings: Any
    k: int

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Any:
        return documents[: self.k]
