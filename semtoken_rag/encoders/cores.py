"""The processor cores that this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container on Linux: microseconds in each period, or "max"


def usable_cores() -> int:
    """Return the cores that this process may use: those it is bound to, within a container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text(encoding="ascii").split()
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # none here, or no bound
        return cores


def default_threads() -> int:
    """Return ``OMP_NUM_THREADS``, of a list for nested levels the first, else the usable cores."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    try:
        threads = int(wanted)
    except ValueError:
        threads = 0
    return threads if threads > 0 else usable_cores()
