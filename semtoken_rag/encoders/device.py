"""The device that a module runs on, and the CPU in its place when the GPU is full."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from semtoken_rag._internal.forks import renew_in_child

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


def place_or_fall_back(
    module: torch.nn.Module, device: str | None, name: str
) -> tuple[torch.nn.Module, torch.device]:
    """Put a module on a device.

    Parameters
    ----------
    module
        The module, which is moved in place.
    device
        Torch device; None takes the GPU if there is one with room for the module, else the CPU.
    name
        Name of the module in the log.

    Returns
    -------
    module, device
        The module in the precision of `precision`, and the device that it is on.

    Raises
    ------
    torch.cuda.OutOfMemoryError
        If the GPU named by ``device`` has no room.
    """
    import torch

    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    try:
        return move_to(module, where), where
    except torch.cuda.OutOfMemoryError:
        if device is not None:
            raise
        log.warning("the GPU has no room for %s, which runs on the CPU", name)
        where = torch.device("cpu")
        return move_to(module, where), where


def move_to(module: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """Move a module to a device in the precision that is fast there, ready for inference."""
    return module.to(device, precision(device)).eval().requires_grad_(False)


def precision(device: torch.device) -> torch.dtype:
    """Return half precision for a GPU, bfloat16 for a CPU that is faster in it, else single precision."""
    import torch

    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if device.type == "cpu" and is_faster_in_bfloat16() else torch.float32


@cache
def is_faster_in_bfloat16() -> bool:
    """Return whether this CPU multiplies faster in bfloat16 than in single precision, measured once.

    Instructions for it do not say so: without AMX some CPUs are slower in it, and others faster.
    """
    import torch

    native = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # of torch.cpu, not in every version
    if not any(getattr(torch.cpu, name, bool)() for name in native):
        return False
    exact, rounded = _seconds(torch.float32), _seconds(torch.bfloat16)
    log.debug("a product takes %.2g s in single precision, %.2g s in bfloat16", exact, rounded)
    return rounded < exact


def _seconds(kind: torch.dtype) -> float:
    """Return the seconds of a product of a usual size, the best of several."""
    import torch

    rows, weight = torch.ones(256, 384, dtype=kind), torch.ones(1536, 384, dtype=kind)
    taken = []
    for _ in range(6):
        start = time.perf_counter()
        torch.nn.functional.linear(rows, weight)
        taken.append(time.perf_counter() - start)
    return min(taken)


@contextmanager
def torch_threads(wanted: int | None, most: int) -> Iterator[None]:
    """Have torch compute in at most ``most`` threads, ``wanted`` if given; then in as many as before."""
    import torch

    before = torch.get_num_threads()
    if (threads := min(wanted or before, most)) == before:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def copy_to_cpu(module: torch.nn.Module) -> torch.nn.Module:
    """Copy a module to the CPU, without a second copy on its own device, which may have no room for it."""
    import torch

    cpu = torch.device("cpu")

    def move(tensor: Any) -> Any:
        return tensor.detach().to(cpu, precision(cpu) if tensor.is_floating_point() else tensor.dtype)

    there = {id(p): torch.nn.Parameter(move(p), requires_grad=False) for p in module.parameters()}
    there |= {id(b): move(b) for b in module.buffers()}
    return copy.deepcopy(module, there)


def without_cudnn_attention(device: torch.device) -> AbstractContextManager[object]:
    """Return a context manager that switches cuDNN's attention kernel off on a GPU.

    The kernel is slow if every length is new, as in decoding (measured, see ``docs/local-llms.md``); it seems
    to plan each new length anew.
    """
    return _CUDNN_OFF if device.type == "cuda" else nullcontext()


class _CudnnSwitch:
    """Switch cuDNN's attention off for the process; the last of overlapping users restores it."""

    def __init__(self) -> None:
        self._lock, self._users, self._before = threading.Lock(), 0, True
        renew_in_child(self, "_lock", threading.Lock)

    def __enter__(self) -> None:
        import torch

        with self._lock:
            if not self._users:
                self._before = torch.backends.cuda.cudnn_sdp_enabled()  # type: ignore[no-untyped-call]
                torch.backends.cuda.enable_cudnn_sdp(False)
            self._users += 1

    def __exit__(self, *_: object) -> None:
        import torch

        with self._lock:
            self._users -= 1
            if not self._users:
                torch.backends.cuda.enable_cudnn_sdp(self._before)


_CUDNN_OFF = _CudnnSwitch()
