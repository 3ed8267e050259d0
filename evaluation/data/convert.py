"""Rows of public files in the shape of the sets: the conversions that need nothing but those files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TATQA_IDS = Path(__file__).with_name("tatqa_dev400.ids")  # the questions that were drawn, in their order
LABELLED = 250  # rows of PubMedQA


def tatqa(files: Sequence[bytes]) -> list[Row]:
    """TAT-QA, development set: a table and its paragraphs are the documents of a question."""
    made = {}
    for given in json.loads(files[0]):
        for asked in given["questions"]:
            made[asked["uid"]] = _tatqa_row(given, asked)
    return [made[name] for name in TATQA_IDS.read_text(encoding="utf-8").split()]


def _tatqa_row(given: Row, asked: Row) -> Row:
    lines = (" | ".join(line) for line in given["table"]["table"])
    table = {
        "id": "table",
        "title": "table",
        "text": "\n".join(lines),
        "is_gold": "table" in asked["answer_from"],
    }
    paragraphs = [
        {
            "id": p["uid"],
            "title": f"paragraph {p['order']}",
            "text": p["text"],
            "is_gold": str(p["order"]) in asked["rel_paragraphs"],
        }
        for p in given["paragraphs"]
    ]
    answers = asked["answer"] if isinstance(asked["answer"], list) else [asked["answer"]]
    about = ("answer_type", "answer_from", "scale", "derivation")
    return {
        "id": asked["uid"],
        "dataset": "tatqa",
        "question": asked["question"],
        "answers": list(map(str, answers)),
        "documents": [table, *paragraphs],
        "meta": {name: asked[name] for name in about},
    }


def pubmedqa(files: Sequence[bytes]) -> list[Row]:
    """PubMedQA, labelled questions outside of its test set: sections of an abstract are documents."""
    labelled, test = map(json.loads, files)
    found = [
        {
            "id": name,
            "dataset": "pubmedqa",
            "question": asked["QUESTION"],
            "answers": [asked["final_decision"]],
            "long_answer": asked["LONG_ANSWER"],
            "documents": [
                {"id": str(i), "title": title, "text": text}
                for i, (title, text) in enumerate(zip(asked["LABELS"], asked["CONTEXTS"], strict=True))
            ],
            "meta": {"year": asked["YEAR"], "type": "yes/no/maybe"},
        }
        for name, asked in labelled.items()
        if name not in test
    ]
    return found[:LABELLED]


def scitldr(files: Sequence[bytes]) -> list[Row]:
    """SciTLDR-A, test set: an abstract and its one-sentence summaries."""
    given = [json.loads(line) for line in files[0].decode("utf-8").splitlines() if line.strip()]
    return [
        {
            "id": paper["paper_id"],
            "dataset": "scitldr_a",
            "question": "Summarise the abstract in one sentence.",
            "answers": paper["target"],
            "documents": [
                {
                    "id": "0",
                    "title": paper["title"],
                    "text": " ".join(paper["source"]),
                    "sentences": paper["source"],
                }
            ],
        }
        for paper in given
    ]
