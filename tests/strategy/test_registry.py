from __future__ import annotations

import re

import pytest

from semtoken_rag.strategy.lead import LeadStrategy
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES, resolve_strategy
from semtoken_rag.testing import HashEncoder


def test_the_paper_s_strategies_resolve_but_are_not_offered():
    encoder = HashEncoder()
    assert resolve_strategy("bpe", encoder) == (encoder, LeadStrategy())
    with pytest.raises(
        ValueError, match=re.escape(f"one of {sorted(STRATEGIES)} or a Strategy, got 'nosuch'")
    ):
        resolve_strategy("nosuch", encoder)
    assert not STRATEGIES.keys() & PAPER_STRATEGIES.keys()
