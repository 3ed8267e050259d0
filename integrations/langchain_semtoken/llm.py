"""`SemTokenReader`: a local LLM in LangChain that gets its context beside the prompt, not inside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.documents import Document
from langchain_core.language_models.llms import LLM
from langchain_core.outputs import GenerationChunk
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from pydantic import ConfigDict, field_validator

from langchain_semtoken.compressor import SemTokenCompressor
from langchain_semtoken.documents import to_chunks
from semtoken_rag import Chunk, CompressedContext
from semtoken_rag.adapters.settings import PROMPT
from semtoken_rag.llm.checks import check_beside
from semtoken_rag.llm.generate import SemTokenLLM
from semtoken_rag.llm.modes import Mode, Text, resolve_mode


class SemTokenReader(LLM):
    """Answer from a compressed context, as text, embeddings or a KV cache that holds what is kept.

    The prompt is the question. The context comes beside it: as ``documents``, which ``compressor``
    compresses, or as ``context`` (and ``chunks``) made elsewhere. Answers are never looked up in LangChain's
    global cache, which does not know the context.

    Parameters
    ----------
    reader
        The model, its prompt and its settings.
    compressor
        Compresses ``documents``; only its decisions are used, the documents stay whole. The best document
        comes last in the prompt, if the compressor's ``config`` names no other order, and an ``overhead`` of
        ``"auto"`` is none, since LangChain's templates have no part in this prompt.
    mode
        `Text`, `Soft` or `KV`, or a shorthand such as ``kv``, see `SemTokenLLM.generate`.

    Examples
    --------
    ::

        llm = SemTokenReader(reader=SemTokenLLM.load(name), compressor=SemTokenCompressor(), mode="kv")
        llm.invoke("When did the tower open?", documents=retriever.invoke("When did the tower open?"))
        llm.over(retriever).invoke("When did the tower open?")
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    reader: SemTokenLLM
    compressor: SemTokenCompressor | None = None
    mode: Mode = Text()
    cache: Any = False

    @field_validator("mode", mode="before")
    @classmethod
    def _resolve(cls, mode: Any) -> Mode:
        return resolve_mode(mode)

    @property
    def _llm_type(self) -> str:
        return "semtoken"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.reader.name, "mode": self.mode.name}

    def over(self, retriever: Runnable[str, list[Document]]) -> Runnable[str, str]:
        """Return a chain that answers a question from what the retriever finds."""

        def run(question: str, config: RunnableConfig) -> str:
            return self.invoke(question, config, documents=retriever.invoke(question, config))

        async def arun(question: str, config: RunnableConfig) -> str:
            return await self.ainvoke(question, config, documents=await retriever.ainvoke(question, config))

        return RunnableLambda(run, arun, name="semtoken_reader")

    def _call(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        context, chunks = self._context(prompt, **kwargs)
        reader = self.reader.with_stop(stop)
        return reader.generate(prompt, context, mode=self.mode, chunks=chunks).text

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        context, chunks = self._context(prompt, **kwargs)
        reader = self.reader.with_stop(stop)
        for part in reader.stream(prompt, context, mode=self.mode, chunks=chunks):
            if run_manager:
                run_manager.on_llm_new_token(part)
            yield GenerationChunk(text=part)

    def _context(
        self,
        question: str,
        *,
        documents: Sequence[Document] | None = None,
        context: CompressedContext | None = None,
        chunks: Sequence[Chunk] | None = None,
    ) -> tuple[CompressedContext | None, Sequence[Chunk] | None]:
        """Compress the documents, or pass on the context given; not both, see `check_beside`."""
        if not documents:
            return context, chunks
        cutter = check_beside(
            "documents", documents, cutter=self.compressor, kind="compressor", given=(context, chunks)
        )
        measure = None if cutter.overhead == "auto" else cutter._measure()
        taken = to_chunks(documents, cutter.title_key, measure)
        made = list(taken.chunks.values())
        return cutter._run(made, question, order=PROMPT, skipped=taken.skipped.values()), made
