"""The state of a training on disk, from which an interrupted one goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

SECONDS = 180.0  # between two states


class Checkpoint:
    """A file with parameters, optimizer, schedule, and what else a training needs.

    Parameters
    ----------
    path
        The ``.safetensors`` file; None keeps nothing.
    about
        Which training it is. A file of another one is refused.
    """

    def __init__(self, path: Path | None, about: str) -> None:
        self.path, self.about = path, about
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Return whether the last state is older than `SECONDS`."""
        return self.path is not None and time.monotonic() - self._last > SECONDS

    def load(
        self, parameters: Sequence[torch.Tensor], optimizer: Any, schedule: Any
    ) -> tuple[list[torch.Tensor], dict[str, Any]] | None:
        """Restore what was saved, in place.

        Parameters
        ----------
        parameters
            Tensors of the shapes that were saved.
        optimizer
            That of the parameters.
        schedule
            That of the optimizer.

        Returns
        -------
        best, more
            What was given to `save` besides; None if there is no file.

        Raises
        ------
        ValueError
            If the file belongs to another training.
        """
        if self.path is None or not self.path.exists():
            return None
        with safe_open(self.path, framework="pt", device=str(parameters[0].device)) as file:
            said = json.loads(file.metadata()["state"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (no mapping)
        if said["about"] != self.about:
            raise ValueError(f"{str(self.path)!r} belongs to another training: {said['about']}")
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            number, _, name = key.partition(":")
            if name not in ("now", "best"):
                moments.setdefault(int(number), {})[name] = value
        with torch.no_grad():
            for number, parameter in enumerate(parameters):
                parameter.copy_(tensors[f"{number}:now"])
        optimizer.load_state_dict({"state": moments, "param_groups": said["groups"]})
        schedule.load_state_dict(said["schedule"])
        return [tensors[f"{number}:best"] for number in range(len(parameters))], said["more"]

    def save(
        self,
        parameters: Sequence[torch.Tensor],
        best: Sequence[torch.Tensor],
        optimizer: Any,
        schedule: Any,
        more: dict[str, Any],
    ) -> None:
        """Write the file, all of it or nothing.

        Parameters
        ----------
        parameters
            The tensors that are trained.
        best
            The same at their best.
        optimizer
            That of the parameters.
        schedule
            That of the optimizer.
        more
            What else `load` returns: plain values.
        """
        if self.path is None:
            return
        state = optimizer.state_dict()
        tensors = {f"{i}:{name}": value for i, kept in state["state"].items() for name, value in kept.items()}
        for name, group in (("now", parameters), ("best", best)):
            tensors |= {f"{i}:{name}": value.detach() for i, value in enumerate(group)}
        said = {
            "about": self.about,
            "groups": state["param_groups"],
            "schedule": schedule.state_dict(),
            "more": more,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        save_file({k: v.contiguous() for k, v in tensors.items()}, part, {"state": json.dumps(said)})
        part.replace(self.path)
        self._last = time.monotonic()
