"""Evaluate on your own questions: the share of answers that is kept, by strategy and budget.

One question per line, as for ``semtoken train``: ``{"question": ..., "chunks": [...], "gold": [sentences]}``,
or ``"answers"`` in place of ``"gold"``. A cell is the share of questions of which every gold sentence is
kept, or one of the answers if there is no gold. With ``--llm`` the budget is in that model's tokens, and one
more row has the share of the questions with answers that it answers from what is kept.

    python examples/evaluate_yours.py questions.jsonl
    python examples/evaluate_yours.py questions.jsonl --llm openai:http://127.0.0.1:8080/v1#qwen3
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from semtoken_rag import Chunk, CompressedContext, SemToken
from semtoken_rag.readers import ServerReader, resolve_reader

if TYPE_CHECKING:
    from semtoken_rag.llm import SemTokenLLM

STRATEGIES = ("semtoken", "lead")
RATIOS = (0.1, 0.2, 0.4)


def main(
    questions: Path,
    encoder: str = "auto",
    llm: Annotated[str | None, typer.Option(help="Also ask this model: id, folder, .gguf or server.")] = None,
    tokenizer: Annotated[str | None, typer.Option(help="Of a server that counts no tokens.")] = None,
) -> None:
    """Compress the chunks of each question and look for its gold or answers."""
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines() if line.strip()]
    for row in rows:
        row["chunks"] = [Chunk(**c) if isinstance(c, dict) else c for c in row["chunks"]]
    reader = resolve_reader(llm, tokenizer=tokenizer) if llm else None
    make = partial(
        SemToken,
        encoder=encoder,
        token_counter=reader.tokenizer if reader else None,
        store="memory://",
        on_error="raise",
    )
    table = Table("strategy", *(f"{ratio:.0%}" for ratio in RATIOS), title=f"{len(rows)} questions")
    for strategy in STRATEGIES:
        engine = make(strategy=strategy)
        shares, answered = [], []
        for ratio in RATIOS:
            contexts = [engine.compress(r["chunks"], r["question"], ratio=ratio) for r in rows]
            found = [
                all(g in c.text for g in r["gold"]) if "gold" in r else any(a in c.text for a in r["answers"])
                for r, c in zip(rows, contexts, strict=True)
            ]
            shares.append(share(found))
            if reader and strategy == STRATEGIES[0]:
                asked = [(r, c) for r, c in zip(rows, contexts, strict=True) if "answers" in r]
                replies = [("".join(reader.stream(r["question"], c)), r["answers"]) for r, c in asked]
                answered.append(
                    share([any(a.lower() in said.lower() for a in true) for said, true in replies])
                )
        table.add_row(strategy, *shares)
        if answered:
            table.add_row(f"{strategy}, {reader.name}", *answered)
    Console().print(table)


def answers(reader: ServerReader | SemTokenLLM, row: dict[str, Any], context: CompressedContext) -> bool:
    """Return whether the reader gives one of a question's answers."""
    said = "".join(reader.stream(row["question"], context)).lower()
    return any(answer.lower() in said for answer in row["answers"])


def share(found: list[bool]) -> str:
    """Return the share that is true, a dash for none at all."""
    return f"{sum(found) / len(found):.2f}" if found else "-"


if __name__ == "__main__":
    typer.run(main)
