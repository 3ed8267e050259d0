"""The state of a training on disk, from which an interrupted one goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

SECONDS = 180.0  # between two states


class Checkpoint:
    """A file with parameters, optimizer, schedule, and what else a training needs.

    Parameters
    ----------
    path
        The file; None keeps nothing.
    about
        Which training it is. A file of another one is refused.
    """

    def __init__(self, path: Path | None, about: str) -> None:
        self.path, self.about = path, about
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Return whether the last state is older than `SECONDS`."""
        return self.path is not None and time.monotonic() - self._last > SECONDS

    def load(self, parameters: Sequence[torch.Tensor], optimizer: Any, schedule: Any) -> dict[str, Any]:
        """Restore what was saved, in place.

        Parameters
        ----------
        parameters
            Tensors of the shapes that were saved.
        optimizer, schedule
            Those of the parameters.

        Returns
        -------
        dict
            What was given to `save` besides; empty if there is no file.

        Raises
        ------
        ValueError
            If the file belongs to another training.
        """
        if self.path is None or not self.path.exists():
            return {}
        found: dict[str, Any] = torch.load(self.path, weights_only=True, map_location=parameters[0].device)
        if found["about"] != self.about:
            raise ValueError(f"{str(self.path)!r} belongs to another training: {found['about']}")
        with torch.no_grad():
            for parameter, value in zip(parameters, found["parameters"], strict=True):
                parameter.copy_(value)
        optimizer.load_state_dict(found["optimizer"])
        schedule.load_state_dict(found["schedule"])
        more: dict[str, Any] = found["more"]
        return more

    def save(
        self, parameters: Sequence[torch.Tensor], optimizer: Any, schedule: Any, more: dict[str, Any]
    ) -> None:
        """Write the file, all of it or nothing.

        Parameters
        ----------
        parameters, optimizer, schedule
            See `load`.
        more
            What else `load` returns: plain values and tensors.
        """
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        state = {
            "about": self.about,
            "parameters": [p.detach() for p in parameters],
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "more": more,
        }
        torch.save(state, part)
        part.replace(self.path)
        self._last = time.monotonic()
