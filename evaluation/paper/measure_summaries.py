"""Summaries: what of the reference is still in the compressed text, and in a reader's summary of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from evaluation.data.sets import chunks
from evaluation.paper.jobs import Cell, Job
from evaluation.paper.measure_reader import Values, columns, shortened
from evaluation.paper.resources import Resources

CHAT = {"prompt": "{context}\n\n{question}", "bare": "{question}", "chat": True}
PLAIN = {"prompt": "{context}\n\n{question}\nSummary:", "bare": "{question}\nSummary:"}


def words(text: str) -> list[str]:
    """Words and numbers in lower case.

    >>> words("The U.S. spent $1,500.")
    ['the', 'u', 's', 'spent', '1', '500']
    """
    return re.findall(r"[^\W_]+", text.lower())


# Words that say nothing about what a text is about.
FUNCTION = frozenset(
    words(
        """
        a about after all also although an and any are as at be because been before being between both but
        by can could did do does during each either for from had has have he her here his how however i if
        in into is it its may might more most must no nor not of on one only or other our out over she
        should so some such than that the their them then there these they this those through to under
        until up upon us was we were what when where whether which while who whom whose why will with
        within without would you your
        """
    )
)


def content(text: str) -> set[str]:
    """Different words of a text but for `FUNCTION` and single letters."""
    return {w for w in words(text) if w not in FUNCTION and (len(w) > 1 or w.isdigit())}


def recall(reference: str, text: str) -> float:
    """Share of the reference's content words that stand in the text.

    >>> recall("The dam was built in 1911.", "A dam; 1911")
    0.6666666666666666
    """
    wanted = content(reference)
    return len(wanted & content(text)) / len(wanted) if wanted else 0.0


def rouge_l(reference: str, summary: str) -> float:
    """F1 of the longest common subsequence of words, without stemming.

    >>> round(rouge_l("police killed the gunman", "the gunman police killed"), 2)
    0.5
    """
    wanted, said = words(reference), words(summary)
    row = [0] * (len(said) + 1)
    for word in wanted:
        before = 0  # of the row above, one to the left
        for j, other in enumerate(said, 1):
            before, row[j] = row[j], before + 1 if word == other else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(wanted) + len(said)) if row[-1] else 0.0


def measure(job: Job, cell: Cell, resources: Resources) -> Values:
    """Recall by the compressed text; with a reader, ROUGE-L of its summary too, the best over references.

    ``full`` is the text as it is. The row's question is the reader's instruction and the compressor's query.
    """
    counter = resources.tokenizer(cell.reader or "smollm2")
    system = "semtoken" if cell.arm == "full" else cell.arm
    engine = resources.compressor(system, counter, remember=cell.set)
    found = []
    for row in (shortened(r, counter, cell.context) for r in resources.rows(cell.set)[: cell.n]):
        given, ratio = chunks(row), 1.0 if cell.arm == "full" else cell.ratio
        made = engine.compress(given, row["question"], ratio=ratio)
        figures: dict[str, Any] = {
            "recall": best(recall, row["answers"], made.text),
            "kept": made.stats.tokens_after / made.stats.tokens_before,
        }
        if cell.reader:
            llm = summariser(resources, cell.reader, job.tokens)
            answer = llm.generate(row["question"], made)
            figures["rouge_l"] = best(rouge_l, row["answers"], answer.text)
        found.append(figures)
    return columns(found)


def best(score: Any, references: Sequence[str], text: str) -> float:
    """Return the best score over the references."""
    return max(score(reference, text) for reference in references)


def summariser(resources: Resources, reader: str, tokens: int) -> Any:
    """Return a reader whose prompt is the text and the instruction alone."""
    from semtoken_rag.llm import SemTokenLLM, Settings, Template

    llm = resources.reader(reader)
    template = Template(**(CHAT if llm.template.chat else PLAIN))
    return SemTokenLLM(llm.model, llm.tokenizer, template=template, settings=Settings(max_new_tokens=tokens))
