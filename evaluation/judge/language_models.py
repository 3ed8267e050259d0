"""The peers that score tokens by a causal language model: LLMLingua, LongLLMLingua, Selective Context.

``PEERS_CAUSAL_LM`` names the folder of the model, ``PEERS_SPACY`` the spaCy model's module; if they are not
set, `evaluation.peer_models` provides them.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest import mock

from evaluation.judge.inputs import Count
from evaluation.judge.protocol import fit, peer, size, variant
from evaluation.peer_models import provide


@functools.cache
def _prompt_compressor() -> Any:
    """Return llmlingua's ``PromptCompressor`` without the tiktoken download that its statistics use."""
    provide()
    with mock.patch("tiktoken.encoding_for_model", return_value=SimpleNamespace(encode=str.split)):
        return import_module("llmlingua").PromptCompressor(os.environ["PEERS_CAUSAL_LM"], device_map="cpu")


@peer
def llmlingua(
    documents: Sequence[Any], query: str, budget: float, count: Count, **settings: Any
) -> list[Any]:
    """Compress with LLMLingua, default settings; ``target_token``: the ratio of its own tokens, no search."""
    from langchain_core.documents import Document

    compressor, texts = _prompt_compressor(), [d.page_content for d in documents]
    target = budget / size(documents, count) * sum(compressor.get_token_length(t) for t in texts)
    options = {"question": query, "target_token": target, "concate_question": False, **settings}
    out = compressor.compress_prompt(texts, **options)
    return [Document(page_content=out["compressed_prompt"])]


# LongLLMLingua with its README's settings, otherwise as LLMLingua.
LONG = {
    "condition_in_question": "after_condition",
    "condition_compare": True,
    "context_budget": "+100",
    "reorder_context": "sort",
    "dynamic_context_compression_ratio": 0.3,
    "rank_method": "longllmlingua",
}
longllmlingua = variant(llmlingua, **LONG)


@functools.cache
def _selective_context() -> Any:
    """Return Selective Context's class with another causal LM and an installed spaCy model."""
    provide()
    from selective_context import SelectiveContext
    from transformers import AutoModelForCausalLM, AutoTokenizer

    class Local(SelectiveContext):  # type: ignore[misc]  # has no type information
        def _prepare_phrase_tokenizer(self) -> None:
            self.nlp = import_module(os.environ.get("PEERS_SPACY", "en_core_web_sm")).load(disable=["ner"])
            self.nlp.add_pipe("merge_noun_chunks")

        def _prepare_model(self) -> None:
            self.tokenizer = AutoTokenizer.from_pretrained(os.environ["PEERS_CAUSAL_LM"])
            self.model = AutoModelForCausalLM.from_pretrained(os.environ["PEERS_CAUSAL_LM"]).eval()
            self.get_self_information = functools.lru_cache(4096)(self._get_self_info_via_gpt2)

    return Local()


@peer
def selective_context(documents: Sequence[Any], query: str, budget: float, count: Count) -> Sequence[Any]:
    """Compress the joined text by phrases, ``reduce_ratio`` bisected; it does not use the query."""
    from langchain_core.documents import Document

    text = "\n".join(d.page_content for d in documents)
    return fit(lambda p: [Document(page_content=_selective_context()(text, 1 - p)[0])], budget, count)
