"""Terms: which token kinds occur where, and how rare they are."""

from __future__ import annotations

from math import log

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.terms import HEAD, Terms, total
from semtoken_rag.types import Encoding, Tokens, Units


def made(chunks, ranges, query, titles=None) -> Terms:
    """Terms of chunks given as lists of token ids, and units as token ranges of the first chunk."""
    titles = titles or [[] for _ in chunks]
    tokens = Tokens.concatenate(
        [
            Encoding(
                np.array(ids, np.int64),
                np.zeros((len(ids), 2), np.int64),
                np.zeros((len(ids), 1), np.float32),
                np.array(title, np.int64),
                np.zeros((len(title), 1), np.float32),
            )
            for ids, title in zip(chunks, titles, strict=True)
        ]
    )
    m, spans = len(ranges), np.array(ranges, np.int64).reshape(-1, 2)
    units = Units(spans, spans, np.zeros(m, np.int64), np.full(m, -1), ("sentence",) * m)
    return Terms.of(tokens, units, np.array(query, np.int64))


def example() -> Terms:
    return made([[5, 7, 5, 9]], [(0, 2), (2, 4)], [5, 9, 4], [[7, 7]])


def test_every_kind_of_token_is_counted_once_a_unit():
    terms = example()  # codes: 4 -> 0, 5 -> 1, 7 -> 2, 9 -> 3
    assert terms.in_units.tolist() == [[0, 1], [0, 2], [1, 1], [1, 3]]
    assert terms.in_titles.tolist() == [[0, 2]]
    assert terms.query.tolist() == [1, 3, 0]


def test_a_kind_in_every_unit_weighs_least_and_one_in_none_most():
    expected = [log(1 + 2.5 / 0.5), log(1 + 0.5 / 2.5), log(2), log(2)]
    np.testing.assert_allclose(example().idf, expected, rtol=1e-6)


def test_the_weights_of_the_question_sum_to_1_in_proportion_to_idf():
    weight = example().query_weight()
    np.testing.assert_allclose(weight.sum(), 1, rtol=1e-6)
    np.testing.assert_allclose(weight[1] / weight[0], log(2) / log(1.2), rtol=1e-5)


def test_a_question_without_tokens_has_no_weights():
    assert made([[5, 7]], [(0, 2)], []).query_weight().shape == (0,)


def test_tokens_outside_all_units_do_not_count():
    terms = made([[1, 2, 3, 4]], [(1, 2), (3, 3), (3, 4)], [])
    assert terms.inside.tolist() == [1, 3]
    assert terms.unit.tolist() == [0, 2]
    assert terms.in_units.tolist() == [[0, 1], [2, 3]]


def test_codes_of_one_unit_or_title_are_found_again():
    terms = made([[5, 7, 5, 9], []], [(0, 2), (2, 2), (2, 4)], [], [[9], [7, 5]])
    assert terms.of_unit(0).tolist() == [0, 1]
    assert terms.of_unit(1).tolist() == []
    assert terms.of_unit(2).tolist() == [0, 2]
    assert [terms.of_head(c).tolist() for c in (0, 1)] == [[2], [0, 1]]


def test_the_first_tokens_of_a_chunk_without_a_title_are_its_head():
    long = [*range(HEAD), 90, 91]
    terms = made([long, [90]], [(0, len(long))], [], [[], [91]])
    assert terms.in_titles.tolist() == [[1, HEAD + 1]]
    assert [terms.of_head(c).tolist() for c in (0, 1)] == [list(range(HEAD)), [HEAD + 1]]


def test_marked_codes_are_a_mask_over_all_codes():
    assert example().marked(np.array([3, 1, 3])).tolist() == [False, True, False, True]


def test_total_sums_what_each_group_holds():
    pairs = np.array([[0, 0], [0, 2], [2, 2]])
    got = total(pairs, np.array([1.0, 10.0, 100.0], np.float32), 4)
    assert (got.dtype, got.tolist()) == (np.float32, [101.0, 0.0, 100.0, 0.0])
    assert total(pairs[:0], np.ones(3, np.float32), 2).tolist() == [0.0, 0.0]


def test_a_call_without_any_token_has_no_terms():
    terms = made([[]], [(0, 0)], [])
    assert (terms.idf.shape, terms.in_units.shape, terms.in_titles.shape) == ((0,), (0, 2), (0, 2))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), max_size=5), min_size=1, max_size=6), st.lists(st.integers(0, 8)))
def test_idf_agrees_with_counting_by_hand(unit_ids, query):
    ids = [i for unit in unit_ids for i in unit]
    ends = np.cumsum([len(unit) for unit in unit_ids]).tolist()
    terms = made([ids], list(zip([0, *ends[:-1]], ends, strict=True)), query)
    kinds = sorted({*ids, *query})
    df = [sum(kind in unit for unit in unit_ids) for kind in kinds]
    m = len(unit_ids)
    np.testing.assert_allclose(terms.idf, [log(1 + (m - d + 0.5) / (d + 0.5)) for d in df], rtol=1e-5)
    for i, unit in enumerate(unit_ids):
        assert [kinds[code] for code in terms.of_unit(i)] == sorted(set(unit))
    assert [kinds[code] for code in terms.query] == query
