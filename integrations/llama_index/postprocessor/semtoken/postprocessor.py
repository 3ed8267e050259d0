"""`SemTokenPostprocessor`: cuts the nodes of a query to a token budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal, TypeAlias

from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle
from pydantic import Field

from llama_index.postprocessor.semtoken.component import SemTokenComponent
from llama_index.postprocessor.semtoken.events import CompressionEndEvent, CompressionStartEvent
from llama_index.postprocessor.semtoken.nodes import to_chunks
from semtoken_rag import CompressedContext
from semtoken_rag.adapters.intake import Intake

dispatcher = get_dispatcher(__name__)

Finish: TypeAlias = Callable[[Intake, CompressedContext], list[NodeWithScore]]


class SemTokenPostprocessor(SemTokenComponent, BaseNodePostprocessor):
    """Keep what the query needs of the retrieved nodes, word for word, within one token budget.

    Results are copies with the same ids, scores and relationships, see
    `llama_index.postprocessor.semtoken.nodes.to_node`. Nodes of which nothing is kept are left out, as are
    those whose text is no string, which the end event names; images and other nodes without text pass
    untouched, behind the others. The best node comes first, if `Config` names no other order. Without a
    query, information density and redundancy decide, and the order given stays. If the call abstains, see
    ``min_relevance``, images and other nodes without text are left alone too.

    Setup
    -----
    ```bash
    pip install llama-index-postprocessor-semtoken
    ```

    There is no key to set: the trained encoder is in the package, and runs on this machine.

    Key init args
    -------------
    max_tokens : int, optional
        Most tokens to keep, of all nodes of a call together.
    ratio : float, optional
        Share of the tokens to keep; 0.4 if neither it nor ``max_tokens`` is given.
    keep : float, optional
        Chance that nothing wanted is lost: no more tokens are kept than it takes.
    min_relevance : float, optional
        Chance that the nodes answer the question, below which none is returned.
    token_counter : callable, tokenizer or None
        How the reader counts tokens; None counts as the encoder does.
    encoder : str, model or Encoder
        ``"auto"``, ``"static"``, a sentence-transformers model, or the embeddings that you run already.
    store : str, ByteStore or None
        Keeps what was computed of a node for the next question.
    overhead : int >= 0 or "auto"
        By default the budget covers each kept node as a response synthesizer shows it: with the metadata that
        the LLM sees (`MetadataMode.LLM`) and a blank line.

    These and the others are described in `semtoken_rag.adapters.SemTokenSettings`.

    Instantiate
    -----------
    ```python
    from llama_index.postprocessor.semtoken import SemTokenPostprocessor

    postprocessor = SemTokenPostprocessor(max_tokens=8)
    ```

    Invoke
    ------
    ```python
    from llama_index.core.schema import NodeWithScore, TextNode

    texts = ["The tower opened in 1889. It rained.", "Bread is made of flour."]
    found = [NodeWithScore(node=TextNode(text=text)) for text in texts]
    kept = postprocessor.postprocess_nodes(found, query_str="When did the tower open?")
    print(kept[0].text)
    ```

    ```text
    The tower opened in 1889.
    ```

    In a query engine of yours: ``index.as_query_engine(node_postprocessors=[postprocessor])``.
    """

    overhead: Annotated[int, Field(strict=True, ge=0)] | Literal["auto"] = "auto"

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialised form."""
        return "SemTokenPostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query, nodes = query_bundle.query_str if query_bundle else "", list(nodes)
        if not (taken := self._take(nodes)):
            return nodes
        with self._observe(nodes, query) as finish:
            chunks, skipped = list(taken.chunks.values()), taken.skipped.values()
            return finish(taken, self._run(chunks, query, skipped=skipped))

    @dispatcher.span
    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        """Compress without blocking the event loop; a cancelled call stops at its next batch."""
        query, nodes = query_bundle.query_str if query_bundle else "", list(nodes)  # may change meanwhile
        if not (taken := await asyncio.to_thread(self._take, nodes)):
            return nodes
        with self._observe(nodes, query) as finish:
            chunks, skipped = list(taken.chunks.values()), taken.skipped.values()
            return finish(taken, await self._arun(chunks, query, skipped=skipped))

    def _take(self, nodes: Sequence[NodeWithScore], *, beside: bool = False) -> Intake:
        """Read the nodes; ``beside``: for a prompt that shows no metadata."""
        measures = bool(nodes) and not (beside and self.overhead == "auto")
        return to_chunks(
            _inner(nodes),
            self.title_key,
            scores=[getattr(given, "score", None) for given in nodes],
            measure=self._measure() if measures else None,
        )

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
            Function from what was read of the nodes and its context to the nodes that are left; it sends the
            end events.
        """
        encoder, valid = self.encoder, [given for given in nodes if isinstance(given, NodeWithScore)]
        payload: dict[str, Any] = {
            EventPayload.NODES: valid,
            EventPayload.MODEL_NAME: encoder if isinstance(encoder, str) else type(encoder).__name__,
            EventPayload.QUERY_STR: query,
            EventPayload.TOP_K: len(nodes),
        }
        with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as legacy:
            dispatcher.event(
                CompressionStartEvent(
                    query=query,
                    nodes=valid,
                    ratio=self.ratio,
                    max_tokens=self.max_tokens,
                    keep=self.keep,
                )
            )

            def finish(taken: Intake, context: CompressedContext) -> list[NodeWithScore]:
                found = self._take_kept(_inner(nodes), taken, context)
                left = [
                    nodes[i].model_copy(update={"node": node}) if i in taken.chunks else nodes[i]
                    for i, node in found.items()
                ]
                dispatcher.event(CompressionEndEvent(nodes=left, **context.stats.as_dict()))
                legacy.on_end(payload={EventPayload.NODES: left})
                return left

            yield finish


def _inner(nodes: Sequence[NodeWithScore]) -> list[Any]:
    """Return the nodes without their scores; None where something else was given."""
    return [getattr(given, "node", None) for given in nodes]
