"""What a measurement ran on: versions, processor, memory."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def reset_peak() -> None:
    """Start the peak of this process's memory anew, where the system can."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def peak() -> int | None:
    """Peak resident memory in MB since `reset_peak`; None where the system does not tell."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) // 1024 if found else None


def seconds() -> float:
    """Read the clock: the processor's where torch has one thread and no GPU, else the wall's.

    Other work on the machine does not count on the processor's.
    """
    return time.process_time() if _alone() else time.perf_counter()


def clock() -> str:
    """Say which clock `seconds` reads."""
    return "processor, one thread" if _alone() else "wall"


def _alone() -> bool:
    import torch

    return torch.get_num_threads() == 1 and not torch.cuda.is_available()


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Return versions of Python, of this product and of ``packages``, or ``missing``."""
    import semtoken_rag

    found = {"python": platform.python_version(), "semtoken-rag": semtoken_rag.__version__}
    for name in dict.fromkeys(("torch", "transformers", *packages)):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def machine() -> dict[str, Any]:
    """Return the model of the processor and the number of cores."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    return {"cpu": found[1].strip() if found else platform.processor(), "cores": os.cpu_count()}
