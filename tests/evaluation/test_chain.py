"""Retrieval chains: corpora, what a method gets, and that a run takes up where it was interrupted."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from evaluation.bench.methods import get
from evaluation.bench.references import whole
from evaluation.chain import __main__ as chain
from evaluation.chain import corpus, worker
from evaluation.chain.config import Pool, key, parse
from evaluation.chain.remembered import Remembered
from evaluation.data.options import SAMPLE
from evaluation.data.sets import rows
from evaluation.report import chain as report
from evaluation.results import load, write
from semtoken_rag.testing import HashEncoder

POOL = Pool("hotpotqa_dev200", "recursive-800-100", False, 3)


def words(text: str) -> int:
    return len(text.split())


def embed(texts) -> np.ndarray:
    vectors = np.zeros((len(texts), 64))
    for vector, text in zip(vectors, texts, strict=True):
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % 64] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def asked(monkeypatch, tmp_path):
    monkeypatch.setattr(corpus, "embed", embed)
    return worker.questions(SAMPLE, POOL, tmp_path)


@pytest.mark.parametrize(
    "name", ["recursive", "recursive-800", "recursive-800-x", "pages-800-100", "recursive-800-100-1"]
)
def test_a_splitter_that_there_is_not_is_an_error_with_its_name(name):
    with pytest.raises(ValueError, match=name):
        corpus.splitter_of(name)


@pytest.mark.parametrize("name", ["recursive-300-0", "sentences-64-0"])
def test_a_splitter_loses_no_word(name):
    given = rows(SAMPLE, "hotpotqa_dev200")[:1]
    chunks = corpus.pool(given, corpus.splitter_of(name), titles=True)
    texts = dict.fromkeys(d["text"] for d in given[0]["documents"])
    assert len(chunks) > len(texts)
    assert sorted(" ".join(texts).split()) == sorted(" ".join(c.page_content for c in chunks).split())
    assert {c.metadata["title"] for c in chunks} == {d["title"] for d in given[0]["documents"]}


def test_chunks_are_ranked_once_for_all_methods(asked, monkeypatch, tmp_path):
    monkeypatch.setattr(corpus, "embed", lambda texts: pytest.fail("ranked again"))
    again = worker.questions(SAMPLE, POOL, tmp_path)
    assert [one.ranked for one in again] == [one.ranked for one in asked]


@pytest.mark.parametrize("method", ["whole", "bm25", "semtoken-static"])
def test_a_method_gets_the_best_chunks_and_holds_the_budget(asked, method):
    fill = worker.fill_of(get(method), False, words)
    for one in asked:
        text = fill(one, 5, 120)
        assert 0 < words(text) <= 120
        known = " ".join(c.page_content for c in one.ranked[:5]).split()
        assert set(text.split()) <= {*known, "…", "[…]"}


def test_whole_chunks_end_with_the_first_that_does_not_fit(asked):
    given = list(asked[0].ranked[:4])
    sizes = [words(d.page_content) for d in given]
    kept = whole((sizes[0] + sizes[1] + 1) / sum(sizes), words).compress_documents(given, "q")
    assert kept == given[:2]


def test_an_answer_and_its_chain_are_found_in_any_case():
    one = corpus.Asked("When?", ["1907"], ["Ada Lund was born in 1907."], [])
    assert one.score("ADA LUND was born in 1907") == (1.0, 1.0)
    assert one.score("She was born in 1907.") == (1.0, 0.0)
    assert replace(one, gold=[]).score("1908") == (0.0, None)


def test_an_encoder_that_remembers_returns_the_same_and_encodes_once():
    class Counted(HashEncoder):
        texts = 0

        def encode(self, texts, titles):
            self.texts += len(texts)
            return super().encode(texts, titles)

    plain, counted = HashEncoder(), Counted()
    remembered = Remembered(counted)
    given = (["one two", "three", "one two"], ["", "t", ""])
    for _ in range(2):
        for found, wanted in zip(remembered.encode(*given), plain.encode(*given), strict=True):
            assert np.array_equal(found.vectors, wanted.vectors)
    assert counted.texts == 2
    assert remembered.count("one two") == plain.count("one two")


def test_a_run_measures_what_is_missing_alone(monkeypatch, tmp_path):
    text = "{methods: [whole], sets: [hotpotqa_dev200], budgets: [60, 90], n: 3}"
    config = parse(text, [f"data={SAMPLE}", f"out={tmp_path}"])
    jobs = []

    def start(python, job, module):
        jobs.append(job)
        for pool, keys in job["pools"]:
            for *_, k, budget, _ in keys:
                found = {"status": "ok", "method": "whole", **pool, "k": k, "budget": budget}
                write(config.out_folder, "whole", [found], key=key)
        return 0

    monkeypatch.setattr(chain, "start", start)
    assert [r["budget"] for r in chain.run(config)] == [60, 90]
    assert [r["budget"] for r in chain.run(replace(config, budgets=[90, 120]))] == [90, 120]
    assert [[at[4] for at in job["pools"][0][1]] for job in jobs] == [[60, 90], [120]]
    assert len(load(config.out_folder)) == 3
    json.dumps(jobs)


def test_a_failure_is_a_result_with_its_reason(tmp_path):
    job = {"data": str(tmp_path), "out": str(tmp_path)}
    (found,) = worker.results(
        job, get("whole"), POOL, [("hotpotqa_dev200", "recursive-800-100", False, 5, 60, 3)]
    )
    assert found["status"] == "failed"
    assert "no set" in found["reason"]


def result(method: str, answers: list[float], over: int = 0) -> dict:
    about = {"set": "toy", "splitter": report.SPLITTER, "titles": False, "k": report.K, "budget": 512, "n": 4}
    means = {"answer": sum(answers) / len(answers), "chain": None, "tokens": 500}
    values = {"answer": answers, "chain": [None] * len(answers)}
    return {
        **about, "method": method, "status": "ok", "questions": 4, "means": means, "values": values,
        "overshoot": over,
    }  # fmt: skip


def test_the_tables_show_where_another_method_keeps_more_within_the_budget(tmp_path):
    results = [
        result("semtoken", [1, 1, 0, 0]),
        result("bm25", [1, 1, 1, 0]),
        result("whole", [1, 0, 0, 0]),
        result("llmslim", [1, 1, 1, 1], over=7),
        result("semtoken-static", [1, 1, 1, 1]),
    ]
    shown = report.exceeding(results)
    assert "bm25" in shown
    assert not any(name in shown for name in ("whole", "llmslim", "static"))
    assert "1.00 (+7)" in report.headline(results)
    assert report.exceeding(results[2:3]) == "In no cell."
    assert report.draw(results, tmp_path).stat().st_size > 1000
