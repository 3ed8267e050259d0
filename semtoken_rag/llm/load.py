"""Load a model and its tokenizer: by name, from a folder or from a GGUF file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers import modeling_gguf_pytorch_utils as gguf_tensors

from semtoken_rag.encoders.hub import loading
from semtoken_rag.llm.gguf import gguf_arguments

# Options of `from_pretrained` that the tokenizer needs too.
FILES = ("gguf_file", "revision", "cache_dir", "token", "trust_remote_code", "local_files_only")


def load_model(name: str, **kwargs: Any) -> tuple[Any, Any]:
    """Load a causal language model and its tokenizer, to the GPU if there is one.

    Parameters
    ----------
    name
        Name on the Hugging Face hub, folder, or ``.gguf`` file.
    **kwargs
        Options of ``from_pretrained``. By default the precision is bfloat16 on a GPU and single on a CPU, and
        ``attn_implementation`` is `best_attention`.

    Returns
    -------
    (model, tokenizer)
        Of transformers.

    Raises
    ------
    ValueError
        If there is no such model here or on the hub; and for ``trust_remote_code``: code that comes with a
        model is never run.
    """
    if kwargs.setdefault("trust_remote_code", False):
        raise ValueError(f"trust_remote_code must be False, got {kwargs['trust_remote_code']!r:.80}")
    name, file = gguf_arguments(name)
    kwargs |= file
    if "gguf_file" not in kwargs:
        kwargs["use_safetensors"] = True
    device = "cuda" if torch.cuda.is_available() else "cpu"
    kwargs.setdefault("dtype", torch.bfloat16 if device == "cuda" else torch.float32)
    kwargs.setdefault("attn_implementation", best_attention(device))
    with _loading(name) as where:
        kwargs = where | kwargs
        try:
            model = AutoModelForCausalLM.from_pretrained(name, **kwargs)
        except (ValueError, KeyError):  # some families, as GPT-J, have no kernels but their own
            model = AutoModelForCausalLM.from_pretrained(name, **{**kwargs, "attn_implementation": "eager"})
        files = {k: v for k, v in kwargs.items() if k in FILES}
        return model.to(device).eval(), AutoTokenizer.from_pretrained(name, **files)


def load_tokenizer(name: str) -> Any:
    """Load the tokenizer of a model alone; ``name`` and errors as of `load_model`."""
    name, file = gguf_arguments(name)
    with _loading(name) as where:
        return AutoTokenizer.from_pretrained(name, trust_remote_code=False, **where, **file)


@contextmanager
def _loading(name: str) -> Iterator[dict[str, Any]]:
    """Load as `loading` does, without the bar of GGUF files; a missing model is a ValueError."""
    with loading(name) as where, _no_bar_of_gguf():
        try:
            yield where
        except OSError as error:
            cached = "; the hub cannot be reached, only its cache was read" if where else ""
            raise ValueError(
                f"model {name!r:.200} is neither a folder nor a model that can be loaded{cached}"
            ) from error


@contextmanager
def _no_bar_of_gguf() -> Iterator[None]:
    """Have transformers show no bar for the tensors of a GGUF file, which it has no setting for."""
    bar = gguf_tensors.tqdm
    gguf_tensors.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        gguf_tensors.tqdm = bar


def best_attention(device: str = "cuda") -> str:
    """Return the attention kernel to load a model with: flash attention if it is installed, else SDPA."""
    return "flash_attention_2" if device == "cuda" and find_spec("flash_attn") else "sdpa"
