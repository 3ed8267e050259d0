from __future__ import annotations

import torch
from transformers import DynamicCache

from semtoken_rag.llm.kv.rotary import rotations


def test_moved_keys_are_those_computed_there(model, ids):
    caches = []
    for first in (0, 17):
        cache = DynamicCache()
        with torch.no_grad():
            model(ids, position_ids=torch.arange(first, first + 40)[None], past_key_values=cache)
        caches.append(cache)
    for rotation, here, there in zip(rotations(model), *(c.layers for c in caches), strict=True):
        moved = rotation.move(here.keys, torch.full((40,), 17))
        torch.testing.assert_close(moved, there.keys, rtol=1e-3, atol=1e-3)
