"""What becomes of boilerplate put into a corpus: ``python -m evaluation.reliability.boilerplate``.

Into a share of the documents of a set go a licence, a navigation line, a disclaimer (in two spellings), log
lines with numbers of their own and a status line in one of four states. Printed are

- what `Copies` leaves out of each kind, and how many different sentences that loses;
- what is kept of the answers, of the gold sentences and of the boilerplate with and without the prior, at one
  budget (a ratio of the tokens before the boilerplate), with the question and without it;
- the times, and with ``--scale UNITS`` those of the exact index and of cells on that many units: the corpus's
  with noise, so that each has near and far copies.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluation import metrics
from evaluation.data import options
from evaluation.data.sets import chunks, rows
from evaluation.metrics import normalise
from semtoken_rag import Chunk, SemToken
from semtoken_rag.corpus.copies import Copies
from semtoken_rag.corpus.novelty import CorpusNovelty
from semtoken_rag.stages.segment import segment
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.types import Units

LICENCE = (
    "Licensed under the Example Public License, Version 2.0. You may not use this file except in compliance "
    "with the License. The software is provided as is, without warranties of any kind."
)
NAVIGATION = "Home | Products | Pricing | Documentation | Contact us | Sign in"
DISCLAIMER = "This page is for general information only and does not constitute legal or financial advice"
STATES = ("established", "lost", "refused", "closed")
KINDS = ("original", "licence", "navigation", "disclaimer", "log", "status")

Asked = tuple[dict[str, Any], Sequence["Labelled"], int]  # row, documents, budget


@dataclass(frozen=True, slots=True)
class Labelled:
    """A chunk and the kind (index into `KINDS`) of each of its characters."""

    chunk: Chunk
    kinds: np.ndarray  # (characters,) int8

    def without(self, ranges: Sequence[Sequence[int]]) -> Labelled:
        """Cut character ranges out."""
        kept = np.ones(len(self.kinds), bool)
        for start, end in ranges:
            kept[start:end] = False
        text = "".join(c for c, keep in zip(self.chunk.text, kept.tolist(), strict=True) if keep)
        return Labelled(replace(self.chunk, text=text), self.kinds[kept])


def injected(chunk: Chunk, share: float, seed: int) -> Labelled:
    """Put each kind of boilerplate into the chunk with a probability of ``share``, a paragraph each."""
    rng = random.Random(f"{seed} {chunk.text}")
    day, second, job, ms = (rng.randint(10, most) for most in (28, 59, 99_999, 900))
    parts = {
        "licence": LICENCE,
        "navigation": NAVIGATION,
        "original": chunk.text,
        "disclaimer": rng.choice([f"{DISCLAIMER}.", f"{DISCLAIMER.upper()}!"]),
        "log": f"2024-05-{day} 12:41:{second} INFO worker request {job} completed in {ms} ms",
        "status": f"The connection to the primary database was {rng.choice(STATES)}.",
    }
    used = {kind: text for kind, text in parts.items() if kind == "original" or rng.random() < share}
    kinds = [np.full(len(text) + 2, KINDS.index(kind), np.int8) for kind, text in used.items()]
    text = "".join(f"{text}\n\n" for text in used.values())
    return Labelled(replace(chunk, text=text), np.concatenate(kinds))


def units_of(chunk: Chunk) -> Units:
    """Cut one chunk into units, without tokens."""
    cut = segment(chunk.text)
    chars = np.array([(s.start, s.end) for s in cut], np.int64).reshape(-1, 2)
    parent = np.array([s.parent for s in cut], np.int64)
    kinds = tuple(s.kind for s in cut)
    return Units(chars, np.zeros_like(chars), np.zeros(len(cut), np.int64), parent, kinds)


def texts_of(chunk: Chunk) -> list[str]:
    """Texts of the units of one chunk."""
    return [chunk.text[s.start : s.end] for s in segment(chunk.text)]


def removal(corpus: Sequence[Labelled], copies: Copies) -> list[Labelled]:
    """Leave the copies out, print what that removes and loses by kind, and return what is left."""
    before, removed, units, left = Counter[str](), Counter[str](), Counter[str](), []
    there: dict[str, set[str]] = {kind: set() for kind in KINDS}
    kept = set()
    for document in corpus:
        text, cut = document.chunk.text, units_of(document.chunk)
        gone = copies([document.chunk], cut)
        for (start, end), copy in zip(cut.chars.tolist(), gone.tolist(), strict=True):
            kind, tokens = KINDS[document.kinds[start]], copies.novelty.encoder.count(text[start:end])
            said = normalise(text[start:end])
            before[kind] += tokens
            there[kind].add(said)
            removed[kind] += tokens * copy
            units[kind] += copy
            if not copy:
                kept.add(said)
        left.append(document.without(cut.chars[gone].tolist()))
    for kind in KINDS:
        share, lost = removed[kind] / max(before[kind], 1), len(there[kind] - kept)
        print(
            f"  {kind:10s} {before[kind]:7d} tokens, {share:6.1%} left out ({units[kind]} units); "
            f"{lost} of {len(there[kind])} sentences lost"
        )
    return left


def retention(engine: SemToken, asked: Sequence[Asked], query: bool) -> str:
    """Return the answers and chains kept, and the share of the kept characters that is boilerplate."""
    answers, chains, share = [], [], []
    for row, documents, budget in asked:
        question = row["question"] if query else None
        out = engine.compress([d.chunk for d in documents], question, max_tokens=budget)
        kept = [c.text for c in out.chunks]
        answers.append(metrics.answer(row, kept))
        chains.append(metrics.chain(row, kept))
        kinds = [documents[c.index].kinds[p.start : p.end] for c in out.chunks for p in c.pieces]
        flat = np.concatenate([*kinds, np.zeros(1, np.int8)])
        share.append(float((flat > 0).mean()))
    chain = [c for c in chains if c is not None]
    gold = f", all gold {statistics.mean(chain):.3f}" if chain else ""
    return (
        f"answer {statistics.mean(answers):.3f}{gold}, boilerplate {statistics.mean(share):6.1%} of the kept"
    )


def timed(novelty: CorpusNovelty, texts: Sequence[str], owners: Sequence[str]) -> None:
    """Print the times of a thousand units, as medians over the corpus in steps of a thousand."""
    print("a thousand units:")
    fresh, taken = CorpusNovelty(novelty.encoder), []
    for start in range(0, max(len(texts) - 999, 1), 1000):
        clock = [time.perf_counter()]
        vectors = fresh.fingerprints(texts[start : start + 1000])
        clock.append(time.perf_counter())
        fresh.add(owners[start : start + 1000], vectors)
        clock.append(time.perf_counter())
        novelty.frequency(vectors)
        clock.append(time.perf_counter())
        taken.append(np.diff(clock) * 1e6 / len(vectors))
    names = ("fingerprints", "add", f"frequency among {len(texts)}")
    for name, ms in zip(names, np.median(taken, 0).tolist(), strict=True):
        print(f"  {name:24s} {ms:8.1f} ms")


def scaled(novelty: CorpusNovelty, texts: Sequence[str], units: int) -> None:
    """Print what cells cost and find against the exact index, on noisy copies of the corpus's units."""
    print(f"{units} units:")
    rng, real = np.random.default_rng(0), novelty.fingerprints(texts)
    copied = real[rng.integers(0, len(real), units)]
    noise = rng.normal(0, 1, copied.shape) * rng.uniform(0, 0.6, (units, 1)) / copied.shape[1] ** 0.5
    vectors = (copied + noise).astype(np.float32)
    asked, found = vectors[rng.choice(units, 1000, replace=False)], []
    for name, exact in (("exact", units), ("cells", units - 1)):
        index = CorpusNovelty(novelty.encoder, exact=exact)
        clock = [time.perf_counter()]
        index.add([str(i) for i in range(units)], vectors)
        clock.append(time.perf_counter())
        found.append(index.frequency(asked))
        clock.append(time.perf_counter())
        add, frequency = np.diff(clock).tolist()
        print(f"  {name}: add all {add:.1f} s, frequency of a thousand {1000 * frequency:.0f} ms")
    share = found[1] / found[0]
    print(f"  copies found in cells: {share.mean():.4f} of those of a unit, at worst {share.min():.3f}")


def called(novelty: CorpusNovelty, asked: Sequence[Sequence[Labelled]]) -> float:
    """Return the median of the milliseconds that the prior takes in a call."""
    taken = []
    for documents in asked:
        texts = [text for d in documents for text in texts_of(d.chunk)]
        start = time.perf_counter()
        novelty.prior(novelty.fingerprints(texts))
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def measure(args: argparse.Namespace) -> None:
    """Measure and print."""
    asked = [row for row in rows(args.data, args.set)[: args.n] if metrics.answerable(row)]
    clean = [[Labelled(c, np.zeros(len(c.text), np.int8)) for c in chunks(row)] for row in asked]
    dirty = [[injected(d.chunk, args.share, args.seed) for d in documents] for documents in clean]
    # A text that two questions have is one document.
    corpus = list({d.chunk.text: d for documents in dirty for d in documents}.values())
    corpus = [replace(d, chunk=replace(d.chunk, id=str(i))) for i, d in enumerate(corpus)]
    novelty = CorpusNovelty.from_chunks([d.chunk for d in corpus])
    print(f"{args.set}: {len(asked)} questions, {len(corpus)} documents; left out as copies:")
    left = removal(corpus, Copies(novelty))
    stored = {d.chunk.text: kept for d, kept in zip(corpus, left, strict=True)}
    told = {
        "clean": clean,
        "with boilerplate": dirty,
        "without copies": [[stored[d.chunk.text] for d in documents] for documents in dirty],
    }
    count = novelty.encoder.count
    budgets = [max(1, int(args.ratio * sum(count(d.chunk.text) for d in ds))) for ds in clean]
    for query in (True, False):
        print(f"at {args.ratio:g} of the clean tokens, with{'' if query else 'out'} the question:")
        for name, documents in told.items():
            for prior in (None, novelty):
                engine = SemToken(
                    encoder=args.encoder,
                    strategy=SemTokenStrategy(prior=prior),
                    token_counter=count,
                    on_error="raise",
                )
                said = retention(engine, list(zip(asked, documents, budgets, strict=True)), query)
                print(f"  {name:16s} {'prior' if prior else '-':5s} {said}")
    cut = [(d.chunk.id or "", text) for d in corpus for text in texts_of(d.chunk)]
    timed(novelty, [text for _, text in cut], [owner for owner, _ in cut])
    print(f"the prior of a call: {called(novelty, dirty):.1f} ms")
    if args.scale:
        scaled(novelty, [text for _, text in cut], args.scale)


def main() -> None:
    """Read the arguments."""
    parser = options.data_parser(__doc__, set="hotpotqa_dev200", n=100)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--ratio", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--encoder", default="static", help="of the calls; the fingerprints are static")
    parser.add_argument("--scale", type=int, default=0)
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
