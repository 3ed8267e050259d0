"""LangChain's standard tests; it has none for document compressors, so those of the retriever around ours."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_tests.integration_tests import RetrieversIntegrationTests

from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor

TEXTS = ("The tower opened in 1889.", "The tower is open from nine to five.", "The tower is of iron.")


class TestRetriever(RetrieversIntegrationTests):
    """A retriever of three documents, all of which fit the budget."""

    @property
    def retriever_constructor(self) -> type[ContextualCompressionRetriever]:
        return ContextualCompressionRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        index = InMemoryVectorStore.from_documents(
            [Document(text) for text in TEXTS], DeterministicFakeEmbedding(size=8)
        )
        return {"compressor": SemTokenCompressor(max_tokens=100), "retriever": index.as_retriever()}

    @property
    def retriever_query_example(self) -> str:
        return "When did the tower open?"

    @pytest.mark.xfail(
        reason="How many documents are found is a setting of the retriever inside.", strict=True
    )
    def test_k_constructor_param(self) -> None:
        super().test_k_constructor_param()
