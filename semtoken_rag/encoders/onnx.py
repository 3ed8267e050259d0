"""An encoder that runs a transformer with ONNX Runtime: no torch, one window at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from semtoken_rag._internal.checks import check_positive
from semtoken_rag.arrays import unit_length
from semtoken_rag.deadline import check
from semtoken_rag.encoders.cores import default_threads, usable_cores
from semtoken_rag.encoders.onnx_model import OnnxModel
from semtoken_rag.encoders.verify import SHIPPED_FILE
from semtoken_rag.encoders.windows import Window, WindowedEncoder
from semtoken_rag.types import FloatArray


class OnnxEncoder(WindowedEncoder):
    """Encode with a transformer in the ONNX format, see `WindowedEncoder`.

    Each window is a run by itself, so its vectors do not depend, to the last bit, on what else the call
    encodes, nor on the number of threads. The runs of all calls share the threads, and the interpreter's lock
    is free meanwhile. A forked process opens the file anew, as copies and pickles do.

    Parameters
    ----------
    model
        An ``.onnx`` file that ``semtoken train`` wrote, or a folder in the layout of the
        Hugging Face hub: ``tokenizer.json`` with ``onnx/model.onnx`` or ``model.onnx``, or another
        ``.onnx`` file of such a folder. By default the shipped file.
    name
        Name of the vectors in stats and stores; None takes the file's own.
    threads
        Windows that are encoded side by side, at least 1, and never more than the cores that the process may
        use. None takes ``OMP_NUM_THREADS``, else those cores.
    window
        Tokens that the model sees at once, special tokens included; capped by what the model can take.
    overlap
        Tokens that two neighbouring windows share.

    Raises
    ------
    ImportError
        If onnxruntime is missing or too old.
    ValueError
        If the file is damaged or no encoder, or the window is too small for its overlap.
    """

    def __init__(
        self,
        model: str | Path = SHIPPED_FILE,
        *,
        name: str | None = None,
        threads: int | None = None,
        window: int = 256,
        overlap: int = 64,
    ) -> None:
        if threads is not None:
            check_positive("threads", threads)
        check_positive("window", window)
        self.model = OnnxModel(Path(model))
        super().__init__(
            name or f"{self.model.name}:{self.model.digest[:8]}",
            self.model.digest,
            self.model.tokenizer,
            window=min(window, self.model.longest or window),
            overlap=overlap,
        )
        self.threads = min(threads or default_threads(), usable_cores())
        self._pool, self._process = ThreadPoolExecutor(self.threads), os.getpid()

    @property
    def device(self) -> str:
        """What it runs on: the CPU, in so many threads."""
        return f"onnx cpu, {self.threads} thread{'s' if self.threads > 1 else ''}"

    def __reduce__(self) -> tuple[partial[Any], tuple[Any, ...]]:
        """Copy and pickle as the path and the settings."""
        return partial(
            type(self),
            name=self.name,
            threads=self.threads,
            window=self.window,
            overlap=self.overlap,
        ), (self.model.source,)

    def forward(self, windows: Sequence[Window]) -> list[FloatArray]:
        """Run the model on windows, each by itself, side by side; see `WindowedEncoder.forward`."""
        if self._process != os.getpid():  # forked: the threads are not here
            # In this order: another thread that sees the process sees the pool too.
            self._pool, self._process = ThreadPoolExecutor(self.threads), os.getpid()
        longest_first = sorted(windows, key=lambda window: -len(window.ids))
        runs = {id(window): self._pool.submit(self._run, window.ids) for window in longest_first}
        try:
            for run in runs.values():
                check()
                run.result()
        finally:
            for run in runs.values():
                run.cancel()
        return [runs[id(window)].result() for window in windows]

    def _run(self, ids: list[int]) -> FloatArray:
        return unit_length(self.model.run(ids))
