"""How a reader answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from semtoken_rag.llm.decode import Sampler
from semtoken_rag.llm.merge import Merger
from semtoken_rag.llm.plan import KVBudget
from semtoken_rag.llm.policy import Policy
from semtoken_rag.llm.reuse import ChunkStore
from semtoken_rag.llm.soft import POSITIONS

PRUNE = ("prompt", "context")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a reader answers.

    Parameters
    ----------
    max_new_tokens, stop, sampler
        Length of an answer, strings that end it, and how tokens are picked; greedily by default.
    titles
        Whether chunks of which nothing is kept leave their titles, where they are known.
    positions
        ``packed``: what is kept stands together; ``source``: what was left out leaves its places empty, as it
        always does in mode ``kv`` under a policy.
    merger
        Mode ``soft``: what stands for what was left out; None: nothing.
    policy, budget, every, recent, offload
        Mode ``kv``: see `SpanCache`. Without a policy the context's pieces stay, from first to last.
    store
        Mode ``kv``: where chunks' keys and values are kept from question to question; each is read once, on
        its own, and the pieces are put together. Takes no policy.
    prune
        Mode ``kv``: drop after the ``context``, so that the question sees what is kept; or once the whole
        ``prompt`` has been read. None: after the prompt under a policy, which goes by the question's query
        vectors, else after the context.
    """

    max_new_tokens: int = 64
    stop: tuple[str, ...] = ()
    sampler: Sampler = field(default_factory=Sampler)
    titles: bool = False
    merger: Merger | None = None
    positions: str = "packed"
    policy: Policy | None = None
    budget: KVBudget | None = None
    every: int = 16
    recent: int = 16
    offload: bool = False
    prune: str | None = None
    store: ChunkStore | None = None

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens must be at least 1, got {self.max_new_tokens!r}")
        if self.positions not in POSITIONS:
            raise ValueError(f"positions must be one of {POSITIONS}, got {self.positions!r}")
        if self.policy is None and (self.budget is not None or self.offload):
            raise ValueError("a budget and offload need a policy, which says what leaves, got None")
        if self.store is not None and self.policy is not None:
            raise ValueError("a store of chunks takes no policy, got both")
        if self.prune not in (None, *PRUNE):
            raise ValueError(f"prune must be one of {PRUNE} or None, got {self.prune!r}")

    @property
    def prunes(self) -> str:
        """When the KV cache is pruned: ``prune``, or what follows from the policy."""
        return self.prune or ("context" if self.policy is None else "prompt")
