"""What survives of one question: pure functions of a row and the texts that a method kept.

A row is one question of `evaluation.data.sets.rows`. Texts are compared normalised, by whole words, as in
`evaluation.judge`. A sentence counts as kept when its normalised form stands in the normalised output.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*%?")
NAME = re.compile(r"\b[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*")
POINTER = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|theirs?|himself|herself|itself|themselves|"
    r"the (?:former|latter))\b",
    re.IGNORECASE,
)
BREAK = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n+")


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single blanks, padded, so that ``in`` matches whole words."""
    text = "".join(" " if c in string.punctuation else c for c in text.lower())
    return " " + " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split()) + " "


def texts(row: Row) -> list[str]:
    """Texts of the documents that have any."""
    return [d["text"] for d in row["documents"] if d["text"].strip()]


def exact_match(said: str, gold: Sequence[str]) -> float:
    """1 where an answer is, normalised, one of the gold answers, else 0."""
    return float(normalise(said) in map(normalise, gold))


def f1(said: str, gold: Sequence[str]) -> float:
    """Best F1 of the words of an answer and of the gold answers, as SQuAD has it."""
    words = Counter(normalise(said).split())

    def one(other: Counter[str]) -> float:
        shared = (words & other).total()
        return 2 * shared / (words.total() + other.total()) if shared else 0.0

    return max(one(Counter(normalise(g).split())) for g in gold)


def sentences(document: Mapping[str, Any]) -> list[str]:
    """Sentences of a document: those that its set marks, else cut at ends of sentences and lines.

    >>> sentences({"text": "It rained. He left."})
    ['It rained.', 'He left.']
    """
    marked = document.get("sentences") or BREAK.split(document["text"])
    return [s for s in marked if normalise(s).strip()]


def gold(row: Row) -> list[str]:
    """Gold sentences that the set marks."""
    return [
        d["sentences"][i]
        for d in row["documents"]
        for i in d.get("gold_sentences", ())
        if i < len(d.get("sentences", ()))
    ]


def answerable(row: Row) -> bool:
    """Whether the judge counts the row: its answer is no yes or no and stands in the documents."""
    answers = [normalise(a) for a in row["answers"]]
    source = normalise("\n".join(texts(row)))
    return answers[0].strip() not in ("yes", "no") and any(a.strip() and a in source for a in answers)


def answer(row: Row, kept: Sequence[str]) -> float:
    """1 where a gold answer is still in the text, else 0."""
    text = normalise("\n".join(kept))
    return float(any(a.strip() and a in text for a in map(normalise, row["answers"])))


def support(row: Row, kept: Sequence[str]) -> float | None:
    """Share of the gold sentences that are kept; None where the set marks none."""
    text, wanted = normalise("\n".join(kept)), gold(row)
    return sum(normalise(s) in text for s in wanted) / len(wanted) if wanted else None


def chain(row: Row, kept: Sequence[str]) -> float | None:
    """1 where every gold sentence is kept, else 0; None where the set marks none."""
    share = support(row, kept)
    return None if share is None else float(share == 1.0)


def f2(row: Row, kept: Sequence[str]) -> float | None:
    """F2 of the gold sentences in the kept ones, repeated sentences counted once; None without gold.

    Recall weighs four times as much as precision: a lost fact is worse than a spare sentence.
    """
    text = normalise("\n".join(kept))
    wanted = {normalise(s) for s in gold(row)}
    if not wanted:
        return None
    found = {n for d in row["documents"] for s in sentences(d) if (n := normalise(s)) in text}
    return 5 * sum(s in text for s in wanted) / (4 * len(wanted) + len(found))


def dangling(row: Row, kept: Sequence[str]) -> float | None:
    """Share of kept sentences that point at something which is gone; None where no sentence is kept whole.

    A kept sentence dangles if it contains a third-person pronoun, "the former" or "the latter", and the
    sentence before it in its document was dropped. A pronoun whose antecedent stands in its own sentence
    counts too, so this is an upper bound, the same for every method.
    """
    text = normalise("\n".join(kept))
    total = bad = 0
    for document in row["documents"]:
        before = True
        for sentence in sentences(document):
            here = normalise(sentence) in text
            total += here
            bad += here and not before and bool(POINTER.search(sentence))
            before = here
    return bad / total if total else None


def integrity(row: Row, kept: Sequence[str]) -> float | None:
    """Share of the kept numbers and capitalised runs that stand whole in the source; None where none is kept.

    The source is the texts and the titles. "500" left of "1,500", or a name the join made of two, is broken.
    """
    parts = [*texts(row), *(d.get("title") or "" for d in row["documents"])]
    source = "\n".join(" ".join(line.split()) for part in parts for line in part.splitlines())
    numbers = set(NUMBER.findall(source))
    marks = [n in numbers for text in kept for n in NUMBER.findall(text)]
    names = [n for text in kept for line in text.splitlines() for n in NAME.findall(" ".join(line.split()))]
    known = {n: bool(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", source)) for n in set(names)}
    marks += [known[n] for n in names]
    return sum(marks) / len(marks) if marks else None


def density(row: Row, kept: Sequence[str], tokens: int) -> float:
    """Different gold facts in 100 kept tokens: gold sentences, or the answer where the set marks none."""
    text = normalise("\n".join(kept))
    wanted = {normalise(s) for s in gold(row)}
    facts = sum(s in text for s in wanted) if wanted else answer(row, kept)
    return 100 * facts / tokens if tokens else 0.0


def score(row: Row, kept: Sequence[str], tokens: int) -> dict[str, float | None]:
    """All figures of the kept texts, which have ``tokens`` tokens, by name."""
    return {
        "answer": answer(row, kept),
        "support": support(row, kept),
        "chain": chain(row, kept),
        "f2": f2(row, kept),
        "dangling": dangling(row, kept),
        "integrity": integrity(row, kept),
        "density": density(row, kept, tokens),
    }
