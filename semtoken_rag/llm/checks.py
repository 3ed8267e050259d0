"""What a reader must be, and how much it can read: asked before any forward pass."""

from __future__ import annotations

import inspect
from collections.abc import Sequence, Sized
from typing import Any, TypeVar

from semtoken_rag.llm.soft import SoftPrompt

T = TypeVar("T")


def text_config(model: Any) -> Any:
    """Return the configuration of the model's decoder."""
    config = model.config
    return config.get_text_config(decoder=True) if hasattr(config, "get_text_config") else config


def hidden_size(model: Any) -> int:
    """Size of the model's input embeddings."""
    return int(model.get_input_embeddings().weight.shape[-1])


def positions(model: Any) -> int | None:
    """Positions that the model was made for; None where its configuration does not say."""
    found = getattr(text_config(model), "max_position_embeddings", None)
    return int(found) if found else None


def takes(model: Any, name: str) -> bool:
    """Tell whether the model's forward pass takes an argument of this name."""
    return name in inspect.signature(model.forward).parameters


def check_reader(model: Any, tokenizer: Any) -> None:
    """Check a reader.

    Raises
    ------
    ValueError
        For a tokenizer that gives no offsets, or has more tokens than the model has embeddings.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError(
            f"the reader's tokenizer must give offsets (a fast one), got {type(tokenizer).__name__}"
        )
    size = int(model.get_input_embeddings().weight.shape[0])
    if len(tokenizer) > size:
        raise ValueError(f"the tokenizer has {len(tokenizer)} tokens, the model embeddings of {size}")


def check_soft(model: Any, soft: SoftPrompt | None = None) -> None:
    """Check that a model takes embeddings, and these.

    Raises
    ------
    ValueError
        For a model without ``inputs_embeds``, or embeddings of another size than its own.
    """
    if not takes(model, "inputs_embeds"):
        raise ValueError(f"mode 'soft' needs a model that takes inputs_embeds, got {type(model).__name__}")
    if soft is not None and soft.inputs_embeds.shape[-1] != hidden_size(model):
        raise ValueError(
            f"the payload's embeddings have size {soft.inputs_embeds.shape[-1]}, "
            f"the reader's {hidden_size(model)}"
        )


def check_length(model: Any, last: int, new: int) -> None:
    """Check that a prompt whose last position is ``last``, and ``new`` tokens after it, can be read.

    Raises
    ------
    ValueError
        Where the model has fewer positions.
    """
    limit = positions(model)
    if limit is not None and last + 1 + new > limit:
        raise ValueError(
            f"the prompt takes {last + 1} positions and the answer up to {new}, the reader has {limit}"
        )


def check_beside(name: str, found: Sized, cutter: T | None, kind: str, given: Sequence[object]) -> T:
    """Return the ``cutter`` of what was ``found``, where no context is given as well.

    Parameters
    ----------
    name, kind
        What the framework calls what was found, and what cuts it.
    given
        The context and its chunks.

    Raises
    ------
    ValueError
        Where both are given, or there is nothing to cut with.
    """
    if any(each is not None for each in given):
        raise ValueError(f"give {name}, or a context with its chunks, got both")
    if cutter is None:
        raise ValueError(f"{name} need a {kind}, got {len(found)} {name} and None")
    return cutter
