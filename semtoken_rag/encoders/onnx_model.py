"""A transformer in the ONNX format and its tokenizer: what is read from its file, and one run of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from semtoken_rag.encoders.windows import special_ids
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
        An ``.onnx`` file whose metadata hold a tokenizer, as `semtoken_rag.encoders.onnx_write` writes it, a
        folder in the layout of the Hugging Face hub, or a file of such a folder.

    Attributes
    ----------
    source, path
        What was given, and its ``.onnx`` file.
    name, digest
        The file's name for its vectors, and sixteen hexadecimal digits of its hash and of its
        tokenizer's.
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
        self.source, self.path = path, _file(path)
        self._process, self._session = os.getpid(), _open(self.path)
        self._inputs, self._output = _inputs(self.path, self._session), _output(self.path, self._session)
        about: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        path = path if path.is_dir() or TOKENIZER in about else _folder(path)
        config = _config(path)
        longest = about.get(LONGEST) or config.get("max_position_embeddings") or 0
        self.name = about.get(NAME) or str(path)
        self.digest = _digest(self.path, path)
        self.tokenizer = _tokenizer(path, about)
        if not str(longest).isdecimal():
            raise ValueError(
                f"encoder {str(path)!r} must say how many tokens it takes, it says {longest!r:.80}"
            )
        self.longest = int(longest) or None
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
        try:
            before, after = special_ids(self.tokenizer)
            ids = [*before, max(self.tokenizer.get_vocab().values()), *after]
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


def _folder(path: Path) -> Path:
    """Return the folder of the hub that a file belongs to: its own or the one above; else the file."""
    return next((each for each in path.parents[:2] if (each / "tokenizer.json").is_file()), path)


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
    except Exception as error:  # whatever a broken installation raises
        raise ImportError(
            f"onnxruntime cannot be imported: {type(error).__name__}: {error!s:.200}"
        ) from error
    found = getattr(onnxruntime, "__version__", "none")  # none in a folder that an uninstallation left
    if tuple(map(int, re.findall(r"\d+", found)[:2])) < LEAST:
        raise ImportError(f"onnxruntime must be at least {LEAST[0]}.{LEAST[1]}, got {found}")
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
    try:
        found: Any = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
    except ValueError as error:
        raise ValueError(f"encoder {str(path)!r} has a config.json that cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"encoder {str(path)!r} must have an object in config.json, got {found!r:.80}")
    return found


def _tokenizer(path: Path, about: dict[str, str]) -> Any:
    beside = path / "tokenizer.json"
    text = beside.read_text(encoding="utf-8") if beside.is_file() else about.get(TOKENIZER)
    if text is None:
        raise ValueError(
            f"encoder {str(path)!r} has no tokenizer in its metadata: give the folder that has tokenizer.json"
        )
    try:
        made = Tokenizer.from_str(text)
        made.no_truncation()
        made.no_padding()
        return made
    except Exception as error:  # tokenizers raises no class of its own
        raise ValueError(
            f"encoder {str(path)!r} has a tokenizer that cannot be read: {error!s:.200}"
        ) from error


def _digest(file: Path, path: Path) -> str:
    """Hash the file, the weights beside it where they are in files of their own, and the tokenizer."""
    digest = hashlib.sha256()
    parts = sorted(part for part in file.parent.iterdir() if part.name.startswith(file.name))
    for part in (*parts, path / "tokenizer.json"):
        if part.is_file():
            digest.update(part.read_bytes())
    return digest.hexdigest()[:16]
