"""What a reader must be, and how much it can read: checked before any forward pass."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any, TypeVar

from semtoken_rag.llm.model import positions

T = TypeVar("T")


def check_reader(model: Any, tokenizer: Any) -> None:
    """Check that model and tokenizer fit together.

    Parameters
    ----------
    model
        A causal language model of transformers.
    tokenizer
        Its tokenizer.

    Raises
    ------
    ValueError
        If the tokenizer gives no offsets, or has more tokens than the model has embeddings.
    """
    check_offsets(tokenizer)
    size = int(model.get_input_embeddings().weight.shape[0])
    if len(tokenizer) > size:
        raise ValueError(f"the tokenizer has {len(tokenizer)} tokens, the model embeddings of {size}")


def check_offsets(tokenizer: Any) -> None:
    """Raise a ValueError if the tokenizer gives no offsets."""
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError(
            f"the reader's tokenizer must give offsets (a fast one), got {type(tokenizer).__name__}"
        )


def check_length(model: Any, *, last: int, new: int) -> None:
    """Check that the model has enough positions.

    Parameters
    ----------
    model
        The reader's.
    last
        Last position of the prompt.
    new
        Most tokens of the answer.

    Raises
    ------
    ValueError
        If the model has fewer positions.
    """
    limit = positions(model)
    if limit is not None and last + 1 + new > limit:
        raise ValueError(
            f"the prompt takes {last + 1} positions and the answer up to {new}, the reader has {limit}"
        )


def check_beside(name: str, found: Sized, *, cutter: T | None, kind: str, given: Sequence[object]) -> T:
    """Return what compresses retrieved documents, if no context is given beside them.

    Parameters
    ----------
    name
        What the framework calls the documents, for the error message.
    found
        The retrieved documents.
    cutter
        The compressor or postprocessor that compresses them.
    kind
        What the framework calls the ``cutter``, for the error message.
    given
        The context and its chunks; None for one that is not given.

    Returns
    -------
    T
        The ``cutter``.

    Raises
    ------
    ValueError
        If both documents and a context are given, or there is no cutter.
    """
    if any(each is not None for each in given):
        raise ValueError(f"give {name}, or a context with its chunks, got both")
    if cutter is None:
        raise ValueError(f"{name} need a {kind}, got {len(found)} {name} and None")
    return cutter
