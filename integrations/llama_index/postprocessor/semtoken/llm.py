"""`SemTokenReader`: a local LLM in LlamaIndex that gets its context beside the prompt, not inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from llama_index.core.base.response.schema import Response
from llama_index.core.constants import DEFAULT_CONTEXT_WINDOW
from llama_index.core.llms import CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore
from pydantic import ConfigDict, field_validator

from llama_index.postprocessor.semtoken.postprocessor import SemTokenPostprocessor
from semtoken_rag import Chunk, CompressedContext
from semtoken_rag.adapters.settings import PROMPT
from semtoken_rag.llm.checks import check_beside
from semtoken_rag.llm.generate import SemTokenLLM
from semtoken_rag.llm.model import positions
from semtoken_rag.llm.modes import Mode, Text, resolve_mode


class SemTokenReader(CustomLLM):
    """Answer from a compressed context, as text, embeddings or a KV cache that holds what is kept.

    The prompt is the question. The context comes beside it: as ``nodes``, which ``postprocessor`` compresses,
    or as ``context`` (and ``chunks``) made elsewhere.

    Parameters
    ----------
    reader
        The model, its prompt and its settings.
    postprocessor
        Compresses ``nodes``; only its decisions are used, the nodes stay whole. The best node comes last in
        the prompt, if the postprocessor's ``config`` names no other order, and an ``overhead`` of ``"auto"``
        is none, since LlamaIndex's templates have no part in this prompt.
    mode
        `Text`, `Soft` or `KV`, or a shorthand such as ``kv``, see `SemTokenLLM.generate`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    reader: SemTokenLLM
    postprocessor: SemTokenPostprocessor | None = None
    mode: Mode = Text()

    @field_validator("mode", mode="before")
    @classmethod
    def _resolve(cls, mode: Any) -> Mode:
        return resolve_mode(mode)

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialised form."""
        return "SemTokenReader"

    @property
    def metadata(self) -> LLMMetadata:
        """Context window and answer length in tokens, and the model's name, as LlamaIndex asks for them."""
        return LLMMetadata(
            context_window=positions(self.reader.model) or DEFAULT_CONTEXT_WINDOW,
            num_output=self.reader.settings.max_new_tokens,
            model_name=self.reader.name,
        )

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Answer the question ``prompt`` from ``nodes``, or from ``context`` and ``chunks``."""
        context, chunks = self._context(prompt, **kwargs)
        answer = self.reader.generate(prompt, context, mode=self.mode, chunks=chunks)
        return CompletionResponse(text=answer.text, raw=asdict(answer.stats))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """Answer part by part; see `complete`."""
        context, chunks = self._context(prompt, **kwargs)
        parts = self.reader.stream(prompt, context, mode=self.mode, chunks=chunks)

        def run() -> CompletionResponseGen:
            text = ""
            for part in parts:
                text += part
                yield CompletionResponse(text=text, delta=part)

        return run()

    def _context(
        self,
        question: str,
        *,
        nodes: Sequence[NodeWithScore] | None = None,
        context: CompressedContext | None = None,
        chunks: Sequence[Chunk] | None = None,
    ) -> tuple[CompressedContext | None, Sequence[Chunk] | None]:
        """Compress the nodes that have text, or pass on the context given; not both, see `check_beside`."""
        if not nodes:
            return context, chunks
        cutter = check_beside(
            "nodes", nodes, cutter=self.postprocessor, kind="postprocessor", given=(context, chunks)
        )
        taken = cutter._take(nodes, beside=True)
        made = list(taken.chunks.values())
        if not made:
            return None, None
        return cutter._run(made, question, order=PROMPT, skipped=taken.skipped.values()), made


class SemTokenQueryEngine(CustomQueryEngine):
    """Retrieve, compress, answer; the answer's sources are the retrieved nodes, whole.

    Parameters
    ----------
    retriever
        Finds nodes.
    llm
        A reader with a postprocessor.
    """

    retriever: BaseRetriever
    llm: SemTokenReader

    def custom_query(self, query_str: str) -> Response:
        """Answer a question."""
        nodes = self.retriever.retrieve(query_str)
        return Response(response=self.llm.complete(query_str, nodes=nodes).text, source_nodes=nodes)
