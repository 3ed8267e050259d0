"""A transformer in the ONNX format and its tokenizer: what is read from its file, and one run of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from semtoken_rag.encoders.windows import bare_tokenizer, special_ids
from semtoken_rag.types import FloatArray

LEAST = (1, 20)  # version of onnxruntime
PLACES = ("onnx/model.onnx", "model.onnx")  # in a folder, as on the Hugging Face hub
INPUT = "input_ids"
INPUTS = {INPUT: None, "attention_mask": 1, "token_type_ids": 0}  # name -> its value at every token
VECTORS = ("last_hidden_state", "token_embeddings")  # usual names of the output
NAME, TOKENIZER, LONGEST = "semtoken_name", "semtoken_tokenizer", "semtoken_longest"  # keys of the metadata


class OnnxModel:
    """A model that turns a row of token ids into vectors, and the tokenizer that belongs to it.

    Safe for threads and after a fork, since each process opens a session of its own.

    Parameters
    ----------
    path
        An ``.onnx`` file whose metadata hold a tokenizer, as `semtoken_rag.train.export` writes it, or a
        folder in the layout of the Hugging Face hub.

    Attributes
    ----------
    name, digest
        The file's name for its vectors, and sixteen hexadecimal digits of its hash.
    tokenizer
        A ``tokenizers.Tokenizer`` that neither truncates nor pads.
    longest
        Tokens that the model takes; None if the file does not say.

    Raises
    ------
    ImportError
        If onnxruntime is missing or too old.
    ValueError
        If the file is missing, damaged or no encoder; the message says what was found.
    """

    def __init__(self, path: Path) -> None:
        self.path = _file(path)
        self._process, self._session = os.getpid(), _open(self.path)
        self._inputs, self._output = _inputs(self.path, self._session), _output(self.path, self._session)
        about: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        config = _config(path)
        longest = about.get(LONGEST) or config.get("max_position_embeddings")
        self.name = about.get(NAME) or str(path)
        self.digest = _digest(self.path)
        self.tokenizer = _tokenizer(path, about)
        self.longest = int(longest) if longest else None
        self._try(config.get("hidden_size"))

    def run(self, ids: Sequence[int]) -> FloatArray:
        """Return the vectors (n, d) float32 of a row of n token ids, special tokens included."""
        if self._process != os.getpid():  # forked
            self._session, self._process = _open(self.path), os.getpid()
        row = np.array([ids])
        fed = {
            name: (row if INPUTS[name] is None else np.full_like(row, INPUTS[name])).astype(kind)
            for name, kind in self._inputs.items()
        }
        vectors: FloatArray = self._session.run([self._output], fed)[0][0]
        return vectors.astype(np.float32, copy=False)

    def _try(self, dimensions: int | None) -> None:
        """Run the tokenizer's largest id once: a model that does not fit it fails when it is loaded."""
        before, after = special_ids(self.tokenizer)
        ids = [*before, max(self.tokenizer.get_vocab().values()), *after]
        try:
            shape = self.run(ids).shape
        except Exception as error:  # of several classes, which share no base
            raise ValueError(f"encoder {str(self.path)!r} cannot run: {error!s:.200}") from error
        if len(shape) != 2 or shape[0] != len(ids) or shape[1] != (dimensions or shape[1]):
            raise ValueError(
                f"encoder {str(self.path)!r} must return ({len(ids)}, {dimensions or 'd'}) for {len(ids)} "
                f"tokens, got {shape}"
            )


def _file(path: Path) -> Path:
    """Return the ``.onnx`` file of a path, which may be a folder."""
    places = [path / place for place in PLACES] if path.is_dir() else [path]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ValueError(f"encoder {str(path)!r} is neither an .onnx file nor a folder with one of {PLACES}")
    return found


def _open(path: Path) -> Any:
    """Open a session in which one run takes one thread: threads do whole windows, not parts of one."""
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # the error says it
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of several classes, which share no base
        raise ValueError(f"encoder {str(path)!r} cannot be opened by onnxruntime: {error!s:.200}") from error


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError("onnxruntime is needed for this: pip install onnxruntime") from error
    if tuple(map(int, onnxruntime.__version__.split(".")[:2])) < LEAST:
        raise ImportError(
            f"onnxruntime must be at least {LEAST[0]}.{LEAST[1]}, got {onnxruntime.__version__}"
        )
    return onnxruntime


def _inputs(path: Path, session: Any) -> dict[str, type[np.generic]]:
    """Return the type of each input by its name."""
    found = {put.name: put.type for put in session.get_inputs()}
    types: dict[str, type[np.generic]] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
    if INPUT not in found or not (found.keys() <= INPUTS.keys() and set(found.values()) <= types.keys()):
        raise ValueError(f"encoder {str(path)!r} must take integers as {list(INPUTS)}, it takes {found}")
    return {name: types[kind] for name, kind in found.items()}


def _output(path: Path, session: Any) -> str:
    """Return the name of the output with a vector for each token: (batch, tokens, d)."""
    found = {put.name: put.shape for put in session.get_outputs()}
    fit = [name for name, shape in found.items() if len(shape) == 3]
    if not fit:
        raise ValueError(f"encoder {str(path)!r} must return (batch, tokens, d), it returns {found}")
    return next((name for name in VECTORS if name in fit), fit[0])


def _config(path: Path) -> dict[str, Any]:
    beside = path / "config.json"
    found: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
    return found


def _tokenizer(path: Path, about: dict[str, str]) -> Any:
    beside = path / "tokenizer.json"
    text = beside.read_text(encoding="utf-8") if beside.is_file() else about.get(TOKENIZER)
    if text is None:
        raise ValueError(
            f"encoder {str(path)!r} has no tokenizer in its metadata: give the folder that has tokenizer.json"
        )
    try:
        return bare_tokenizer(Tokenizer.from_str(text))
    except Exception as error:  # tokenizers raises no class of its own
        raise ValueError(
            f"encoder {str(path)!r} has a tokenizer that cannot be read: {error!s:.200}"
        ) from error


def _digest(path: Path) -> str:
    """Hash the file, and the weights beside it where they are in files of their own."""
    digest = hashlib.sha256()
    for part in sorted(path.parent.glob(f"{path.name}*")):
        digest.update(part.read_bytes())
    return digest.hexdigest()[:16]
