"""`SemTokenIngestion`: nodes on their way into an index, when no query is known."""

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
    """A step of an `IngestionPipeline`. The nodes of a call share one budget.

    Parameters: see `semtoken_rag.adapters.settings.SemTokenSettings`, and

    Parameters
    ----------
    mode : {"compress", "annotate"}
        ``"compress"`` shortens the nodes by information density and redundancy; those of which nothing is
        kept are left out. ``"annotate"`` leaves them as they are and fills the fingerprint store, so that the
        first query finds their fingerprints there.
    flat_note : bool
        Write the metadata key ``semtoken`` as a JSON string, for the vector stores that take flat metadata
        alone (Chroma, Pinecone and others refuse a dict).
    """

    mode: Literal["compress", "annotate"] = "compress"
    flat_note: bool = False

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialised form."""
        return "SemTokenIngestion"

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Return shortened copies in source order, or the nodes themselves in mode ``"annotate"``."""
        chunks = to_chunks(nodes, self.title_key)
        if not chunks:
            return list(nodes)
        if self.mode == "annotate":
            self._engine().annotate(list(chunks.values()))
            return list(nodes)
        return self._shorten(nodes, chunks, self._run(list(chunks.values()), ""))

    async def acall(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Do the same while the event loop goes on."""
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
