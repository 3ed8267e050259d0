"""`SemTokenCompressor`: the component, which cuts the documents of a query to a token budget."""

from __future__ import annotations

import asyncio
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict

from haystack_semtoken.settings import DocumentSettings


@component
class SemTokenCompressor:
    """Keep what the query needs of the retrieved documents, word for word, within one token budget.

    It stands behind a retriever, a joiner or a ranker. The input ``documents`` is not changed.

    Parameters
    ----------
    settings
        A component belongs to one pipeline; components of several pipelines can share settings, and with them
        the loaded encoder and the store. None makes them from ``fields``.
    **fields
        See `semtoken_rag.adapters.SemTokenSettings`: ``max_tokens=``, ``ratio=`` (0.4 by default) and others.

    Raises
    ------
    ValueError
        If a field is out of range, with the value received, or if both settings and fields are given.

    Examples
    --------
    >>> compressor = SemTokenCompressor(max_tokens=8, encoder="static")
    >>> tower = Document(content="The tower opened in 1889. It rained that day.")
    >>> compressor.run(documents=[tower], query="When did the tower open?")["documents"][0].content
    'The tower opened in 1889.'
    """

    def __init__(self, settings: DocumentSettings | None = None, **fields: Any) -> None:
        if settings is not None and fields:
            raise ValueError(f"give settings or fields, got both: settings and {', '.join(fields)}")
        if settings is not None and not isinstance(settings, DocumentSettings):
            raise ValueError(f"settings must be DocumentSettings or None, got {settings!r:.80}")
        self.settings = settings or DocumentSettings(**fields)

    @component.output_types(documents=list[Document], stats=dict[str, Any])
    def run(self, documents: list[Document], query: str) -> dict[str, Any]:
        """Compress documents for a query.

        Parameters
        ----------
        documents
            Retrieved documents.
        query
            The question. If it is blank, information density and redundancy decide.

        Returns
        -------
        dict
            ``documents``: copies, best first or in the order that `Config` names, without those of which
            nothing is kept; documents without text, such as images, come last and as they are. ``stats``: the
            figures of `semtoken_rag.Stats`, the failure too after which the originals were cut.

        Raises
        ------
        Exception
            Any failure inside, under ``on_error="raise"``; by default the documents are cut to the budget.
        """
        kept, stats = self.settings.compress(documents, query)
        return {"documents": kept, "stats": stats}

    @component.output_types(documents=list[Document], stats=dict[str, Any])
    async def run_async(self, documents: list[Document], query: str) -> dict[str, Any]:
        """Compress without blocking the event loop, as `run`; a cancelled call stops at its next batch."""
        kept, stats = await self.settings.acompress(documents, query)
        return {"documents": kept, "stats": stats}

    def warm_up(self) -> None:
        """Load the encoder, which the first call would do."""
        self.settings.warm_up()

    async def warm_up_async(self) -> None:
        """Load the encoder without blocking the event loop."""
        await asyncio.to_thread(self.warm_up)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data, for a saved pipeline.

        Returns
        -------
        dict
            What `from_dict` reads.

        Raises
        ------
        ValueError
            If a setting is an object that JSON cannot hold.
        """
        return default_to_dict(self, **self.settings.model_dump(mode="json", exclude_unset=True))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SemTokenCompressor:
        """Make the component from what `to_dict` returned."""
        return default_from_dict(cls, data)
