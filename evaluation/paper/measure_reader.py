"""What a reader makes of a context: perplexity of what follows it, and answers from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluation.metrics import answerable
from evaluation.paper.jobs import Cell, Job
from evaluation.paper.resources import Resources
from evaluation.paper.systems import SYSTEMS
from evaluation.readers import arms, perplexity
from evaluation.readers.readers import few_shot
from semtoken_rag.llm import SemTokenLLM

Values = dict[str, list[Any]]
TEXT = next(arm for arm in arms.QA if arm.name == "text")


def measure_continuation(job: Job, cell: Cell, resources: Resources) -> Values:
    """Nats of the tokens after a context, the same for every arm of `evaluation.readers.perplexity`.

    An arm of `SYSTEMS` keeps, as SemToken does there, half of its budget at the context's end.
    """
    llm = resources.reader(cell.reader)
    cut = resources.passages(cell.reader, cell.set, cell.context, cell.n)
    system, arm = (cell.arm, "text") if cell.arm in SYSTEMS else ("semtoken", cell.arm)
    engine: Any = resources.compressor(system, llm.tokenizer)
    return columns([perplexity.continued(llm, p, arm, cell.ratio, engine) for p in cut])


def measure_answers(job: Job, cell: Cell, resources: Resources) -> Values:
    """Nats and F1 of the gold answer, and what it took: `evaluation.readers.arms` has the arms.

    Asked as `evaluation.readers.answers` does, with examples: without them a small reader answers in
    sentences.
    """
    llm = resources.reader(cell.reader)
    tokenizer = llm.tokenizer
    llm = SemTokenLLM(llm.model, tokenizer, template=few_shot(llm.template.chat))
    asked = [shortened(r, tokenizer, cell.context) for r in resources.rows(cell.set) if answerable(r)][
        : cell.n
    ]
    arm = next((a for a in arms.QA if a.name == cell.arm), replace(TEXT, name=cell.arm))
    system = cell.arm if cell.arm in SYSTEMS else "lead" if arm.made == "lead" else "semtoken"
    engine: Any = resources.compressor(system, tokenizer)
    engines = {"semtoken": engine, "lead": engine}
    return columns([arms.ask(llm, arm, row, cell.ratio, engines) for row in asked])


def shortened(row: dict[str, Any], tokenizer: Any, most: int) -> dict[str, Any]:
    """Cut the documents of a row to ``most`` tokens in all, those marked as gold first; 0: leave them all.

    Documents stay in their order; the one that does not fit is cut, and what comes after it left out.
    """
    if not most:
        return row
    documents, left = row["documents"], most
    kept: dict[int, dict[str, Any]] = {}
    for i in sorted(range(len(documents)), key=lambda i: not documents[i].get("is_gold")):
        made = tokenizer(
            documents[i]["text"], add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        ends = [end for _, end in made.offset_mapping][:left]
        if not ends:
            continue
        whole = len(ends) == len(made.offset_mapping)
        kept[i] = documents[i] if whole else {**documents[i], "text": documents[i]["text"][: ends[-1]]}
        left -= len(ends)
    return {**row, "documents": [kept[i] for i in sorted(kept)]}


def columns(given: list[dict[str, Any]]) -> Values:
    """One list a figure, rounded to what can be told apart.

    Raises
    ------
    ValueError
        Where there is no row.
    """
    if not given:
        raise ValueError("the set has no row that is long enough and has its answer in the text")
    return {name: [None if row[name] is None else round(row[name], 5) for row in given] for name in given[0]}
