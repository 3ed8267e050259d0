"""What a reader must be, and how much it can read: asked before any forward pass."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any, TypeVar

from semtoken_rag.llm.model import positions

T = TypeVar("T")


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
