"""How many answers reach the reader, at the same prompt size? ``python -m evaluation.judge.pipeline``.

A whole retrieval chain. The documents of the first n questions of a set are pooled into one corpus and cut by
LangChain's RecursiveCharacterTextSplitter, as a user would cut them: chunks know their source, but carry a
title with ``--titles`` alone. Dense retrieval (all-MiniLM-L6-v2, cosine) takes the best chunks of the whole
corpus, then:

  top         the best chunks, whole, while they fit in the budget
  compress K  the best K chunks, compressed to the same budget

Scored on the joined text as in `evaluation.judge.retention`: answer, chain (all gold sentences). Tokens are
WordPiece tokens. Questions whose answer is not in the corpus, or is yes/no, are left out.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.chain import corpus
from evaluation.chain.corpus import Asked
from evaluation.data import options
from evaluation.data.sets import rows
from evaluation.judge.inputs import Count, counter

SETS = ("hotpotqa_dev200", "nq_open_dev_10docs")
MOST = 64  # chunks that are ranked for each question, unless K is larger

Fill = Callable[[Asked, int], str]  # the context of a question within a budget


def fills(count: Count, ks: Sequence[int], encoder: str) -> dict[str, Fill]:
    """Return the ways of filling a budget, by the name of their arm."""

    def top(asked: Asked, budget: int) -> str:
        kept: list[str] = []
        for chunk in asked.ranked:
            if (tokens := count(chunk.page_content)) > budget:
                break
            kept.append(chunk.page_content)
            budget -= tokens
        return "\n".join(kept)

    def compressed(k: int) -> Fill:
        def fill(asked: Asked, budget: int) -> str:
            from langchain_semtoken import SemTokenCompressor

            compressor = SemTokenCompressor(max_tokens=budget, token_counter=count, encoder=encoder)
            found = compressor.compress_documents(list(asked.ranked[:k]), asked.question)
            return "\n".join(d.page_content for d in found)

        return fill

    return {"top": top, **{f"compress {k}": compressed(k) for k in ks}}


def summarise(found: Sequence[tuple[float, float | None, int]]) -> dict[str, Any]:
    """Return the means of scores, and the most tokens."""
    table = np.array(found, float).reshape(-1, 3)
    known = [column[~np.isnan(column)] for column in table.T]
    answer, chain, tokens = (float(np.mean(c)) if len(c) else np.nan for c in known)
    return {
        "answer": round(answer, 3),
        "chain": None if np.isnan(chain) else round(chain, 3),
        "tokens": round(tokens, 1),
        "worst": max(tokens for _, _, tokens in found),
    }


def judge(args: argparse.Namespace, name: str, count: Count) -> Iterator[dict[str, Any]]:
    """Yield the figures of one set: each budget, each arm."""
    given = rows(args.data, name)[: args.n]
    chunks = corpus.pool(given, corpus.recursive(args.chunk, args.overlap), args.titles)
    known = corpus.answerable(given, chunks)
    order = corpus.rank([row["question"] for row, _ in known], chunks, max(*args.k, MOST))
    asked = corpus.ask(known, chunks, order)
    total = sum(count(c.page_content) for c in chunks)
    print(f"{name}: {len(chunks)} chunks, {total} tokens, {len(asked)} questions", flush=True)
    for budget in args.budgets:
        for arm, fill in fills(count, args.k, args.encoder).items():
            texts = [fill(one, budget) for one in asked]
            found = [(*one.score(text), count(text)) for one, text in zip(asked, texts, strict=True)]
            about = {"n": len(found), "chunk": args.chunk, "titles": args.titles}
            yield {"set": name, "budget": budget, "arm": arm, **about, **summarise(found)}


def main() -> None:
    """Judge and print."""
    parser = options.data_parser(__doc__, sets=SETS, n=100, encoder="auto")
    parser.add_argument("--budgets", type=int, nargs="+", default=[256, 512, 1024], help="tokens")
    parser.add_argument("--k", type=int, nargs="+", default=[10, 30], help="chunks that are compressed")
    parser.add_argument("--chunk", type=int, default=800, help="characters of a chunk")
    parser.add_argument("--overlap", type=int, default=100, help="characters that two chunks share")
    parser.add_argument("--titles", action="store_true", help="chunks carry their document's title")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    count, out = functools.cache(counter()), []
    for name in args.sets:
        for result in judge(args, name, count):
            out.append(result)
            print(result, flush=True)
    if args.json:
        args.json.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
