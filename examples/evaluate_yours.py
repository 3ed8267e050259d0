"""Evaluate on your own questions: the share of answers that is kept, by strategy and budget.

One question per line, as for ``semtoken train``: ``{"question": ..., "chunks": [...], "gold": [sentences]}``,
or ``"answers"`` in place of ``"gold"``. A cell is the share of questions of which every gold sentence is
kept, or one of the answers if there is no gold.

    python examples/evaluate_yours.py questions.jsonl
"""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from semtoken_rag import Chunk, SemToken

STRATEGIES = ("semtoken", "lead")
RATIOS = (0.1, 0.2, 0.4)


def main(questions: Path, encoder: str = "auto") -> None:
    """Compress the chunks of each question and look for its gold or answers."""
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines() if line.strip()]
    for row in rows:
        row["chunks"] = [Chunk(**c) if isinstance(c, dict) else c for c in row["chunks"]]
    table = Table("strategy", *(f"{ratio:.0%}" for ratio in RATIOS), title=f"{len(rows)} questions")
    for strategy in STRATEGIES:
        engine = SemToken(encoder=encoder, strategy=strategy, store="memory://", on_error="raise")
        shares = []
        for ratio in RATIOS:
            texts = [engine.compress(r["chunks"], r["question"], ratio=ratio).text for r in rows]
            found = [
                all(g in text for g in r["gold"]) if "gold" in r else any(a in text for a in r["answers"])
                for r, text in zip(rows, texts, strict=True)
            ]
            shares.append(f"{sum(found) / len(found):.2f}")
        table.add_row(strategy, *shares)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
