"""The processor cores that this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")  # where Linux shows the control groups, which bound a container or a service
OWN = Path("/proc/self/cgroup")  # those of this process


def usable_cores() -> int:
    """Return the cores that this process may use: those it is bound to, within the quotas of its groups."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *map(math.ceil, _quotas())]))


def default_threads() -> int:
    """Return ``OMP_NUM_THREADS``, of a list for nested levels the first, else the usable cores."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    try:
        threads = int(wanted)
    except ValueError:
        threads = 0
    return threads if threads > 0 else usable_cores()


def _quotas() -> Iterator[float]:
    """Yield the cores that each group of the process leaves it: microseconds in each period of as many."""
    for folder in dict.fromkeys(_groups()):
        try:
            if (both := folder / "cpu.max").is_file():
                quota, period = both.read_text(encoding="ascii").split()  # version 2; "max" is no bound
            else:
                quota, period = (_read(folder / f"cpu.cfs_{part}_us") for part in ("quota", "period"))
            if int(quota) > 0:  # version 1 has -1 where there is no bound
                yield int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):  # no such file, or no number in it
            continue


def _groups() -> Iterator[Path]:
    """Yield the folders of the groups, and of those that they lie in, up to the root."""
    yield from (ROOT, ROOT / "cpu")
    try:
        lines = OWN.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):  # not on this system
        return
    for line in lines:
        kinds, _, path = line.partition(":")[2].partition(":")
        if not kinds or "cpu" in kinds.split(","):
            root = ROOT / "cpu" if kinds else ROOT
            own = root / path.lstrip("/")
            yield from (own, *(parent for parent in own.parents if parent.is_relative_to(root)))


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()
