"""``strategy="paper"``: Algorithm 1 of the paper as printed, with sections 3.2, 3.4 and 3.5."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag.paper.clusters import apply_stride, greedy_clusters, importance, spread
from semtoken_rag.paper.runs import keep_best, run_cost, word_ranges
from semtoken_rag.strategy.base import Problem
from semtoken_rag.types import FloatArray, IntArray, Selection


@dataclass(frozen=True, slots=True)
class PaperStrategy:
    """Merge adjacent similar tokens and keep the clusters whose fingerprints spread most.

    It is here for comparison with the default. The paper leaves several points open. The choices are:

    - *Fingerprints* (step 1): the paper names neither k nor f nor the layer. Here they are the vectors of the
      call's encoder, of unit length; H depends on scale, so the length matters.
    - *The sequence X*: each chunk is a sequence. No cluster crosses into the next chunk, but a cluster may
      cross sentences and rows, which mean nothing to the algorithm.
    - *tau* (step 2): the paper gives no value. Here it is an absolute cosine with the first token of the
      cluster, 0.8, in the middle of the usual 0.7 to 0.9.
    - *H* (step 3): a mean over n, not n - 1. A token unlike its neighbours is a cluster of its own with
      H = 0, and so the last to be kept; this is what the text says.
    - *B* (step 4, 3.3): the paper counts clusters. Here B counts the reader's tokens, as everywhere. Clusters
      come by H, equal ones in source order; one that does not fit is passed over for the next that does.
    - *merge* (step 4): not defined for a frozen reader. A kept cluster is its slice of the text, or its first
      word if the slice alone exceeds the budget.
    - *delta*: an input of Algorithm 1 that it never uses; see the parameter for the rule of 3.2.
    - *s_i* (3.4): the text neither compares it with a value nor joins it to H; see ``query_threshold``.
      Without that, the question plays no part, as in Algorithm 1.
    - *Word pieces*: a cluster may end inside a word. What is kept is widened to whole words, and has the
      highest H and s of the clusters in it.
    - *Protected patterns* of the call, which the paper does not have, are never cut.

    Parameters
    ----------
    tau
        Cosine above which a token joins the cluster, in [-1, 1].
    delta
        Granularity of 3.2: a cluster is FINE, its slice, if H > delta, else COARSE, its first word, the one
        token that it is merged to. None keeps every slice; ``inf`` merges every cluster.
    query_threshold
        Filter of 3.4: clusters with a lower s are dropped, whatever the budget. None drops none.
    stride
        Section 3.5: only every ``stride``-th token has a fingerprint of its own, see
        `semtoken_rag.paper.clusters.apply_stride`.
    bin_width
        Section 3.5: width of the bins that cosines are sorted into first, 0 for none, see
        `semtoken_rag.paper.clusters.bin_cosines`.
    whole_words
        Whether clusters are widened to whole words. False leaves the pieces as the clusters cut them, also
        inside words.

    Raises
    ------
    ValueError
        If ``tau``, ``stride`` or ``bin_width`` is out of range; the message has the value received.

    Examples
    --------
    >>> from semtoken_rag import Config, SemToken
    >>> text = "The old tower was opened in 1889, in 1890 or in 1891. It rained."
    >>> engine = SemToken(encoder="static", strategy=PaperStrategy(tau=0.1), config=Config(gap=" "))
    >>> engine.compress([text], max_tokens=4).text
    'The 1889, in'
    """

    tau: float = 0.8
    delta: float | None = None
    query_threshold: float | None = None
    stride: int = 1
    bin_width: float = 0.0
    whole_words: bool = True

    def __post_init__(self) -> None:
        if not -1 <= self.tau <= 1:
            raise ValueError(f"tau must be in [-1, 1], got {self.tau!r}")
        if not isinstance(self.stride, int) or self.stride < 1:
            raise ValueError(f"stride must be an int of at least 1, got {self.stride!r}")
        if not 0 <= self.bin_width <= 2:
            raise ValueError(f"bin_width must be in [0, 2], got {self.bin_width!r}")

    def __call__(self, problem: Problem) -> Selection:
        """Select; see `semtoken_rag.strategy.Strategy`."""
        tokens = problem.tokens
        vectors = apply_stride(tokens.vectors, tokens.chunk, self.stride)
        clusters = greedy_clusters(vectors, tokens.chunk, self.tau, self.bin_width)
        scores = {"density": spread(vectors, clusters)}
        if problem.query is not None:
            scores["relevance"] = importance(vectors, clusters, problem.query.encoding.vectors)
        words = word_ranges(problem, self.whole_words)
        pieces, scores = _widen_to_words(clusters, words, scores)
        scores["score"] = scores["density"]
        wanted = None
        if self.query_threshold is not None and "relevance" in scores:
            wanted = scores["relevance"] >= self.query_threshold
        first = words[np.searchsorted(words[:, 0], pieces[:, 0])]  # (m, 2) the first word of each piece
        merged = np.zeros(len(pieces), bool) if self.delta is None else scores["density"] <= self.delta
        several = np.flatnonzero(pieces[:, 1] > first[:, 1])
        merged[several] |= run_cost(problem, pieces[several]) > problem.budget
        return keep_best(problem, pieces, scores, np.where(merged[:, None], first, pieces), wanted)


def _widen_to_words(
    clusters: IntArray, words: IntArray, scores: dict[str, FloatArray]
) -> tuple[IntArray, dict[str, FloatArray]]:
    """Join clusters (m, 2) that share a word (w, 2); the result has the highest of their scores."""
    first = np.flatnonzero(np.isin(clusters[:, 0], words[:, 0]))
    ends = np.append(first[1:], len(clusters))[: len(first)] - 1
    pieces = np.stack([clusters[first, 0], clusters[ends, 1]], 1)
    return pieces, {name: np.maximum.reduceat(v, first) if len(v) else v for name, v in scores.items()}
