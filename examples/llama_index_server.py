"""A LlamaIndex query engine over a server of models: llama.cpp, Ollama, vLLM or LM Studio.

Indexes some topics of the Python reference, retrieves with FAISS, compresses within a budget in the server's
own tokens, streams the answer and cites it. Without ``--llm`` it starts llama.cpp's server with SmolLM2.

    python examples/llama_index_server.py
    python examples/llama_index_server.py --llm openai:http://127.0.0.1:8080/v1#qwen3
"""

from __future__ import annotations

import typer
from llama_index.core import PromptTemplate, Settings
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.query_engine import RetrieverQueryEngine

from common import PROMPT, Served, TokenizerOption, passages, place, server_of, topics_of
from langchain_server import TITLES, MaxTokensOption, ServerOption
from llama_index.postprocessor.semtoken import SemTokenPostprocessor
from llama_index_rag import Meter, as_llm, index
from semtoken_rag import Config


def main(
    question: str = "Which exception does a failed assert statement raise?",
    max_tokens: MaxTokensOption = 80,
    llm: ServerOption = None,
    tokenizer: TokenizerOption = None,
) -> None:
    """Answer a question from what is kept of the retrieved nodes."""
    texts = topics_of(*TITLES)
    with server_of(llm, tokenizer) as server:
        Settings.tokenizer = lambda text: range(server.count(text))  # LlamaIndex asks for its length
        engine = RetrieverQueryEngine.from_args(
            index(texts, str.split).as_retriever(similarity_top_k=10),
            llm=as_llm(Served(server)),
            text_qa_template=PromptTemplate(PROMPT.format(context="{context_str}", question="{query_str}")),
            node_postprocessors=[
                SemTokenPostprocessor(
                    max_tokens=max_tokens,
                    token_counter=server.tokenizer,
                    config=Config(order="best-last"),  # next to the question
                )
            ],
            streaming=True,
        )
        meter = Meter(count=server.count)
        get_dispatcher().add_event_handler(meter)
        response, answer = engine.query(question), ""
        for part in response.response_gen:
            print(part, end="", flush=True)
            answer += part
    before, after = meter.stats["tokens_before"], meter.stats["tokens_after"]
    print(f"\n{server.name} read {after} tokens of {before}, {before - after} saved")
    for passage in passages(response.source_nodes, texts):
        print(f"  {place(passage)[:100]}")


if __name__ == "__main__":
    typer.run(main)
