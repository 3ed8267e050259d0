"""`SemTokenPostprocessor`: cuts the nodes of a query to a token budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from llama_index.postprocessor.semtoken.component import SemTokenComponent
from llama_index.postprocessor.semtoken.events import CompressionEndEvent, CompressionStartEvent
from llama_index.postprocessor.semtoken.nodes import to_chunks
from semtoken_rag import Chunk, CompressedContext

dispatcher = get_dispatcher(__name__)

Finish: TypeAlias = Callable[[Mapping[int, Chunk], CompressedContext], list[NodeWithScore]]


class SemTokenPostprocessor(SemTokenComponent, BaseNodePostprocessor):
    """Keep what the query needs of the retrieved nodes, word for word, within one token budget.

    The parameters are those of `semtoken_rag.adapters.SemTokenSettings`. The budget covers the nodes' texts,
    not the metadata that a prompt may show with them. Results are copies with the same ids, scores and
    relationships, see `llama_index.postprocessor.semtoken.nodes.to_node`. Nodes of which nothing is kept are
    left out; images and other nodes without text pass untouched. The order is that of `Config`, by default
    the best node last. Without a query, information density and redundancy decide, and the order given stays.
    """

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialised form."""
        return "SemTokenPostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        chunks, query = self._chunks(nodes), query_bundle.query_str if query_bundle else ""
        if not chunks:
            return list(nodes)
        with self._observe(nodes, query) as finish:
            return finish(chunks, self._run(list(chunks.values()), query))

    @dispatcher.span
    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        """Compress without blocking the event loop; a cancelled call stops at its next batch."""
        chunks, query = self._chunks(nodes), query_bundle.query_str if query_bundle else ""
        if not chunks:
            return list(nodes)
        with self._observe(nodes, query) as finish:
            return finish(chunks, await self._arun(list(chunks.values()), query))

    def _chunks(self, nodes: Sequence[NodeWithScore]) -> dict[int, Chunk]:
        return to_chunks([given.node for given in nodes], self.title_key, [given.score for given in nodes])

    @contextmanager
    def _observe(self, nodes: Sequence[NodeWithScore], query: str) -> Iterator[Finish]:
        """Send the events of a compression.

        Legacy callbacks get a reranking event, since LlamaIndex has none for a compression.

        Parameters
        ----------
        nodes
            As they were retrieved.
        query
            The question; may be empty.

        Yields
        ------
        Finish
            Function from the chunks and their context to the nodes that are left; it sends the end events.
        """
        encoder = self.encoder
        payload: dict[str, Any] = {
            EventPayload.NODES: nodes,
            EventPayload.MODEL_NAME: encoder if isinstance(encoder, str) else type(encoder).__name__,
            EventPayload.QUERY_STR: query,
            EventPayload.TOP_K: len(nodes),
        }
        with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as legacy:
            dispatcher.event(
                CompressionStartEvent(
                    query=query, nodes=list(nodes), ratio=self.ratio, max_tokens=self.max_tokens
                )
            )

            def finish(chunks: Mapping[int, Chunk], context: CompressedContext) -> list[NodeWithScore]:
                found = self._take_kept([given.node for given in nodes], chunks, context)
                left = [
                    nodes[i].model_copy(update={"node": node}) if i in chunks else nodes[i]
                    for i, node in found.items()
                ]
                dispatcher.event(CompressionEndEvent(nodes=left, **context.stats.as_dict()))
                legacy.on_end(payload={EventPayload.NODES: left})
                return left

            yield finish
