"""A tokenizer made in memory, and contexts made by hand."""

from __future__ import annotations

import re

from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from semtoken_rag.context import CompressedContext
from semtoken_rag.result import CompressedChunk, Piece, Stats, UnitReport
from semtoken_rag.types import Chunk, Granularity

CHUNKS = (
    Chunk("The tower opened in 1889. It rained that day. Crowds came from far away.", title="Tower"),
    Chunk("Paris is the capital of France. Bread is cheap there.", title="Paris"),
    Chunk("Cats sleep a lot. Dogs bark at night.", title=""),
)
QUESTION = "When did the tower open?"
CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] | trim }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def tokenizer(chat: bool = False) -> PreTrainedTokenizerFast:
    """One token a word; ids up to 95."""
    text = " ".join(f"{c.title} {c.text}" for c in CHUNKS)
    text += f" {QUESTION} Context Question Answer with short phrase Why not : [ ] < | > user assistant end"
    words = list(dict.fromkeys(re.findall(r"\w+|[^\w\s]", text)))
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2, **{w: i + 3 for i, w in enumerate(words)}}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"\w+|[^\w\s]"), "isolated")]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", eos_token="</s>")
    fast.chat_template = CHAT if chat else None
    return fast


def context(keep: list[list[tuple[int, int]]], chunks=CHUNKS) -> CompressedContext:
    """Keep the given character ranges of each chunk."""
    kept = []
    for number, (chunk, ranges) in enumerate(zip(chunks, keep, strict=True)):
        pieces = tuple(Piece(a, b, Granularity.FINE, 1.0) for a, b in ranges)
        text = " ".join(chunk.text[p.start : p.end] for p in pieces)
        if pieces:
            kept.append(CompressedChunk(number, chunk, pieces, text, 10, 5))
    units = tuple(
        UnitReport(n, *m.span(), "sentence", Granularity.DROPPED, {})
        for n, c in enumerate(chunks)
        for m in re.finditer(r"[^.]+\.", c.text)
    )
    return CompressedContext("\n".join(c.text for c in kept), tuple(kept), units, Stats(30, 15, 20, "-", "-"))


PART = [[(0, 25), (46, 72)], [(0, 31)], []]  # of CHUNKS: the first, the third and the fourth sentence
ALL = [[(0, len(c.text))] for c in CHUNKS]
NOTHING: list[list[tuple[int, int]]] = [[], [], []]
