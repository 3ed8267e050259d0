"""The paper's own sets, from the Hugging Face hub: they need a network and the extra ``hub``.

Each is read into the rows that `evaluation.data.sets` has. Long texts come in passages of whole lines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from semtoken_rag._internal.optional import require

Row = dict[str, Any]

MOST = 200  # rows of a set that are read
PASSAGE = 1200  # characters after which a passage ends with its line
ARTICLE = re.compile(r" = ([^=].*[^=]) = \n?")
CITED = re.compile(r"^Passage \d+:\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Public:
    """A set of the hub.

    Parameters
    ----------
    path, name, split
        Of ``datasets.load_dataset``.
    read
        Its rows to ours.
    files
        Further arguments: data files that are loaded without the set's own code.
    """

    path: str
    name: str | None
    split: str
    read: Callable[[Iterable[Row]], Iterator[Row]]
    files: Mapping[str, str] = field(default_factory=dict)


def passages(text: str, title: str = "") -> list[Row]:
    """Cut a text into documents of whole lines."""
    parts = [""]
    for line in text.splitlines(keepends=True):
        if len(parts[-1]) >= PASSAGE:
            parts.append("")
        parts[-1] += line
    return [{"id": str(i), "title": title, "text": part} for i, part in enumerate(parts) if part.strip()]


def articles(lines: Iterable[Row]) -> Iterator[Row]:
    """Articles of WikiText, which comes line by line; a heading of one ``=`` begins one."""
    title, text = "", ""
    for row in itertools.chain(lines, [{"text": " = . . = \n"}]):
        if found := ARTICLE.fullmatch(row["text"]):
            if text.strip():
                yield {"id": title, "title": title, "text": text}
            title, text = found[1], ""
        else:
            text += row["text"]


def books(given: Iterable[Row]) -> Iterator[Row]:
    """Books of PG19."""
    for row in given:
        yield {"id": row["url"], "title": row["short_book_title"], "text": row["text"]}


def triviaqa(given: Iterable[Row]) -> Iterator[Row]:
    """Questions of TriviaQA with their pages of Wikipedia."""
    for row in given:
        pages = row["entity_pages"]
        documents = [
            {**d, "id": f"{i}.{d['id']}"}
            for i, (title, text) in enumerate(zip(pages["title"], pages["wiki_context"], strict=True))
            for d in passages(text, title)
        ]
        answers = [row["answer"]["value"], *row["answer"]["aliases"]]
        yield _asked(row["question_id"], row["question"], answers, documents)


def narrativeqa(given: Iterable[Row]) -> Iterator[Row]:
    """Questions of NarrativeQA with the whole story."""
    for i, row in enumerate(given):
        answers = [a["text"] for a in row["answers"]]
        title = row["document"]["summary"]["title"]
        yield _asked(str(i), row["question"]["text"], answers, passages(row["document"]["text"], title))


def longbench(given: Iterable[Row]) -> Iterator[Row]:
    """Questions of one task of LongBench; passages that it numbers are documents with titles."""
    for row in given:
        parts = CITED.split(row["context"])[1:]
        documents = [
            {"id": str(i), "title": title, "text": text}
            for i, (title, _, text) in enumerate(part.strip().partition("\n") for part in parts)
        ]
        yield _asked(row["_id"], row["input"], row["answers"], documents or passages(row["context"]))


def summaries(source: str, summary: str) -> Callable[[Iterable[Row]], Iterator[Row]]:
    """Return a reader of texts and summaries by the names of their columns."""

    def read(given: Iterable[Row]) -> Iterator[Row]:
        for i, row in enumerate(given):
            yield _asked(str(i), "Please summarize this text.", [row[summary]], passages(row[source]))

    return read


def charts(given: Iterable[Row]) -> Iterator[Row]:
    """Questions of ChartQA with the chart in ``image``."""
    for i, row in enumerate(given):
        yield {**_asked(str(i), row["query"], row["label"], []), "image": row["image"]}


def _asked(name: str, question: str, answers: list[str], documents: list[Row]) -> Row:
    return {"id": name, "question": question, "answers": answers, "documents": documents}


def _longbench(task: str) -> Public:
    # The set's own loading script is not run; its archive holds JSON Lines.
    files = {"data_files": f"zip://data/{task}.jsonl::hf://datasets/zai-org/LongBench/data.zip"}
    return Public("json", None, "train", longbench, files)


PUBLIC: Mapping[str, Public] = {
    "wikitext103": Public("Salesforce/wikitext", "wikitext-103-raw-v1", "test", articles),
    "pg19": Public("emozilla/pg19", None, "test", books),
    "triviaqa": Public("mandarjoshi/trivia_qa", "rc.wikipedia", "validation", triviaqa),
    "narrativeqa": Public("deepmind/narrativeqa", None, "test", narrativeqa),
    "longbench-hotpotqa": _longbench("hotpotqa"),
    "longbench-qasper": _longbench("qasper"),
    "booksum": Public("kmfoda/booksum", None, "test", summaries("chapter", "summary_text")),
    "arxivsum": Public("ccdv/arxiv-summarization", "document", "test", summaries("article", "abstract")),
    "chartqa": Public("HuggingFaceM4/ChartQA", None, "test", charts),
}


def rows(name: str, most: int = MOST) -> list[Row]:
    """First rows of a set, read as they come.

    Raises
    ------
    ValueError
        For a name that is not in `PUBLIC`.
    ImportError
        Where the extra ``hub`` is missing.
    """
    if name not in PUBLIC:
        raise ValueError(f"a set of the hub must be one of {sorted(PUBLIC)}, got {name!r}")
    found = PUBLIC[name]
    load = require("datasets", extra="hub").load_dataset
    loaded = load(found.path, found.name, split=found.split, streaming=True, **found.files)
    return list(itertools.islice(found.read(loaded), most))
