"""What a run measures: a dataclass, read from YAML, with single keys replaced on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path

import yaml

from evaluation.data import transforms
from evaluation.results import ROOT


@dataclass(frozen=True, slots=True)
class Cell:
    """One result: a method on a set at a ratio, rows transformed, the first ``n`` questions."""

    method: str
    set: str
    ratio: float
    transform: str
    n: int

    @property
    def file(self) -> str:
        """Name of the result file."""
        return f"{self.method}.{self.set}.{self.ratio:g}.{self.transform}.{self.n}.json"


@dataclass(frozen=True, slots=True)
class Config:
    """One run: every method on every set at every ratio under every transform.

    Parameters
    ----------
    methods
        Names of `evaluation.bench.methods`.
    sets
        Question-answering sets of the data folder.
    ratios
        Shares of the tokens to keep, each in (0, 1].
    transforms
        See `evaluation.data.transforms`.
    n
        Questions of each set, from the first on.
    data, peers, out
        Folders of the sets, of the neutral judge with its peers, and of the results, from the repository.
    interpreters
        Python of a method, or of a kind of method (``own``, ``peer``, ``reference``), if not this one.
    """

    methods: Sequence[str]
    sets: Sequence[str]
    ratios: Sequence[float] = (0.1, 0.2, 0.4)
    transforms: Sequence[str] = ("none",)
    n: int = 100
    data: str = "../shared/data"
    peers: str = "../shared/bench"
    out: str = "results"
    interpreters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("methods", "sets", "ratios", "transforms"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence) or not value:
                raise ValueError(f"{name} must be a list with at least one entry, got {value!r}")
        for ratio in self.ratios:
            if not isinstance(ratio, int | float) or not 0 < ratio <= 1:
                raise ValueError(f"ratios must be in (0, 1], got {ratio!r}")
        if not isinstance(self.n, int) or self.n < 1:
            raise ValueError(f"n must be an int >= 1, got {self.n!r}")
        for name in self.transforms:
            transforms.resolve(name)

    def folder(self, name: str) -> Path:
        """Return the absolute folder of ``data``, ``peers`` or ``out``."""
        return (ROOT / getattr(self, name)).resolve()

    def cells(self, method: str) -> list[Cell]:
        """Return the cells of one method, set by set."""
        every = product(self.sets, self.transforms, self.ratios)
        return [Cell(method, s, float(r), t, self.n) for s, t, r in every]


def parse(text: str, overrides: Sequence[str] = ()) -> Config:
    """Read a configuration.

    Parameters
    ----------
    text
        YAML, a mapping with the fields of `Config`.
    overrides
        ``key=value`` each, the value in YAML: ``n=5``, ``interpreters.peer=.venv/peers/bin/python``.

    Raises
    ------
    ValueError
        For keys that do not exist and for bad values, with what was received.

    Examples
    --------
    >>> parse("{methods: [lead], sets: [xquad_en]}", ["n=5", "ratios=[.1]"]).cells("lead")
    [Cell(method='lead', set='xquad_en', ratio=0.1, transform='none', n=5)]
    """
    values = yaml.safe_load(text) or {}
    if not isinstance(values, dict):
        raise ValueError(f"a configuration must be a mapping, got {text!r:.80}")
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise ValueError(f"an override must be key=value, got {override!r}")
        name, dot, inner = key.strip().partition(".")
        read = yaml.safe_load(value)
        values[name] = {**values.get(name, {}), inner: read} if dot else read
    if unknown := set(values) - {f.name for f in fields(Config)}:
        raise ValueError(f"a configuration has no {sorted(unknown)}")
    return Config(**values)
