"""`batches`: every row once, within the bound, and of one padded length where rows must not mix."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.encoders.batching import STEP, group_into_batches, pad_length

MOST = 6 * STEP
lengths = st.lists(st.integers(1, 8 * STEP), max_size=12)


@pytest.mark.parametrize("mixed", [True, False])
@given(lengths=lengths)
def test_every_row_stands_in_one_batch_the_longest_first(mixed: bool, lengths: list[int]) -> None:
    made = group_into_batches(lengths, MOST, mixed=mixed)
    rows = [row for batch in made for row in batch]
    assert sorted(rows) == list(range(len(lengths)))
    assert all(pad_length(lengths[a]) >= pad_length(lengths[b]) for a, b in pairwise(rows))


@pytest.mark.parametrize("mixed", [True, False])
@given(lengths=lengths)
def test_a_batch_has_at_most_its_tokens_or_a_single_row(mixed: bool, lengths: list[int]) -> None:
    for batch in group_into_batches(lengths, MOST, mixed=mixed):
        assert len(batch) == 1 or len(batch) * pad_length(lengths[batch[0]]) <= MOST


@given(lengths)
def test_rows_that_do_not_mix_have_one_padded_length_a_batch(lengths: list[int]) -> None:
    for batch in group_into_batches(lengths, MOST, mixed=False):
        assert len({pad_length(lengths[row]) for row in batch}) == 1


def test_rows_of_one_padded_length_fill_their_batches() -> None:
    lengths = [STEP, 1] * 6
    assert [len(batch) for batch in group_into_batches(lengths, MOST, mixed=False)] == [6, 6]


@given(st.integers(1, 1000))
def test_padding_is_the_least_multiple(length: int) -> None:
    assert 0 <= pad_length(length) - length < STEP
    assert pad_length(length) % STEP == 0
