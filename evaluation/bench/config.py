"""What a run measures: a dataclass, read from YAML, with single keys replaced on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from evaluation.data import transforms
from evaluation.data.from_yaml import from_yaml
from evaluation.data.options import SHARED
from evaluation.results import BENCH, ROOT, Key


@dataclass(frozen=True, slots=True)
class Cell:
    """One result: a method on a set at a ratio, rows transformed, the first ``n`` questions."""

    method: str
    set: str
    ratio: float
    transform: str
    n: int

    @property
    def key(self) -> Key:
        """What tells the result of this cell from the method's others."""
        return self.set, self.ratio, self.transform, self.n


class Folders:
    """What the configurations of this benchmark and of that of chains share: their two folders.

    Attributes
    ----------
    data, out
        Folders of the sets and of the results, relative to the repository; without ``data``, the full sets.
    """

    __slots__ = ()
    data: str
    out: str

    @property
    def data_folder(self) -> Path:
        """Absolute folder of the sets."""
        return (ROOT / self.data).resolve() if self.data else SHARED

    @property
    def out_folder(self) -> Path:
        """Absolute folder of the results."""
        return (ROOT / self.out).resolve()


@dataclass(frozen=True, slots=True)
class Config(Folders):
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
    data
        Folder of the sets, relative to the repository. Empty: the full sets beside it.
    out
        Folder of the results, relative to the repository.
    interpreters
        Python of a method, or of a kind of method (``own``, ``peer``, ``reference``), if not this one.
    """

    methods: Sequence[str]
    sets: Sequence[str]
    ratios: Sequence[float] = (0.1, 0.2, 0.4)
    transforms: Sequence[str] = ("none",)
    n: int = 100
    data: str = ""
    out: str = f"results/{BENCH}"
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

    def cells(self, method: str) -> list[Cell]:
        """Return the cells of one method, set by set."""
        every = product(self.sets, self.transforms, self.ratios)
        return [Cell(method, s, float(r), t, self.n) for s, t, r in every]


def parse(text: str, overrides: Sequence[str] = ()) -> Config:
    """Read a configuration from YAML, with the overrides of `from_yaml`.

    Examples
    --------
    >>> parse("{methods: [lead], sets: [xquad_en]}", ["n=5", "ratios=[.1]"]).cells("lead")
    [Cell(method='lead', set='xquad_en', ratio=0.1, transform='none', n=5)]
    """
    return from_yaml(Config, text, overrides)
