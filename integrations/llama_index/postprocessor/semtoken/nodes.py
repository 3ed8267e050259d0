"""Conversion between LlamaIndex's nodes and `Chunk`; the caller's nodes are never changed."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from llama_index.core.schema import BaseNode, ImageNode, MetadataMode, Node, TextNode

from semtoken_rag import Chunk, CompressedChunk
from semtoken_rag.adapters.metadata import METADATA_KEY, chunk_metadata, read_source_start, read_title


def to_chunks(
    nodes: Sequence[BaseNode], title_key: str, scores: Sequence[float | None] | None = None
) -> dict[int, Chunk]:
    """Return the chunk of each node that has text to cut.

    Parameters
    ----------
    nodes
        The nodes, which are not changed. An `ImageNode` has no text to cut (its text is a caption), nor has a
        node with other media only.
    title_key
        Metadata key of the title; the title is empty if the key is missing or is not text.
    scores
        The retriever's score of each node, higher = better, as many as ``nodes``; None for no scores.

    Returns
    -------
    dict of int to Chunk
        Chunks by the position of the node in ``nodes``, with the node's id, and its place in the document
        that it was cut from.
    """
    chunks = {}
    for i, node in enumerate(nodes):
        if (text := _text(node)) is not None:
            chunks[i] = Chunk(
                text,
                id=node.node_id,
                title=read_title(node.metadata, title_key),
                score=scores[i] if scores else None,
                source=getattr(node, "ref_doc_id", None),
                start=_source_start(node),
            )
    return chunks


def to_node(node: BaseNode, chunk: CompressedChunk) -> BaseNode:
    """Return a deep copy of a node with the kept text and the metadata key ``semtoken``.

    Neither the LLM nor the embedding model sees the key, see `semtoken_rag.adapters.metadata.chunk_metadata`.
    If the node has its range in the document that was split, the pieces also have offsets into the document.
    The node's own range is not changed, since the kept text is no longer contiguous.
    """
    held = getattr(node, "obj", None)  # an IndexNode's retriever or index: often impossible to copy
    out = copy.deepcopy(node, {id(held): held})
    if isinstance(out, Node) and out.text_resource is not None:
        out.text_resource.text = chunk.text  # set_content would make a resource without its other fields
    else:
        out.set_content(chunk.text)
    out.metadata[METADATA_KEY] = chunk_metadata(chunk, _source_start(node))
    for keys in (out.excluded_embed_metadata_keys, out.excluded_llm_metadata_keys):
        if METADATA_KEY not in keys:
            keys.append(METADATA_KEY)
    return out


def _text(node: BaseNode) -> str | None:
    """Return the text to cut; None if the node passes untouched."""
    if isinstance(node, ImageNode):
        return None
    text: str = node.get_content(metadata_mode=MetadataMode.NONE)
    return text if text or isinstance(node, TextNode) else None


def _source_start(node: BaseNode) -> int | None:
    """Return the first character of the text in its source, None if the text was replaced since the split."""
    start, end = (getattr(node, name, None) for name in ("start_char_idx", "end_char_idx"))
    if start is not None and end is not None and end - start != len(_text(node) or ""):
        return None
    return read_source_start(node.metadata, start)
