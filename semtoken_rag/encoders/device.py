"""Where a module runs: put on a device, or copied to the CPU when the GPU is full."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def placed(module: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """Put a module on a device, ready to encode; in half precision on a GPU."""
    import torch

    precision = torch.float16 if device.type == "cuda" else torch.float32
    return module.to(device, precision).eval().requires_grad_(False)


def copied(module: torch.nn.Module) -> torch.nn.Module:
    """Copy a module to the CPU, without a copy where it is, for which there may be no room."""
    import torch

    def moved(tensor: Any) -> Any:
        return tensor.detach().to("cpu", torch.float32 if tensor.is_floating_point() else tensor.dtype)

    there = {id(p): torch.nn.Parameter(moved(p), requires_grad=False) for p in module.parameters()}
    there |= {id(b): moved(b) for b in module.buffers()}
    return copy.deepcopy(module, there)
