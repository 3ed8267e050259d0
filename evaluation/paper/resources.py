"""What cells share: the rows, the readers and the systems, each loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.data import sets
from evaluation.paper.systems import Compressor, Remembering, system_of
from evaluation.readers import arms, perplexity
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.llm import SemTokenLLM, Settings
from semtoken_rag.llm.load import load_tokenizer


class Resources:
    """Rows, readers and systems.

    Parameters
    ----------
    folder
        Of the sets.
    encoders, readers
        Objects in place of those that have these names.
    """

    def __init__(
        self,
        folder: Path,
        encoders: Mapping[str, Any] | None = None,
        readers: Mapping[str, SemTokenLLM] | None = None,
    ) -> None:
        self.folder = folder
        self._encoders, self._readers = dict(encoders or {}), dict(readers or {})
        self._remembering: dict[str, Remembering] = {}
        self._set = ""

    @cache  # noqa: B019  (one resources a run)
    def rows(self, name: str, kind: str = "qa") -> list[dict[str, Any]]:
        """Return the rows of a set."""
        return sets.rows(self.folder, name, kind)

    def reader(self, name: str) -> SemTokenLLM:
        """Load a reader; the one before it is let go."""
        if name not in self._readers:
            self._readers.clear()
            self._readers[name] = arms.load(name, Settings())
        return self._readers[name]

    @cache  # noqa: B019  (the same)
    def tokenizer(self, name: str) -> Any:
        """Load the tokenizer of a reader alone."""
        if name in self._readers:
            return self._readers[name].tokenizer
        return load_tokenizer(arms.source(name))

    @cache  # noqa: B019  (the same)
    def passages(self, reader: str, name: str, context: int, n: int) -> list[perplexity.Passage]:
        """Cut ``n`` texts of a set into a context of so many tokens and what follows it."""
        tokenizer = self.reader(reader).tokenizer
        texts = perplexity.passages([r["text"] for r in self.rows(name, "lm")], tokenizer, context, n)
        return [perplexity.Passage.of(text, tokenizer, context) for text in texts]

    def compressor(self, system: str, counter: Any, remember: str = "") -> Compressor:
        """Return a system.

        With ``remember``, the name of a set, all systems on one encoder share one pass over its texts.
        """
        name = system_of(system).encoder
        encoder = self._encoders.get(name, name)
        if remember:
            if remember != self._set:
                self._set, self._remembering = remember, {}
            encoder = self._remembering.setdefault(name, Remembering(resolve_encoder(encoder)))
        return Compressor(system, encoder, counter)
