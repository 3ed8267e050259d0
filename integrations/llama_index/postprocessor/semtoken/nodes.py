"""Conversion between LlamaIndex's nodes and `Chunk`; the caller's nodes are never changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from llama_index.core.schema import BaseNode, ImageNode, MetadataMode, Node, TextNode

from semtoken_rag import CompressedChunk, Stats
from semtoken_rag.adapters.intake import Intake, make_chunk
from semtoken_rag.adapters.metadata import (
    FINGERPRINT_KEY,
    METADATA_KEY,
    chunk_metadata,
    kept_text,
    read_source_start,
    without_fingerprint,
)


def to_chunks(
    nodes: Sequence[BaseNode],
    title_key: str,
    *,
    scores: Sequence[float | None] | None = None,
    measure: Callable[[BaseNode], int] | None = None,
) -> Intake:
    """Return the chunk of each node that has text to cut.

    Parameters
    ----------
    nodes
        The nodes, which are not changed. An `ImageNode` has no text to cut (its text is a caption), nor has a
        node with other media only. For headings see `semtoken_rag.adapters.headings.read_headings`.
    title_key
        Metadata key of the title; the title is empty if the key is missing or is not text.
    scores
        The retriever's score of each node, higher = better, as many as ``nodes``; None for no scores.
    measure
        Counts the tokens that the prompt adds to a node; None for no tokens.

    Returns
    -------
    Intake
        Chunks by the position of the node in ``nodes``, with the node's id and its place in the document that
        it was cut from, and why others are left out.
    """
    taken = Intake()
    for i, node in enumerate(nodes):
        if _passes(node):
            continue
        name, metadata = getattr(node, "id_", None), getattr(node, "metadata", None)
        if not taken.skip_bad(i, name, text=_text(node), metadata=metadata):
            taken.chunks[i] = make_chunk(
                _text(node),
                node.metadata,
                title_key=title_key,
                id=node.node_id,
                score=scores[i] if scores else None,
                source=getattr(node, "ref_doc_id", None),
                start=_source_start(node),
                overhead=measure(node) if measure else 0,
            )
    return taken


def to_node(node: BaseNode, chunk: CompressedChunk, *, stats: Stats) -> BaseNode:
    """Return a deep copy of a node with the kept text and the metadata key ``semtoken``.

    Neither the LLM nor the embedding model sees the key, see `semtoken_rag.adapters.metadata.chunk_metadata`.
    If the node has its range in the document that was split, the pieces also have offsets into the document.
    The node's own range is not changed, since the kept text is no longer contiguous.

    Parameters
    ----------
    node
        The node, which is not changed.
    chunk
        What is kept of it.
    stats
        Figures of the call.

    Returns
    -------
    BaseNode
        The copy.
    """
    out = _copied(node)
    text: str = _text(node)
    kept = kept_text(chunk, text)
    if isinstance(out, Node) and out.text_resource is not None:
        out.text_resource.text = kept  # set_content would make a resource without its other fields
    else:
        out.set_content(kept)
    note = chunk_metadata(chunk, text, stats=stats, source_start=_source_start(node))
    out.metadata.pop(FINGERPRINT_KEY, None)  # of the whole text
    return _with_hidden(out, METADATA_KEY, note)


def carrying(node: BaseNode, fingerprint: str) -> BaseNode:
    """Return a deep copy of a node with its fingerprint in its metadata, hidden as the note is."""
    return _with_hidden(_copied(node), FINGERPRINT_KEY, fingerprint)


def shown(node: BaseNode) -> str:
    """Return a node as a prompt shows it, with the metadata that the LLM sees; never its fingerprint."""
    if FINGERPRINT_KEY in node.metadata:
        node = node.model_copy(update={"metadata": without_fingerprint(node.metadata)})
    text: str = node.get_content(metadata_mode=MetadataMode.LLM)
    return text


def _copied(node: BaseNode) -> BaseNode:
    held = getattr(node, "obj", None)  # an IndexNode's retriever or index: often impossible to copy
    return copy.deepcopy(node, {id(held): held})


def _with_hidden(node: BaseNode, key: str, value: Any) -> BaseNode:
    """Set metadata of a node that neither the LLM nor the embedding model sees; return the node."""
    node.metadata[key] = value
    for keys in (node.excluded_embed_metadata_keys, node.excluded_llm_metadata_keys):
        if key not in keys:
            keys.append(key)
    return node


def _passes(node: BaseNode) -> bool:
    """Return whether a node has no text to cut, and so passes untouched."""
    if isinstance(node, ImageNode):
        return True
    return isinstance(node, BaseNode) and not isinstance(node, TextNode) and not _text(node)


def _text(node: BaseNode) -> Any:
    """Return what stands where the node's text should: None or bytes, if the node is a bad one."""
    return node.get_content(metadata_mode=MetadataMode.NONE) if isinstance(node, BaseNode) else None


def _source_start(node: BaseNode) -> int | None:
    """Return the first character of the text in its source, None if the text was replaced since the split."""
    start, end = (getattr(node, name, None) for name in ("start_char_idx", "end_char_idx"))
    if start is not None and end is not None and end - start != len(_text(node)):
        return None
    return read_source_start(node.metadata, start)
