"""How little of a question its encoder knows: what it reads letter by letter, or as one unknown token."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from semtoken_rag.text.grams import is_wide
from semtoken_rag.types import Chunk, Query, Tokens

PIECE = 3  # letters of a piece that means something; two where they are wide
KNOWN = 0.8  # share of the question in such pieces from which it is left to the encoder
SAMPLE = 512  # tokens that are looked at for an unknown one


def strangeness(query: Query, chunks: Sequence[Chunk], tokens: Tokens) -> float:
    """Return how little of a question its encoder knows: 0 from `KNOWN` on, 1 where it knows nothing.

    Known are letters in pieces of at least `PIECE` letters, or two wide ones. A piece is unknown if its token
    stands for other letters too.

    Parameters
    ----------
    query
        The encoded query.
    chunks
        Chunks of the call.
    tokens
        Their fingerprints.

    Returns
    -------
    float
        The root of the share that is missing to `KNOWN`.
    """
    text, encoding = query.text, query.encoding
    pieces = [
        (token, text[start:end].strip())
        for token, (start, end) in zip(encoding.ids.tolist(), encoding.offsets.tolist(), strict=True)
        if any(map(str.isalnum, text[start:end]))
    ]
    read = {token: _folded(piece) for token, piece in pieces if _says_something(piece)}
    unknown = {token for token, piece in pieces if token in read and _folded(piece) != read[token]}
    if not text.isascii():
        unknown |= _unknown(read, chunks, tokens)
    known = sum(
        len(piece)
        for token, piece in pieces
        if token in read and token not in unknown and _says_something(piece)
    )
    whole = max(sum(len(piece) for _, piece in pieces), 1)
    missing = 1.0 - min(1.0, known / whole / KNOWN)
    return float(np.sqrt(missing))


def _says_something(piece: str) -> bool:
    letters = sum(map(str.isalpha, piece))
    return letters + sum(map(str.isdigit, piece)) >= PIECE or (letters > 1 and is_wide(piece[0]))


def _folded(piece: str) -> str:
    """Letters of a piece as a tokenizer without case and accents reads it."""
    if piece.isascii():
        return piece.lower()
    apart = unicodedata.normalize("NFKD", piece.lower())
    return "".join(c for c in apart if unicodedata.category(c) != "Mn")


def _unknown(read: Mapping[int, str], chunks: Sequence[Chunk], tokens: Tokens) -> set[int]:
    """Tokens of the question that stand for other letters in the texts."""
    same = np.flatnonzero(np.isin(tokens.ids, list(read)))
    same = same[:: len(same) // SAMPLE + 1]
    places = zip(
        tokens.ids[same].tolist(), tokens.chunk[same].tolist(), tokens.offsets[same].tolist(), strict=True
    )
    return {token for token, chunk, (a, b) in places if _folded(chunks[chunk].text[a:b]) != read[token]}
