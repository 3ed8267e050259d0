"""Several budgets and strategies of one call: the results of single calls, for one encoding."""

from __future__ import annotations

import pytest

from semtoken_rag import Budget, SemToken
from semtoken_rag.strategy import LeadStrategy
from semtoken_rag.testing import QUESTION, TEXTS, HashEncoder

BUDGETS = (Budget(ratio=0.3), Budget(max_tokens=9), Budget(ratio=1.0), Budget(ratio=1.0, keep=0.8))


@pytest.mark.parametrize("counter", [None, lambda text: len(text.split())], ids=["estimate", "callable"])
@pytest.mark.parametrize("store", [None, "memory://"])
def test_each_result_is_that_of_a_call_of_its_own(counter, store):
    engine = SemToken(encoder="static", token_counter=counter, store=store)
    lead = SemToken(encoder="static", token_counter=counter, strategy="lead")
    asked = [(None, budget) for budget in BUDGETS] + [(LeadStrategy(), budget) for budget in BUDGETS[:3]]
    single = [(engine, budget) for budget in BUDGETS] + [(lead, budget) for budget in BUDGETS[:3]]
    for made, (own, budget) in zip(engine._compress_each(TEXTS, QUESTION, asked), single, strict=True):
        alone = own.compress(
            TEXTS, QUESTION, max_tokens=budget.max_tokens, ratio=budget.ratio, keep=budget.keep
        )
        assert made.text == alone.text
        assert [chunk.pieces for chunk in made.chunks] == [chunk.pieces for chunk in alone.chunks]
        assert (made.stats.tokens_before, made.stats.tokens_after, made.stats.budget) == (
            alone.stats.tokens_before,
            alone.stats.tokens_after,
            alone.stats.budget,
        )


def test_chunks_are_encoded_once():
    class Counting(HashEncoder):
        texts = 0

        def encode(self, texts, titles):
            self.texts += len(texts)
            return super().encode(texts, titles)

    encoder = Counting()
    SemToken(encoder=encoder)._compress_each(TEXTS, QUESTION, [(None, Budget(ratio=0.3))])
    once, encoder.texts = encoder.texts, 0
    SemToken(encoder=encoder)._compress_each(TEXTS, QUESTION, [(None, budget) for budget in BUDGETS[:3]])
    assert once == encoder.texts > 0
