"""What is measured for the paper's tables: one YAML file a job, and the cells that it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from evaluation.data.from_yaml import from_yaml
from evaluation.data.sets import HUB

FOLDER = Path(__file__).parent
ENOUGH = 30  # rows of a set in a table
KINDS = ("continue", "answer", "summarise", "keep", "speed", "picture")


@dataclass(frozen=True, slots=True)
class Cell:
    """One result: an arm at a ratio, for a reader, on the first ``n`` rows of a set.

    Attributes
    ----------
    reader
        Name of the reader; empty where none is asked.
    set, n
        What is read, and how much: questions, passages or, for times, repeats.
    context
        Tokens of the context; 0: as long as it is.
    arm, ratio
        How the reader gets it, and the share of the tokens that it gets.
    """

    reader: str
    set: str
    n: int
    context: int
    arm: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Job:
    """Every arm at its ratios, on every set, at every length, for every reader.

    Parameters
    ----------
    name
        Of its file, and of its results.
    kind
        What is measured: ``continue`` and ``answer`` are in `reading`, the others in modules of their own.
    about
        A line for those who read the tables.
    arms
        Ratios of each arm, in (0, 1].
    sets
        How many rows of each set.
    public
        The same of the sets that the paper names, taken in place of ``sets`` where there is a network.
    few
        Why a set has fewer than `ENOUGH` rows; the tables say so.
    readers, contexts
        See `Cell`.
    tokens
        Most tokens of an answer or a summary; steps that are timed.
    """

    name: str
    kind: str
    about: str
    arms: Mapping[str, Sequence[float]]
    sets: Mapping[str, int]
    public: Mapping[str, int] = field(default_factory=dict)
    few: Mapping[str, str] = field(default_factory=dict)
    readers: Sequence[str] = ("",)
    contexts: Sequence[int] = (0,)
    tokens: int = 24

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {self.kind!r}")
        for name in ("arms", "sets", "readers", "contexts"):
            if not (value := getattr(self, name)) or isinstance(value, str):
                raise ValueError(f"{name} must have at least one entry, got {value!r}")
        for arm, ratios in self.arms.items():
            if not ratios or not all(0 < r <= 1 for r in ratios):
                raise ValueError(f"ratios of {arm!r} must be in (0, 1], got {ratios!r}")
        for name, n in (*self.sets.items(), *self.public.items()):
            if not isinstance(n, int) or n < 1:
                raise ValueError(f"rows of {name!r} must be an int >= 1, got {n!r}")

    def cells(self, public: bool = False, most: int | None = None) -> list[Cell]:
        """Return the cells, the rows of a set and length together; ``most`` bounds the rows."""
        hub = {HUB + name: n for name, n in self.public.items()} if public else {}
        return [
            Cell(reader, name, n if most is None else min(n, most), context, arm, float(ratio))
            for reader in self.readers
            for name, n in (hub or self.sets).items()
            for context in self.contexts
            for arm, ratios in self.arms.items()
            for ratio in ratios
        ]


def parse(name: str, text: str) -> Job:
    """Read a job from YAML, see `from_yaml`.

    Examples
    --------
    >>> text = "{kind: keep, about: x, arms: {paper: [.2, .4]}, sets: {toy: 3}}"
    >>> [(c.arm, c.ratio, c.n) for c in parse("one", text).cells(most=2)]
    [('paper', 0.2, 2), ('paper', 0.4, 2)]
    """
    return from_yaml(Job, text, name=name)


def shipped() -> list[Job]:
    """Return the jobs of this folder, in the order in which they run: their files are numbered."""
    return [
        parse(path.stem.partition("_")[2], path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.yaml"))
    ]


def key(cell: Cell | Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a cell, or the result of one, from others."""
    values = asdict(cell) if isinstance(cell, Cell) else cell
    return tuple(values[f.name] for f in fields(Cell))
