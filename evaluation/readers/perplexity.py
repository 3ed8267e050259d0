"""The plain-text half of `evaluation.readers.arms`: what follows a context, scored the same for every arm."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from evaluation.system import seconds
from semtoken_rag import SemToken
from semtoken_rag.llm.decode import Decoder, Input
from semtoken_rag.llm.generate import SemTokenLLM
from semtoken_rag.llm.kv import Eviction, HeavyHitters, KVBudget, Plan, SpanCache, SpanRelevance
from semtoken_rag.llm.kv.plan import PINNED, SINKS
from semtoken_rag.llm.kv.rotary import rotations
from semtoken_rag.llm.merge import Medoid, merge_tokens
from semtoken_rag.llm.model import kv_bytes
from semtoken_rag.stages.segment import segment
from semtoken_rag.types import Chunk

LAST = 64  # queries of a prompt that heavy hitters are counted over
SPARE = 0.8  # of what SemToken keeps, what heavy hitters leave of it
BLOCK = 16  # tokens between two looks at the budget
NEXT = 256  # tokens of a text that are scored
KV = ("kv", "kv, source positions", "kv + h2o")
LM = ("full", "last", "text", "text, source positions", "soft, medoid", *KV, "h2o", "span")


@torch.inference_mode()
def nats(decoder: Decoder, logits: torch.Tensor, target: Sequence[int]) -> float:
    """Return nats per token of ``target`` after what the decoder has read, fed in blocks; ends the cache."""
    ids = torch.tensor([list(target)], device=decoder.model.device)
    scored = [logits[None]]
    for block in ids[:, :-1].split(BLOCK, 1) if ids.shape[1] > 1 else ():
        scored.append(decoder.feed(block))
    chances = torch.cat(scored).float().log_softmax(-1)
    return float(-chances.gather(1, ids[0, :, None]).mean())


def passages(texts: Iterable[str], tokenizer: Any, context: int, n: int) -> list[str]:
    """Cut ``n`` passages, each long enough for a context and what follows it, at even distances."""
    found = []
    for text in texts:
        offsets = tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        ).offset_mapping
        need = context + NEXT
        for start in range(0, len(offsets) - need, need):
            found.append(text[offsets[start][0] : offsets[start + need - 1][1]])
    step = max(1, len(found) // n)
    return found[::step][:n]


@dataclass(frozen=True, slots=True)
class Passage:
    """A context and what follows it, in tokens, and the character where each token of the context starts."""

    text: str
    ids: list[int]
    offsets: list[tuple[int, int]]
    target: list[int]

    @classmethod
    def of(cls, text: str, tokenizer: Any, context: int) -> Passage:
        """Cut a text."""
        made = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = made.input_ids, made.offset_mapping
        end = offsets[context - 1][1]
        return cls(text[:end], ids[:context], offsets[:context], ids[context : context + NEXT])


def kept_of(passage: Passage, ratio: float, engine: SemToken, sinks: int = 0) -> list[bool]:
    """Keep the first tokens, half of the budget at the end, and what SemToken chooses of the rest."""
    size = len(passage.ids)
    recent = int(ratio * size / 2) - sinks
    before = passage.offsets[size - recent][0]
    query = passage.text[before:][-400:]
    most = int(ratio * size) - recent - sinks
    context = engine.compress([Chunk(passage.text[:before])], query, max_tokens=most)
    keep = np.zeros(len(passage.text) + 1, bool)
    keep[before:] = True
    for piece in (p for c in context.chunks for p in c.pieces):
        keep[piece.start : piece.end] = True
    return [i < sinks or bool(keep[b - 1]) for i, (_, b) in enumerate(passage.offsets)]


def spans_of(passage: Passage) -> list[int]:
    """Return the sentence that each token of a context belongs to; the first tokens are pinned."""
    starts = [s.start for s in segment(passage.text)]
    spans = [max(0, int(np.searchsorted(starts, b - 1, "right")) - 1) for _, b in passage.offsets]
    return [PINNED] * SINKS + spans[SINKS:]


def continued(
    llm: SemTokenLLM, passage: Passage, arm: str, ratio: float, engine: SemToken
) -> dict[str, float]:
    """Score what follows a context in one arm."""
    model, size = llm.model, len(passage.ids)
    start = seconds()
    chosen = arm in ("text", "text, source positions", "soft, medoid", *KV)
    keep = kept_of(passage, ratio, engine, SINKS if arm in KV else 0) if chosen else [True] * size
    if arm == "last":
        keep = [i >= size - int(ratio * size) for i in range(size)]
    places = [i for i, k in enumerate(keep) if k or arm in KV]
    ids = torch.tensor([[passage.ids[i] for i in places]], device=model.device)
    where = torch.arange(len(places))[None] if arm != "text, source positions" else torch.tensor([places])
    ready = Input(ids, None, where.to(model.device))
    cache: Any = DynamicCache(config=model.config)
    if arm.startswith("soft"):
        ready = _merged(llm, passage, keep)
    elif arm in (*KV, "h2o", "span"):
        policy = {
            "kv + h2o": HeavyHitters(last=LAST),
            "h2o": HeavyHitters(last=LAST),
            "span": SpanRelevance(),
        }
        share = SPARE * ratio if arm == "kv + h2o" else ratio
        given: dict[str, Any] = {"rotations": rotations(model)} if arm == "kv" else {}
        if arm in policy:
            given = {"eviction": Eviction(policy[arm], KVBudget(ratio=share), every=1)}
        cache = SpanCache(model.config, Plan.stack([spans_of(passage)], [keep]), **given)
    decoder = Decoder(model, cache)
    logits = decoder.read(ready)
    first, held = seconds() - start, kv_bytes(cache)
    loss = nats(decoder.copy(), logits, passage.target)
    start = seconds()
    for token in passage.target[:BLOCK]:
        decoder.step(token)
    ms = 1000 * (seconds() - start) / BLOCK
    tokens = float(ready.length)
    return {"nats": loss, "tokens": tokens, "first_s": first, "ms_per_token": ms, "kv_mb": held / 1e6}


def _merged(llm: SemTokenLLM, passage: Passage, keep: list[bool]) -> Input:
    """Kept tokens, and a medoid for every run of tokens that is left out."""
    embed = llm.model.get_input_embeddings()
    own = embed(torch.tensor(passage.ids, device=embed.weight.device))
    parts: list[torch.Tensor] = []
    edges = [0, *(i for i in range(1, len(keep)) if keep[i] != keep[i - 1]), len(keep)]
    for a, b in itertools.pairwise(edges):
        parts.append(own[a:b] if keep[a] else merge_tokens(own[a:b], Medoid())[0])
    embeds = torch.cat(parts).detach()[None]
    return Input(None, embeds, torch.arange(embeds.shape[1], device=embeds.device)[None])
