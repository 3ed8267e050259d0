"""The sets: their rows, their questions with gold ranges, and which part of them may be trained on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.data import public
from semtoken_rag import Chunk
from semtoken_rag.store import SQLiteStore
from semtoken_rag.train.examples import Example, occurrences

HUB = "hub:"
QUESTIONS, DOCUMENTS = ".qa", ".docs"  # of a set whose questions share documents, in two files

# name of the set, first and last question of the part that may be trained on
TRAINING = (
    ("hotpotqa_reflexion100", 0, None),
    ("2wikimultihopqa_train300", 100, None),
    ("nq_open_dev_10docs", 200, None),
    ("xquad_en", 100, None),
    ("tatqa_dev400", 100, None),
)


def rows(folder: Path, name: str, kind: str = "qa") -> list[dict[str, Any]]:
    """Return the rows of one set: ``id, question, answers, documents``, or ``id, title, text`` of texts.

    ``hub:NAME`` is a set of `evaluation.data.public`, from a network; ``summ/NAME`` one of another folder;
    ``NAME.qa`` has documents that rows name alone, in ``NAME.docs``.

    Raises
    ------
    FileNotFoundError
        If the folder does not have the set.
    """
    if name.startswith(HUB):
        return public.rows(name.removeprefix(HUB))
    path = folder / (name if "/" in name else f"{kind}/{name}")
    found = _lines(path)
    if not name.endswith(QUESTIONS):
        return found
    shared = {d["id"]: d for d in _lines(path.with_name(path.name.removesuffix(QUESTIONS) + DOCUMENTS))}
    return [{**row, "documents": _resolved(row, shared)} for row in found]


def _lines(path: Path) -> list[dict[str, Any]]:
    for file, read in ((Path(f"{path}.jsonl.gz"), gzip.open), (Path(f"{path}.jsonl"), open)):
        if file.exists():
            with read(file, "rt", encoding="utf-8") as lines:
                return [json.loads(line) for line in lines]
    raise FileNotFoundError(f"no set {path}.jsonl.gz or .jsonl: give --data FOLDER")


def _resolved(row: dict[str, Any], shared: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the documents of a row, those that it names alone from the file beside it."""
    if row["documents"] == [{"id": "*", "ref": True}]:  # all of them
        return [{**d, "is_gold": d["id"] == row.get("gold_doc")} for d in shared.values()]
    return [shared[d["id"]] if d.get("ref") else d for d in row["documents"]]


def chunks(row: dict[str, Any]) -> list[Chunk]:
    """Make chunks of the documents of a row that have text, in their order."""
    return [
        Chunk(d["text"], id=str(d["id"]), title=d.get("title") or "")
        for d in row["documents"]
        if d["text"].strip()
    ]


def example(row: dict[str, Any]) -> Example:
    """Read a row with its gold ranges: the marked sentences if there are any, else what bears the answer."""
    documents = [d for d in row["documents"] if d["text"].strip()]
    gold = [
        (i, *found)
        for i, d in enumerate(documents)
        for s in d.get("gold_sentences", ())
        if s < len(d.get("sentences", ())) and (found := _find(d["text"], d["sentences"][s]))
    ]
    if gold:
        return Example(row["question"], chunks(row), gold)
    marked = [i for i, d in enumerate(documents) if d.get("is_gold")] or range(len(documents))
    gold = [(i, *found) for i in marked for found in _answers(documents[i], row["answers"])]
    return Example(row["question"], chunks(row), gold, alternatives=True)


def _find(text: str, sentence: str) -> tuple[int, int] | None:
    start = text.find(sentence.strip())
    return None if start < 0 else (start, start + len(sentence.strip()))


def _answers(document: dict[str, Any], answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    if starts := document.get("answer_start"):
        return ((s, s + len(a)) for s in starts for a in answers if document["text"].startswith(a, s))
    return occurrences(document["text"], answers)


def values(store: SQLiteStore) -> int:
    """Bytes of the values that a store holds."""
    return sum(len(value or b"") for value in store.mget(list(store.yield_keys())))
