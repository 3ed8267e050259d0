"""Contexts of questions as a method makes them: a worker, in the method's own interpreter.

Started by `evaluation.readers.answers`, with the job as JSON on standard input. A file of a set, method and
ratio has a line a question, the text that a reader is shown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.bench.methods import get
from evaluation.data.sets import rows
from evaluation.judge.inputs import counter, documents
from evaluation.metrics import answerable

FULL, NONE = "full", "none"


def questions(data: Path, name: str, n: int) -> list[dict[str, Any]]:
    """Return those of the first ``n`` rows of a set that a judge counts."""
    return [row for row in rows(data, name)[:n] if answerable(row)]


def path_of(folder: Path, job: Mapping[str, Any], ratio: float) -> Path:
    """Return the file of a job at a ratio."""
    return folder / f"{job['set']}-{job['n']}-{job['method']}-{ratio:g}.jsonl"


def show(given: list[Any]) -> str:
    """Return documents as a reader is shown them, with their titles."""
    titles = (f"{d.metadata['title']}: " if d.metadata.get("title") else "" for d in given)
    return "\n".join(title + d.page_content.strip() for title, d in zip(titles, given, strict=True))


def main() -> None:
    """Write the contexts of the job, one file a ratio."""
    job = json.load(sys.stdin)
    asked = questions(Path(job["data"]), job["set"], job["n"])
    count, load = counter(), None if job["method"] in (FULL, NONE) else get(job["method"]).load(0)
    for ratio in job["ratios"]:
        path = path_of(Path(job["folder"]), job, ratio)
        texts = []
        for row in asked:
            given = documents(row) if job["method"] != NONE else []
            if load is not None:
                given = load(ratio, count).compress_documents(given, row["question"])
            texts.append(show(given))
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        half.write_text("".join(f"{json.dumps(text)}\n" for text in texts), encoding="utf-8")
        half.replace(path)


if __name__ == "__main__":
    main()
