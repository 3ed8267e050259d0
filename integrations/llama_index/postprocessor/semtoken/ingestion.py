"""`SemTokenIngestion`: compresses nodes for an index, without a query, or fills a fingerprint store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from llama_index.core.schema import BaseNode, TransformComponent

from llama_index.postprocessor.semtoken.component import SemTokenComponent
from llama_index.postprocessor.semtoken.nodes import to_chunks
from semtoken_rag import Chunk, CompressedContext
from semtoken_rag.adapters.metadata import METADATA_KEY


class SemTokenIngestion(SemTokenComponent, TransformComponent):
    """Compress nodes in an `IngestionPipeline`, without a query. The nodes of a call share one budget.

    The parameters are those of `semtoken_rag.adapters.SemTokenSettings`, and two more.

    Parameters
    ----------
    mode : {"compress", "annotate"}
        ``"compress"`` shortens the nodes by information density and redundancy, and leaves out those of which
        nothing is kept. ``"annotate"`` leaves the nodes as they are and fills the fingerprint store for the
        first query.
    flat_note : bool
        Whether the metadata key ``semtoken`` is a JSON string, for vector stores that accept only flat
        metadata (Chroma, Pinecone and others refuse a dict).
    """

    mode: Literal["compress", "annotate"] = "compress"
    flat_note: bool = False

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialised form."""
        return "SemTokenIngestion"

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Return shortened copies in source order; in mode ``"annotate"``, the nodes themselves."""
        chunks = to_chunks(nodes, self.title_key)
        if not chunks:
            return list(nodes)
        if self.mode == "annotate":
            self._engine().annotate(list(chunks.values()))
            return list(nodes)
        return self._shorten(nodes, chunks, self._run(list(chunks.values()), ""))

    async def acall(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Do the same without blocking the event loop."""
        chunks = to_chunks(nodes, self.title_key)
        if self.mode == "annotate" or not chunks:
            return await asyncio.to_thread(self.__call__, nodes, **kwargs)
        return self._shorten(nodes, chunks, await self._arun(list(chunks.values()), ""))

    def _shorten(
        self, nodes: Sequence[BaseNode], chunks: Mapping[int, Chunk], context: CompressedContext
    ) -> Sequence[BaseNode]:
        found = self._take_kept(nodes, chunks, context)
        if self.flat_note:
            for i in chunks.keys() & found.keys():
                found[i].metadata[METADATA_KEY] = json.dumps(found[i].metadata[METADATA_KEY])
        return list(found.values())
