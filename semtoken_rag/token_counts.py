"""Counts of tokens, from what tokenizers and callables return."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

from semtoken_rag._internal.lazy import lazy_property
from semtoken_rag.text.encodable import encodable


class PlainCounter:
    """Counts with a ``tokenizers.Tokenizer`` that may truncate or pad, as if it did neither.

    The tokenizer is never changed. A copy counts in its place where it truncates, also if another thread has
    just told it to.

    Parameters
    ----------
    tokenizer
        The caller's.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @lazy_property
    def _whole(self) -> Any:
        """Copy the tokenizer, to one that does not truncate."""
        made = copy.deepcopy(self._tokenizer)
        made.no_truncation()
        return made

    def __call__(self, text: str) -> int:
        """Return the number of tokens of a text, without special tokens and padding."""
        text = encodable(text)
        if self._tokenizer.truncation is None:
            made = self._tokenizer.encode(text, add_special_tokens=False)
            if not made.overflowing:
                return sum(made.attention_mask)
        return sum(self._whole.encode(text, add_special_tokens=False).attention_mask)


def owner_of(counter: Any) -> Any:
    """Return the tokenizer whose method ``encode`` a counter is, or the counter itself.

    >>> owner_of("".encode), owner_of(len) is len
    ('', True)
    """
    name = getattr(counter, "__name__", "")
    owner = getattr(counter, "__self__", None)
    return owner if name == "encode" and owner is not None else counter


def converted(counter: Callable[[str], Any]) -> Callable[[str], int]:
    """Return a function that counts with a callable, which returns a number or the tokens themselves."""

    def count(text: str) -> int:
        made = counter(encodable(text))
        return made if type(made) is int and made >= 0 else to_count(made)

    return count


def to_count(made: Any) -> int:
    """Return the number of tokens that a counter's result stands for.

    Parameters
    ----------
    made
        A number, a list or an array of tokens, or what has them as ``input_ids``.

    Returns
    -------
    int
        At least 0; a fraction is rounded down.

    Raises
    ------
    ValueError
        If it is none of these, or a number below 0 or not finite.

    Examples
    --------
    >>> to_count(3.5), to_count([7, 7]), to_count("two")
    Traceback (most recent call last):
    ValueError: token_counter must return a number of at least 0 or a list of tokens, got 'two'
    """
    found = made if isinstance(made, int | float) else _size(getattr(made, "input_ids", made))
    if found is None or not 0 <= found < math.inf:
        raise ValueError(
            f"token_counter must return a number of at least 0 or a list of tokens, got {made!r:.80}"
        )
    return int(found)


def _size(made: Any) -> float | None:
    """Return how many tokens there are, or a number of another type; None for what is neither."""
    if made is None or isinstance(made, str | bytes | Mapping):
        return None
    if shape := getattr(made, "shape", ()):
        return int(math.prod(shape))
    if hasattr(made, "__len__") and not hasattr(made, "shape"):
        return len(made)
    return float(made) if hasattr(made, "__float__") or hasattr(made, "__index__") else None


def count_bytes(text: str) -> int:
    """Return the bytes of a text in UTF-8: at least as many as tokens, for all but special tokens.

    >>> count_bytes("Überfahrt")
    10
    """
    return len(encodable(text).encode("utf-8"))
