"""Novelty: document frequencies of units, and what they are worth."""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, SemToken
from semtoken_rag.arrays import unit_length
from semtoken_rag.corpus.novelty import CEILING, FORMAT, LEAST, CorpusNovelty, boilerplate_threshold, log_odds
from semtoken_rag.strategy.lead import LeadStrategy
from semtoken_rag.testing import HashEncoder

faiss = pytest.importorskip("faiss")

BASIS = np.eye(16, dtype=np.float32)
NOTICE = "This page is for general information only."
FACTS = ("The tower opened in 1889.", "Rain fell on Lima.", "Owls hunt at night.", "Tin melts early.")


def of(*documents: tuple[str, list[int]], **settings) -> CorpusNovelty:
    """Corpus of documents whose units are rows of the basis."""
    novelty = CorpusNovelty(HashEncoder(), **settings)
    for name, rows in documents:
        novelty.add([name] * len(rows), BASIS[rows])
    return novelty


@pytest.fixture(scope="module")
def corpus() -> CorpusNovelty:
    """Twelve documents, each with the notice, four of them with the same fact."""
    return CorpusNovelty.from_chunks(
        [Chunk(f"{FACTS[0] if i < 4 else f'{FACTS[1][:-1]} on day {i}.'} {NOTICE}") for i in range(12)]
    )


def frequency(novelty: CorpusNovelty, *texts: str) -> list[int]:
    return novelty.frequency(novelty.fingerprints(texts)).tolist()


def test_it_counts_the_documents_that_hold_a_unit():
    novelty = of(("a", [0, 1]), ("b", [0, 2]), ("c", [0, 1]))
    assert novelty.frequency(BASIS[:4]).tolist() == [3, 2, 1, 0]
    assert len(novelty) == 3


def test_a_document_counts_once_however_often_it_says_so_and_however_it_is_added():
    novelty = of(("a", [0, 0, 0]), ("b", [1]), ("a", [0]))
    assert novelty.frequency(BASIS[:2]).tolist() == [1, 1]
    assert len(novelty) == 2


def test_vectors_within_the_threshold_are_copies_of_any_length():
    novelty = of(("a", [0]), threshold=0.8)
    near, far = 0.1 * (0.8 * BASIS[0] + 0.6 * BASIS[1]), 5 * (0.7 * BASIS[0] + 0.71 * BASIS[1])
    assert novelty.frequency(np.stack([near, far])).tolist() == [1, 0]
    assert novelty.frequency(np.stack([near, far]), 0.7).tolist() == [1, 1]


@settings(deadline=None, max_examples=50)
@given(
    documents=st.lists(st.lists(st.integers(0, 15), max_size=6), max_size=12),
    asked=st.lists(st.integers(0, 15), max_size=300),
)
def test_frequencies_are_those_of_sets(documents, asked):
    novelty = of(*((str(i), rows) for i, rows in enumerate(documents)))
    expected = [sum(row in rows for rows in documents) for row in asked]
    assert novelty.frequency(BASIS[asked]).tolist() == expected
    assert len(novelty) == sum(bool(rows) for rows in documents)


def test_cells_agree_with_the_exact_index():
    rng = np.random.default_rng(0)
    templates = unit_length(rng.standard_normal((200, 16)).astype(np.float32))
    used = rng.integers(0, 200, 3000)
    vectors = templates[used] + 0.01 * rng.standard_normal((3000, 16)).astype(np.float32)
    names = [str(i % 700) for i in range(3000)]
    exact, cells = CorpusNovelty(HashEncoder()), CorpusNovelty(HashEncoder(), exact=200)
    for novelty in (exact, cells):
        novelty.add(names, vectors)
    all_of, most_of = exact.frequency(templates), cells.frequency(templates)
    assert (most_of <= all_of).all()
    assert most_of.sum() >= 0.95 * all_of.sum()
    assert cells.frequency(templates).tolist() == most_of.tolist()


def test_the_order_of_documents_and_of_questions_does_not_matter():
    documents = [("a", [0, 1, 2]), ("b", [1]), ("c", [2, 1, 3]), ("d", [])]
    asked = BASIS[[3, 1, 0, 1]]
    forth, back = of(*documents), of(*documents[::-1])
    assert forth.frequency(asked).tolist() == back.frequency(asked).tolist() == [1, 3, 1, 3]
    assert forth.frequency(asked[::-1]).tolist() == [3, 1, 3, 1]


def test_many_threads_may_read(corpus):
    vectors = corpus.fingerprints([NOTICE, *FACTS] * 100)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: corpus.frequency(vectors).tolist(), range(16)))
    assert found == [[12, 4, 0, 0, 0] * 100] * 16


def test_spelling_and_marks_do_not_matter_but_words_do(corpus):
    assert frequency(corpus, NOTICE.upper(), f"* {NOTICE[:-1]} !", FACTS[0], FACTS[2]) == [12, 12, 4, 0]


def test_a_template_recurs_whatever_its_numbers(corpus):
    assert frequency(corpus, "Rain fell on Lima on day 5.", "Rain fell on Lima on day 77.") == [8, 8]


def test_a_fingerprint_does_not_depend_on_the_other_texts():
    novelty = CorpusNovelty()
    texts = [NOTICE, "", "...", *FACTS] * 100
    together = novelty.fingerprints(texts)
    assert together.dtype == np.float32
    for i in range(7):
        np.testing.assert_array_equal(together[i], novelty.fingerprints([texts[i]])[0])
    np.testing.assert_allclose(np.linalg.norm(together[:7], axis=1), [1, 0, 0, 1, 1, 1, 1], rtol=1e-5)


def test_texts_without_words_are_in_no_document():
    novelty = CorpusNovelty.from_chunks([Chunk("***"), Chunk("***"), Chunk(""), Chunk("A word.")])
    assert frequency(novelty, "***", "", "A word.") == [0, 0, 1]


def test_chunks_of_one_document_count_once():
    chunks = [Chunk(f"{FACTS[0]} {FACTS[1]}"), Chunk(f"{FACTS[1]} {FACTS[2]}"), Chunk(FACTS[1])]
    novelty = CorpusNovelty()
    novelty.add_chunks(chunks, ["a", "a", "b"])
    assert frequency(novelty, *FACTS) == [1, 2, 1, 0]
    assert frequency(CorpusNovelty.from_chunks(chunks), *FACTS) == [1, 3, 1, 0]
    same = [Chunk(c.text, id="one") for c in chunks]
    assert frequency(CorpusNovelty.from_chunks(same), *FACTS) == [1, 1, 1, 0]


def test_chunks_without_a_name_stay_apart_when_added_one_by_one():
    novelty = CorpusNovelty()
    for _ in range(3):
        novelty.add_chunks([Chunk(""), Chunk(NOTICE)])
    assert frequency(novelty, NOTICE) == [3]


def test_a_segmenter_of_ones_own_cuts_the_units():
    novelty = CorpusNovelty()
    novelty.add_chunks([Chunk(f"{FACTS[0]} {FACTS[1]}")], segmenter=lambda text: [])
    assert (len(novelty), frequency(novelty, FACTS[0])) == (0, [0])


@given(documents=st.integers(0, 10**7))
def test_a_unit_of_one_document_or_none_loses_nothing(documents):
    assert log_odds(np.array([0, 1]), documents).tolist() == [0, 0]


@given(documents=st.integers(1, 10**6), two=st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)))
def test_the_loss_grows_with_the_frequency_up_to_its_ceiling(documents, two):
    often, rare = log_odds(np.array([max(two), min(two)]), documents).tolist()
    assert -CEILING - 1e-6 <= often <= rare <= 0


def test_boilerplate_is_frequent_in_documents_and_in_share():
    assert [boilerplate_threshold(n) for n in (3, 100, 500, 10_000)] == [LEAST, LEAST, LEAST, 100]
    two_of_three, five_of_100, five_of_10_000, half = (
        float(log_odds(np.array([f]), n)[0]) for f, n in ((2, 3), (5, 100), (5, 10_000), (5_000, 10_000))
    )
    assert two_of_three > -0.1
    assert five_of_100 < -0.6
    assert five_of_10_000 > -0.01
    assert half < -3.9


def test_the_prior_is_the_loss_at_the_frequency(corpus):
    vectors = corpus.fingerprints([NOTICE, FACTS[0], FACTS[2]])
    prior = corpus.prior(vectors)
    assert prior.dtype == np.float32
    np.testing.assert_array_equal(prior, log_odds(np.array([12, 4, 0]), 12))
    assert prior[0] < prior[1] < prior[2] == 0


@pytest.mark.parametrize("encoder", [HashEncoder(), "static"], ids=["hash", "static"])
def test_a_call_is_told_the_prior_of_its_units_whatever_its_encoder(corpus, encoder):
    told = []

    def spy(problem):
        told.append(corpus(problem))
        return LeadStrategy()(problem)

    chunks = [Chunk(f"{FACTS[2]} {NOTICE}"), Chunk(FACTS[0])]
    SemToken(encoder=encoder, strategy=spy, on_error="raise").compress(chunks, "Owls?", max_tokens=5)
    np.testing.assert_array_equal(told[0], log_odds(np.array([0, 12, 4]), 12))
    assert told[0].dtype == np.float32


def test_an_empty_corpus_knows_nothing(tmp_path):
    novelty = CorpusNovelty.from_chunks([])
    novelty.save(tmp_path)
    for empty in (novelty, CorpusNovelty.load(tmp_path)):
        vectors = empty.fingerprints([NOTICE, ""])
        assert empty.frequency(vectors).tolist() == empty.prior(vectors).tolist() == [0, 0]
        assert empty.frequency(vectors[:0]).shape == empty.prior(vectors[:0]).shape == (0,)
        assert len(empty) == 0


@pytest.mark.parametrize("exact", [100, 3])
def test_what_is_saved_goes_on_where_it_was(tmp_path, exact):
    novelty = of(("a", [0, 1]), ("é\ud800", [0, 2]), threshold=0.9, exact=exact)
    novelty.save(tmp_path / "new" / "folder")
    loaded = CorpusNovelty.load(str(tmp_path / "new" / "folder"), HashEncoder())
    assert (loaded.threshold, loaded.exact) == (0.9, exact)
    for each in (novelty, loaded):
        each.add(["a", "c"], BASIS[[2, 1]])
        assert each.frequency(BASIS[:4]).tolist() == [2, 2, 2, 0]
    assert len(loaded) == 3


def saved(folder, **changed) -> None:
    of(("a", [0, 1]), ("b", [0])).save(folder)
    path = folder / "novelty.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changed), encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": "semtoken-novelty/9"}, f"'{FORMAT}'.*semtoken-novelty/9"),
        ({"encoder": "other"}, "'hash'.*'other'"),
        ({"documents": ["a"]}, r"\(16, 3, 1\), got \(16, 3, 2\)"),
        ({"threshold": 2}, "threshold"),
        ({"threshold": "high"}, "novelty"),
        ({"documents": None}, "novelty"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(tmp_path, changed, message):
    saved(tmp_path, **changed)
    with pytest.raises(ValueError, match=message):
        CorpusNovelty.load(tmp_path, HashEncoder())


@pytest.mark.parametrize("name", ["novelty.json", "owner.npy", "units.faiss"])
@pytest.mark.parametrize("content", [b"", b"[1]", b"\x80\x04\x95pickle"])
def test_a_foreign_file_is_refused(tmp_path, name, content):
    saved(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="holds no novelty"):
        CorpusNovelty.load(tmp_path, HashEncoder())


def test_an_index_of_other_vectors_is_refused(tmp_path):
    saved(tmp_path)
    faiss.write_index(faiss.IndexFlatIP(3), str(tmp_path / "units.faiss"))
    with pytest.raises(ValueError, match=r"\(16, 3, 2\), got \(3, 0, 2\)"):
        CorpusNovelty.load(tmp_path, HashEncoder())


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        CorpusNovelty.load(tmp_path / "nowhere")


@pytest.mark.parametrize("shape", [(2, 3), (16,), (2, 16, 1)])
def test_vectors_of_another_shape_are_refused_with_both_shapes(shape):
    novelty, wrong = of(("a", [0])), np.zeros(shape, np.float32)
    for call in (novelty.frequency, novelty.prior, lambda v: novelty.add(["a"] * len(v), v)):
        with pytest.raises(ValueError, match=re.escape(f"shape (m, 16), got {shape}")):
            call(wrong)


def test_bad_values_are_refused_and_change_nothing():
    novelty = of(("a", [0]))
    with pytest.raises(ValueError, match="2 for 3"):
        novelty.add(["a", "b"], BASIS[:3])
    with pytest.raises(ValueError, match="finite"):
        novelty.add(["b"], np.full((1, 16), np.nan, np.float32))
    with pytest.raises(ValueError, match="1 for 2"):
        novelty.add_chunks([Chunk("A."), Chunk("B.")], ["a"])
    assert (len(novelty), novelty.frequency(BASIS[:2]).tolist()) == (1, [1, 0])


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, float("nan")])
def test_a_threshold_that_is_no_cosine_of_copies_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold must be above 0 and at most 1, got"):
        CorpusNovelty(threshold=threshold)


def test_without_faiss_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r"semtoken-rag\[faiss\]"):
        CorpusNovelty()
