"""A LangChain chain over a server of models: llama.cpp, Ollama, vLLM or LM Studio.

Indexes some topics of the Python reference, retrieves with FAISS, compresses within a budget in the server's
own tokens, streams the answer and cites it. Without ``--llm`` it starts llama.cpp's server with SmolLM2.

    python examples/langchain_server.py
    python examples/langchain_server.py --llm openai:http://127.0.0.1:8080/v1#qwen3
    python examples/langchain_server.py --llm openai:http://127.0.0.1:1234/v1#qwen3 --tokenizer tokenizer.json
"""

from __future__ import annotations

import os
from typing import Annotated

import typer
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

from common import NEW_TOKENS, PROMPT, TokenizerOption, passages, place, server_of, topics_of
from kept import Events, MeanEmbeddings, index
from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor

TITLES = ("assert", "break", "continue", "del", "pass", "return")
ServerOption = Annotated[str | None, typer.Option(help="As openai:http://127.0.0.1:8080/v1#MODEL.")]
MaxTokensOption = Annotated[int, typer.Option(help="Most tokens of context, the server's own.")]


def joined(documents: list[Document]) -> str:
    """Return the texts with their titles, the best one next to the question."""
    return "\n".join(f"[{d.metadata['title']}] {d.page_content}" for d in reversed(documents))


def main(
    question: str = "Which exception does a failed assert statement raise?",
    max_tokens: MaxTokensOption = 80,
    llm: ServerOption = None,
    tokenizer: TokenizerOption = None,
) -> None:
    """Answer a question from what is kept of the retrieved chunks."""
    texts = topics_of(*TITLES)
    with server_of(llm, tokenizer) as server:
        model = ChatOpenAI(
            model=server.name,
            base_url=server.address.url,
            api_key=os.environ.get("OPENAI_API_KEY", "none"),  # it must not be empty
            max_tokens=NEW_TOKENS,
            temperature=0,
        )
        retriever = ContextualCompressionRetriever(
            compressor=SemTokenCompressor(max_tokens=max_tokens, token_counter=server.tokenizer),
            retriever=index(texts, MeanEmbeddings()).as_retriever(search_kwargs={"k": 10}),
        )
        events = Events()
        found = retriever.invoke(question, config={"callbacks": [events]})
        chain = ChatPromptTemplate.from_template(PROMPT) | model | StrOutputParser()
        answer = ""
        for part in chain.stream({"context": joined(found), "question": question}):
            print(part, end="", flush=True)
            answer += part
    before, after = events.last["tokens_before"], events.last["tokens_after"]
    print(f"\n{server.name} read {after} tokens of {before}, {before - after} saved")
    for passage in passages(found, texts):
        print(f"  {place(passage)[:100]}")


if __name__ == "__main__":
    typer.run(main)
