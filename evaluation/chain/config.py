"""What a run of the chain measures: a dataclass, read from YAML or replaced key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from evaluation.bench.config import Folders
from evaluation.chain.corpus import splitter_of
from evaluation.data.from_yaml import from_yaml
from evaluation.results import CHAIN

Key = tuple[str, str, bool, int, int, int]  # set, splitter, titles, k, budget, n


@dataclass(frozen=True, slots=True)
class Pool:
    """A corpus: the documents of the first ``n`` questions of a set, cut, with or without titles."""

    set: str
    splitter: str
    titles: bool
    n: int


@dataclass(frozen=True, slots=True)
class Config(Folders):
    """One run: every method on every corpus, for every number of chunks and every budget.

    Parameters
    ----------
    methods
        Names of `evaluation.bench.methods`.
    sets
        Question-answering sets of the data folder.
    splitters
        See `evaluation.chain.corpus.splitter_of`.
    titles
        Whether chunks carry the titles of their documents.
    ks
        Numbers of retrieved chunks that a method gets.
    budgets
        Tokens of the prompt.
    n
        Questions of each set, from the first on.
    data
        Folder of the sets, relative to the repository. Empty: the full sets beside it.
    out
        Folder of the results, relative to the repository.
    interpreters
        Python of a method, or of a kind of method (``own``, ``peer``, ``reference``), if not this one.
    """

    methods: Sequence[str]
    sets: Sequence[str]
    splitters: Sequence[str] = ("recursive-800-100",)
    titles: Sequence[bool] = (False,)
    ks: Sequence[int] = (30,)
    budgets: Sequence[int] = (512,)
    n: int = 100
    data: str = ""
    out: str = f"results/{CHAIN}"
    interpreters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("methods", "sets", "splitters", "titles", "ks", "budgets"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence) or not value:
                raise ValueError(f"{name} must be a list with at least one entry, got {value!r}")
        for value in (*self.ks, *self.budgets, self.n):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"ks, budgets and n must be ints >= 1, got {value!r}")
        for name in self.splitters:
            splitter_of(name)

    def pools(self) -> list[Pool]:
        """Return the corpora, set by set."""
        every = product(self.sets, self.splitters, self.titles)
        return [Pool(name, splitter, titles, self.n) for name, splitter, titles in every]

    def keys(self, pool: Pool) -> list[Key]:
        """Return what tells the results on a corpus apart."""
        every = product(self.ks, self.budgets)
        return [(pool.set, pool.splitter, pool.titles, k, budget, pool.n) for k, budget in every]


def key(result: Mapping[str, Any]) -> Key:
    """Return what tells a result from the others of its method."""
    return tuple(result[name] for name in ("set", "splitter", "titles", "k", "budget", "n"))  # type: ignore[return-value]


def parse(text: str, overrides: Sequence[str] = ()) -> Config:
    """Read a configuration from YAML, with the overrides of `from_yaml`."""
    return from_yaml(Config, text, overrides)
