"""Answers kept by language: ``python -m evaluation.judge.languages --encoder auto --n 40 --data FOLDER``.

For every language of the part of the data that no encoder is trained on or fitted with, see
`evaluation.data.languages`: the share of questions whose answer is still in the text at a tenth and at a
fifth of the tokens, with an encoder, with the static one, and by BM25 over the same units, which keeps them
by falling score while each fits. Its terms are words; where a script writes no blanks, pairs of characters of
Chinese and Japanese and runs of three of Thai, Lao, Khmer and Burmese. Statistics are those of the call.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.data import options
from evaluation.data.languages import by_language
from evaluation.data.sets import chunks
from evaluation.metrics import answerable, normalise, texts
from semtoken_rag import SemToken
from semtoken_rag.stages.lexical import bm25 as score_bm25
from semtoken_rag.strategy.base import Problem
from semtoken_rag.text.clusters import UNSPACED, joined_class
from semtoken_rag.types import Selection

RATIOS = (0.1, 0.2)
PAIRED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
SIZES = {2: re.compile(f"[{PAIRED}]+"), 3: re.compile(f"[{UNSPACED}]+")}  # characters of a term: of what
WORD = re.compile(rf"(?:[^\W_]|[{joined_class()}])+")


def terms(text: str) -> list[str]:
    """Return the terms of a text.

    >>> terms("The 2 lamps"), terms("灯塔の3"), terms("ค่าปรับ")[:2]
    (['the', '2', 'lamps'], ['灯塔', '塔の', '3'], ['ค่า', '่าป'])
    """
    return [term for word in WORD.findall(text.lower()) for term in _cut(word)]


def _cut(word: str) -> Iterator[str]:
    for size, script in SIZES.items():
        if found := script.search(word):
            run = found.group()
            yield from _cut(word[: found.start()])
            yield from (run[i : i + size] for i in range(max(1, len(run) - size + 1)))
            yield from _cut(word[found.end() :])
            return
    if word:
        yield word


def bm25(problem: Problem) -> Selection:
    """Keep units by falling BM25 of the question's terms while each fits; k1 is 1.5 and b .75."""
    units = [Counter(terms(problem.text(unit))) for unit in range(len(problem.units))]
    asked = list(dict.fromkeys(terms(problem.query.text))) if problem.query else []
    counts = np.array([[unit[term] for unit in units] for term in asked], np.float32).reshape(-1, len(units))
    length = np.array([unit.total() for unit in units], np.float32)
    return problem.keep(score_bm25(counts, length))


def answers(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the answers of a row that stand in its documents, as `survives` looks for them.

    They are whole words, padded with blanks, as everywhere in `evaluation`; runs of characters where no
    answer stands there so, as in a script without blanks or with an ending.
    """
    if row["answers"][0].lower().strip(" .") in ("yes", "no"):
        return ()
    if answerable(row):
        source = normalise("\n".join(texts(row)))
        return tuple(a for a in map(normalise, row["answers"]) if a.strip() and a in source)
    source = _letters("\n".join(texts(row)))
    return tuple(a for a in map(_letters, row["answers"]) if a and a in source)


def survives(wanted: Sequence[str], text: str) -> bool:
    """Return whether one of `answers` is in a text."""
    whole = wanted[0].startswith(" ")
    text = normalise(text) if whole else _letters(text)
    return any(answer in text for answer in wanted)


def _letters(text: str) -> str:
    plain = (" " if unicodedata.category(c)[0] in "PS" else c for c in text.lower())
    return " ".join("".join(plain).split())


def kept(engine: SemToken, rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the share of rows whose answer is kept, at each of `RATIOS`."""
    shares = []
    for ratio in RATIOS:
        found = [
            survives(answers(row), engine.compress(chunks(dict(row)), row["question"], ratio=ratio).text)
            for row in rows
        ]
        shares.append(round(sum(found) / len(found), 4))
    return shares


def main() -> None:
    """Judge and print."""
    parser = options.data_parser(__doc__, sample=False, encoder="auto", n=40)
    parser.add_argument("--languages", nargs="+", help="default: all")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    rows = by_language(args.data, "held", args.n, lambda row: bool(answers(row)))
    engines = {
        args.encoder: SemToken(encoder=args.encoder, store="memory://", on_error="raise"),
        "static": SemToken(encoder="static", on_error="raise"),
        "BM25": SemToken(encoder="static", strategy=bm25, on_error="raise"),
    }
    results: dict[str, dict[str, Any]] = {}
    heads = [f"{name} {str(ratio).lstrip('0')}" for name in engines for ratio in RATIOS]
    print("| language | n | " + " | ".join(heads) + " |\n| --- |" + " ---: |" * (1 + len(heads)))
    for language in args.languages or rows:
        asked = rows[language]
        figures = {name: kept(engine, asked) for name, engine in engines.items()}
        results[language] = {"n": len(asked), **figures}
        cells = [f"{share:.2f}" for shares in figures.values() for share in shares]
        print(f"| {language} | {len(asked)} | " + " | ".join(cells) + " |", flush=True)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
