"""`SemTokenIngestion`: compresses nodes for an index, without a query, or computes their fingerprints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Literal

from llama_index.core.schema import BaseNode, TransformComponent

from llama_index.postprocessor.semtoken.component import SemTokenComponent
from llama_index.postprocessor.semtoken.nodes import carrying, to_chunks
from semtoken_rag import CompressedContext
from semtoken_rag.adapters.intake import Intake
from semtoken_rag.adapters.metadata import METADATA_KEY, fingerprint_texts


class SemTokenIngestion(SemTokenComponent, TransformComponent):
    """Compress nodes in an `IngestionPipeline`, without a query. The nodes of a call share one budget.

    The parameters are those of `semtoken_rag.adapters.SemTokenSettings`, and two more.

    Parameters
    ----------
    mode : {"compress", "annotate", "carry"}
        ``"compress"`` shortens the nodes by information density and redundancy, and leaves out those of which
        nothing is kept. ``"annotate"`` leaves the nodes as they are and fills the fingerprint store for the
        first query. ``"carry"`` returns copies that have their fingerprint in their metadata, as the text
        ``semtoken_fingerprint``, which neither the LLM nor the embedding model sees: a vector store gives it
        back with each hit, so that `SemTokenPostprocessor` encodes the question alone, without a store.
    flat_note : bool
        Whether the metadata key ``semtoken`` is a JSON string, for vector stores that accept only flat
        metadata (Chroma, Pinecone and others refuse a dict).
    """

    mode: Literal["compress", "annotate", "carry"] = "compress"
    flat_note: bool = False

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialised form."""
        return "SemTokenIngestion"

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Return shortened copies in source order; in the other modes all nodes, under "carry" as copies.

        Nodes whose text is no string are logged, and left out of the shortened ones.
        """
        nodes = list(nodes)  # the caller's may change meanwhile
        if not (taken := self._take(nodes)):
            return nodes
        chunks = list(taken.chunks.values())
        if self.mode == "annotate":
            self._engine().annotate(chunks)
            return nodes
        if self.mode == "carry":
            for i, carried in zip(taken.chunks, fingerprint_texts(self._engine(), chunks), strict=True):
                nodes[i] = carrying(nodes[i], carried)
            return nodes
        return self._shorten(nodes, taken, self._run(chunks, ""))

    async def acall(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Do the same without blocking the event loop."""
        if self.mode != "compress":
            return await asyncio.to_thread(self.__call__, nodes, **kwargs)
        nodes = list(nodes)
        if not (taken := await asyncio.to_thread(self._take, nodes)):
            return nodes
        return self._shorten(nodes, taken, await self._arun(list(taken.chunks.values()), ""))

    def _take(self, nodes: Sequence[BaseNode]) -> Intake:
        return to_chunks(nodes, self.title_key, measure=self._measure() if nodes else None)

    def _shorten(
        self, nodes: Sequence[BaseNode], taken: Intake, context: CompressedContext
    ) -> Sequence[BaseNode]:
        found = self._take_kept(nodes, taken, context)
        if self.flat_note:
            for i in taken.chunks.keys() & found.keys():
                found[i].metadata[METADATA_KEY] = json.dumps(found[i].metadata[METADATA_KEY])
        return list(found.values())
