"""How the contract suite uses the adapters: one driver a framework, behind one protocol."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from langchain_core.documents import Document
from llama_index.core.schema import NodeWithScore, TextNode

from langchain_semtoken import SemTokenCompressor, SemTokenTransformer
from llama_index.postprocessor.semtoken import SemTokenIngestion, SemTokenPostprocessor


@dataclass(frozen=True)
class Passage:
    """What a document of any framework has; ``note`` is what the adapter adds."""

    text: str
    id: str
    title: Any = ""
    score: float | None = None
    start: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    note: Any = None


class Adapter(Protocol):
    """How to use one framework's adapter."""

    kinds: tuple[type, ...]

    def document(self, passage: Passage) -> Any:
        """Build the framework's document."""

    def broken(self, text: Any, name: str) -> Any:
        """Build a document whose text is no string."""

    def read(self, document: Any) -> Passage:
        """Read it back."""

    def run(self, compressor: Any, documents: Sequence[Any], query: str) -> list[Any]:
        """Compress."""

    async def arun(self, compressor: Any, documents: Sequence[Any], query: str) -> list[Any]:
        """Compress in a coroutine."""


class LangChain:
    kinds = (SemTokenCompressor, SemTokenTransformer)

    def document(self, passage: Passage) -> Document:
        own = {"title": passage.title, "score": passage.score, "start_index": passage.start}
        metadata = passage.metadata | {key: value for key, value in own.items() if value is not None}
        return Document(page_content=passage.text, id=passage.id, metadata=metadata)

    def broken(self, text: Any, name: str) -> Document:
        return Document.model_construct(page_content=text, metadata={"source": name}, id=name)

    def read(self, document: Document) -> Passage:
        rest = dict(document.metadata)
        return Passage(
            text=document.page_content,
            id=document.id or "",
            title=rest.pop("title"),
            score=rest.pop("score", None),
            start=rest.pop("start_index", None),
            note=rest.pop("semtoken", None),
            metadata=rest,
        )

    def run(self, compressor: Any, documents: Sequence[Document], query: str) -> list[Document]:
        return compressor.compress_documents(documents, query)

    async def arun(self, compressor: Any, documents: Sequence[Document], query: str) -> list[Document]:
        return await compressor.acompress_documents(documents, query)


class LlamaIndex:
    kinds = (SemTokenPostprocessor, SemTokenIngestion)

    def document(self, passage: Passage) -> NodeWithScore:
        node = TextNode(
            text=passage.text,
            id_=passage.id,
            metadata=passage.metadata | {"title": passage.title},
            start_char_idx=passage.start,
            end_char_idx=None if passage.start is None else passage.start + len(passage.text),
        )
        return NodeWithScore(node=node, score=passage.score)

    def broken(self, text: Any, name: str) -> NodeWithScore:
        return NodeWithScore(node=TextNode.model_construct(text=text, id_=name, metadata={"source": name}))

    def read(self, document: NodeWithScore) -> Passage:
        node, rest = document.node, dict(document.node.metadata)
        return Passage(
            text=node.get_content(),
            id=node.node_id,
            title=rest.pop("title"),
            score=document.score,
            start=node.start_char_idx,
            note=rest.pop("semtoken", None),
            metadata=rest,
        )

    def run(self, compressor: Any, documents: Sequence[NodeWithScore], query: str) -> list[NodeWithScore]:
        return compressor.postprocess_nodes(documents, query_str=query)

    async def arun(
        self, compressor: Any, documents: Sequence[NodeWithScore], query: str
    ) -> list[NodeWithScore]:
        return await compressor.apostprocess_nodes(documents, query_str=query)


class Haystack:
    @property
    def kinds(self) -> tuple[type, ...]:
        from haystack_semtoken import DocumentSettings

        return (DocumentSettings,)

    def document(self, passage: Passage) -> Any:
        from haystack import Document

        own = {"title": passage.title}
        own |= {} if passage.start is None else {"split_idx_start": passage.start}
        return Document(id=passage.id, content=passage.text, meta=passage.metadata | own, score=passage.score)

    def broken(self, text: Any, name: str) -> Any:
        from haystack import Document

        document = Document(id=name, meta={"source": name})
        object.__setattr__(document, "content", text)
        return document

    def read(self, document: Any) -> Passage:
        rest = dict(document.meta)
        return Passage(
            text=document.content,
            id=document.id,
            title=rest.pop("title"),
            score=document.score,
            start=rest.pop("split_idx_start", None),
            note=rest.pop("semtoken", None),
            metadata=rest,
        )

    def run(self, compressor: Any, documents: Sequence[Any], query: str) -> list[Any]:
        return self._component(compressor).run(documents=documents, query=query)["documents"]

    async def arun(self, compressor: Any, documents: Sequence[Any], query: str) -> list[Any]:
        return (await self._component(compressor).run_async(documents=documents, query=query))["documents"]

    def _component(self, settings: Any) -> Any:
        from haystack_semtoken import SemTokenCompressor

        return SemTokenCompressor(settings)


ADAPTERS: list[Adapter] = [LangChain(), LlamaIndex()]
if importlib.util.find_spec("haystack"):  # an extra that the lowest versions are tested without
    ADAPTERS.append(Haystack())
