"""What is compared: the paper's systems and options, and the default without one of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.context import CompressedContext
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.paper.algorithm1 import PaperStrategy
from semtoken_rag.stages import bridge, relevance
from semtoken_rag.stages.bridge import Bridge
from semtoken_rag.stages.relevance import Relevance
from semtoken_rag.stages.spans import Spans
from semtoken_rag.stages.weights import fitted
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.text.boundaries import unprotected, word_ends
from semtoken_rag.types import Encoding, Tokens

PRINTED = "minilm"  # encoder of the paper's systems: none of them was made for the trained one


@dataclass(frozen=True, slots=True)
class System:
    """One system.

    Attributes
    ----------
    strategy
        Makes what decides, or its name.
    encoder
        Name of the encoder.
    question, titles
        Whether it is given them.
    marks
        Whether it marks what it leaves out, which its budget pays for.
    """

    strategy: Callable[[], Any]
    encoder: str = "auto"
    question: bool = True
    titles: bool = True
    marks: bool = True


@dataclass(frozen=True, slots=True)
class Whole:
    """Units are not cut into spans: there is one, all of it."""

    protect: Sequence[str] = ()

    def __call__(self, text: str, tokens: Tokens, chars: tuple[int, int], own: tuple[int, int]) -> Spans:
        """See `semtoken_rag.stages.spans.SpanRule`."""
        free = np.ones(1, np.bool_)
        return Spans(np.array([chars], np.int64), np.array([own], np.int64), free, free)


@dataclass(frozen=True, slots=True)
class AnyWord:
    """Units are cut at any word: each is a span, and a part may begin and end with any of them.

    What ``protect`` matches stays whole; nothing else does, neither a number nor a negation.
    """

    protect: Sequence[str] = ()

    def __call__(self, text: str, tokens: Tokens, chars: tuple[int, int], own: tuple[int, int]) -> Spans:
        """See `semtoken_rag.stages.spans.SpanRule`."""
        offsets = tokens.offsets[own[0] : own[1]]
        ends = word_ends(text, offsets) & unprotected(text, offsets, self.protect)
        limits = own[0] + np.r_[0, np.flatnonzero(ends) + 1, len(offsets)]
        ranges = np.stack([limits[:-1], limits[1:]], 1)
        places = np.stack([tokens.offsets[ranges[:, 0], 0], tokens.offsets[ranges[:, 1] - 1, 1]], 1)
        free = np.ones(len(ranges), np.bool_)
        return Spans(np.clip(places, *chars), ranges, free, free)


def printed(name: Any, **more: Any) -> System:
    """Return one of the paper's systems by the name of its strategy, or Algorithm 1 with options.

    They pass on words with a blank between them.
    """
    return System(lambda: PaperStrategy(**more) if more else name, PRINTED, marks=False)


def changed(**parts: Any) -> System:
    """Return the default with other parts."""
    return System(lambda: SemTokenStrategy(**parts))


def reweighted(stage: str, *, without: str = "", only: str = "") -> System:
    """Return the default without one sign of relevance or bridging, or with one; nothing is fitted anew."""

    def strategy() -> SemTokenStrategy:
        weights = dict(fitted(resolve_encoder("auto").name)[stage])
        left = {n: w for n, w in weights.items() if n != without and only in ("", n)}
        if stage == "bridge":
            return SemTokenStrategy(bridge=Bridge(weights=left))
        return SemTokenStrategy(relevance=Relevance(weights=left))

    return System(strategy)


SYSTEMS: Mapping[str, System] = {
    "semtoken": System(lambda: "semtoken"),
    "semtoken, MiniLM as published": System(lambda: "semtoken", PRINTED),
    "lead": System(lambda: "lead", "static"),
    "paper": printed("paper"),
    "paper, tau .7": printed("paper", tau=0.7),
    "paper, delta .1": printed("paper", delta=0.1),
    "paper, query threshold .2": printed("paper", query_threshold=0.2),
    "paper, stride 4": printed("paper", stride=4),
    "paper, bins of .05": printed("paper", bin_width=0.05),
    "entropy-pruned": printed("entropy-pruned"),
    "vq-tok": printed("vq-tok"),
    "tofu-tok": printed("tofu-tok"),
    "bpe-chunk": printed("bpe-chunk"),
    # The default without a part.
    "no clusters: cut at any word": changed(spans=AnyWord()),
    "no cut: whole units": changed(spans=Whole()),
    "no density": changed(density_weight=0.0),
    "no bridge": changed(bridge=Bridge(hops=0)),
    "one hop": changed(bridge=Bridge(hops=1)),
    "by score, cost exponent 0": changed(cost_exponent=0.0),
    "no titles": System(lambda: "semtoken", titles=False),
    "no question": System(lambda: "semtoken", question=False),
    "no question, no density: source order": System(lambda: "lead", question=False),
    "late interaction alone": reweighted("relevance", only="late"),
    **{f"without {name}": reweighted("relevance", without=name) for name in relevance.FEATURES},
    **{f"without {name}": reweighted("bridge", without=name) for name in bridge.FEATURES},
}


class Remembering:
    """An encoder that encodes a text once, so that many systems share one pass."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.count, self._encoder = encoder.name, encoder.count, encoder
        self._known: dict[tuple[str, str], Encoding] = {}

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode what is new."""
        pairs = list(zip(texts, titles, strict=True))
        if new := [pair for pair in dict.fromkeys(pairs) if pair not in self._known]:
            made = self._encoder.encode([text for text, _ in new], [title for _, title in new])
            self._known.update(zip(new, made, strict=True))
        return [self._known[pair] for pair in pairs]


class Compressor:
    """A system at work; it has the one method of `SemToken` that is used here.

    Parameters
    ----------
    name
        In `SYSTEMS`.
    encoder, counter
        Of `SemToken`.

    Raises
    ------
    ValueError
        For a name that is not in `SYSTEMS`.
    """

    def __init__(self, name: str, encoder: Any, counter: Any) -> None:
        self.system = system_of(name)
        self.engine = SemToken(
            encoder=encoder,
            strategy=self.system.strategy(),
            token_counter=counter,
            on_error="raise",
            config=Config() if self.system.marks else Config(gap=" "),
        )

    def given(self, chunks: Sequence[Chunk], query: str | None) -> tuple[list[Chunk], str | None]:
        """Return what the system may see."""
        seen = chunks if self.system.titles else [replace(c, title="") for c in chunks]
        return list(seen), query if self.system.question else None

    def compress(self, chunks: Sequence[Chunk], query: str | None, **budget: Any) -> CompressedContext:
        """See `SemToken.compress`."""
        return self.engine.compress(*self.given(chunks, query), **budget)


def system_of(name: str) -> System:
    """Return the system of a name."""
    if name not in SYSTEMS:
        raise ValueError(f"system must be one of {sorted(SYSTEMS)}, got {name!r}")
    return SYSTEMS[name]
