"""Fingerprints that chunks carry with them, as a vector store gives them back with each hit.

What is carried is the key and the value of a store, one after the other: the key says whether the fingerprint
is of this text, title, encoder and format.
"""

from __future__ import annotations

import base64


def to_carried(key: str, value: bytes) -> bytes:
    """Return what a chunk carries: the hexadecimal ``key`` of its fingerprint, and the stored value."""
    return bytes.fromhex(key) + value


def from_carried(carried: bytes | str, key: str) -> bytes:
    """Return the stored value of what a chunk carries.

    Parameters
    ----------
    carried
        What `to_carried` returned, as bytes or as base64 text.
    key
        Key of the chunk's fingerprint, hexadecimal.

    Returns
    -------
    bytes
        The value, which is not checked.

    Raises
    ------
    ValueError
        If it is no base64 text, or has another key.
    """
    try:
        whole = base64.b64decode(carried, validate=True) if isinstance(carried, str) else carried
    except ValueError as error:
        raise ValueError(f"{len(carried)} characters that are not base64 text") from error
    own, size = bytes.fromhex(key), len(key) // 2
    if whole[:size] != own:
        raise ValueError("one of another text, title, encoder or format")
    return whole[size:]
