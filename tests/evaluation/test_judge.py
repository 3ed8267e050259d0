"""The judges give the figures of the scripts that they come from, which are frozen here."""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from langchain_core.documents import Document

from evaluation.chain import corpus
from evaluation.data.options import SAMPLE
from evaluation.data.sets import rows
from evaluation.judge import monotone, pipeline, protocol, reader, retention, rules

# Words of the first ten questions at a fifth, by rule and set: n, answer, support, chain, kept.
RETENTION = {
    ("lead", "hotpotqa_dev200"): (9, 0.7778, 0.463, 0.1111, 0.197),
    ("lead", "tatqa_dev400"): (8, 0.375, None, None, 0.1893),
    ("truncate", "hotpotqa_dev200"): (9, 0.2222, 0.1667, 0.0, 0.1977),
    ("truncate", "tatqa_dev400"): (8, 0.5, None, None, 0.1951),
    ("random", "hotpotqa_dev200"): (9, 0.2222, 0.1481, 0.0, 0.1985),
    ("random", "tatqa_dev400"): (8, 0.5, None, None, 0.1908),
    ("oracle", "hotpotqa_dev200"): (9, 1.0, 1.0, 1.0, 0.1979),
    ("oracle", "tatqa_dev400"): (8, 1.0, None, None, 0.1936),
    ("bm25", "hotpotqa_dev200"): (9, 1.0, 0.8148, 0.5556, 0.1976),
    ("bm25", "tatqa_dev400"): (8, 0.75, None, None, 0.1947),
}
# Best chunks whole, ranked by `embed`, by set and budget: n, answer, chain, tokens, worst.
TOP = {
    ("hotpotqa_dev200", 60): (9, 0.111, 0.0, 12.7, 57),
    ("hotpotqa_dev200", 150): (9, 0.444, 0.0, 114.4, 150),
    ("nq_open_dev_10docs", 60): (10, 0.1, None, 18.9, 60),
    ("nq_open_dev_10docs", 150): (10, 0.2, None, 98.8, 117),
}
# A reader that `nats` stands for, and first sentences, by set and arm: nats, minus_full, interval, tokens.
READER = {
    ("hotpotqa_dev200", "none"): (1.527, -0.526, [-1.711, 0.567], 0),
    ("hotpotqa_dev200", "full"): (2.052, 0.0, [0.0, 0.0], 976),
    ("hotpotqa_dev200", "0.2"): (2.268, 0.215, [-0.728, 1.102], 212),
    ("hotpotqa_dev200", "0.4"): (2.118, 0.066, [-1.164, 1.165], 404),
    ("tatqa_dev400", "none"): (0.712, -0.992, [-1.64, -0.332], 0),
    ("tatqa_dev400", "full"): (1.705, 0.0, [0.0, 0.0], 269),
    ("tatqa_dev400", "0.2"): (2.196, 0.491, [-0.222, 1.119], 56),
    ("tatqa_dev400", "0.4"): (2.06, 0.355, [-0.519, 1.196], 112),
}


def words(text: str) -> int:
    return len(text.split())


def judged(module, monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> list[dict]:
    """Run a judge on the sample, tokens counted as words, and read what it writes."""
    monkeypatch.setattr(module, "counter", lambda: words)
    out = folder / "out.json"
    argv = ["judge", "--data", str(SAMPLE), "--json", str(out), *arguments]
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "path", list(sys.path))
    module.main()
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", ["lead", "truncate", "random", "oracle", "bm25"])
def test_retention(rule, monkeypatch, tmp_path, capsys):
    if rule == "bm25":
        pytest.importorskip("rank_bm25")
    compressor = f"evaluation.judge.rules:{rule}"
    arguments = ["--sets", "hotpotqa_dev200", "tatqa_dev400", "--ratios", ".2", "--compressor", compressor]
    for found in judged(retention, monkeypatch, tmp_path, *arguments):
        figures = tuple(found[name] for name in ("n", "answer", "support", "chain", "kept"))
        assert figures == RETENTION[rule, found["set"]]
        assert found["overshoot"] == 0
    lines = capsys.readouterr().out.splitlines()
    assert [len(line) for line in lines] == [86] * 3


def test_an_answer_that_more_budget_loses_is_counted():
    def needs_little(ratio, count):
        return SimpleNamespace(compress_documents=lambda given, query: given if ratio < 0.3 else [])

    row = {
        "id": 1, "question": "Who?", "answers": ["Ann"], "documents": [{"id": 1, "text": "It was Ann."}],
        "gold_documents": [],
    }  # fmt: skip
    found = monotone.answers(row, needs_little, (0.1, 0.2, 0.3, 0.4), words)
    assert found == [True, True, False, False]
    assert monotone.losses(found) == [2]


def test_retention_of_rows_that_nothing_answers_is_an_error():
    row = {"question": "q", "answers": ["yes"], "documents": [{"id": "0", "text": "Yes."}]}
    with pytest.raises(ValueError, match="no row"):
        retention.evaluate([row], rules.lead, 0.2, words)


def embed(texts) -> np.ndarray:
    vectors = np.zeros((len(texts), 64))
    for vector, text in zip(vectors, texts, strict=True):
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % 64] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_pipeline(monkeypatch, tmp_path):
    pytest.importorskip("langchain_text_splitters")
    monkeypatch.setattr(corpus, "embed", embed)
    sets = dict.fromkeys(name for name, _ in TOP)
    arguments = ["--sets", *sets, "--budgets", "60", "150", "--k", "5", "--encoder", "static"]
    for found in judged(pipeline, monkeypatch, tmp_path, *arguments):
        if found["arm"] == "top":
            figures = tuple(found[name] for name in ("n", "answer", "chain", "tokens", "worst"))
            assert figures == TOP[found["set"], found["budget"]]
        else:
            assert found["arm"] == "compress 5"
            assert 0 < found["worst"] <= found["budget"]


def test_chunks_know_their_source_and_their_title_where_it_is_asked_for():
    pytest.importorskip("langchain_text_splitters")
    given = rows(SAMPLE, "hotpotqa_dev200")[:2]
    plain, titled = (corpus.pool(given, corpus.recursive(300, 0), titles) for titles in (False, True))
    assert [c.page_content for c in plain] == [c.page_content for c in titled]
    assert not any("title" in c.metadata for c in plain)
    by_text = {d["text"]: d["title"] for row in given for d in row["documents"]}
    for chunk in titled:
        start = chunk.metadata["start_index"]
        (title,) = {t for text, t in by_text.items() if text.startswith(chunk.page_content, start)}
        assert chunk.metadata["title"] == title


def nats(self, context: str, question: str, answer: str) -> tuple[float, int, float]:
    return zlib.crc32((context + question + answer).encode()) % 1000 / 250, words(context), 0.5


def test_reader(monkeypatch, tmp_path):
    monkeypatch.setattr(reader.Reader, "load", lambda name: reader.Reader(None, None, False))
    monkeypatch.setattr(reader.Reader, "nats", nats)
    arguments = ["--sets", "hotpotqa_dev200", "tatqa_dev400", "--ratios", ".2", ".4", "--n", "8"]
    arguments += ["--compressor", "evaluation.judge.rules:lead"]
    found = judged(reader, monkeypatch, tmp_path, *arguments)
    names = ("nats", "minus_full", "interval", "tokens")
    assert {(r["set"], r["arm"]): tuple(r[n] for n in names) for r in found} == READER


def test_nats_are_of_the_answer_alone_and_after_the_prompt():
    torch = pytest.importorskip("torch")
    logits = torch.randn(1, 7, 9, generator=torch.Generator().manual_seed(0))

    def tokenizer(text: str, **_) -> SimpleNamespace:
        return SimpleNamespace(input_ids=torch.tensor([[len(w) for w in text.split()]]))

    def model(input_ids, logits_to_keep: int) -> SimpleNamespace:
        assert input_ids.tolist() == [[9, 5, 7, 2, 3]]
        return SimpleNamespace(logits=logits[:, :logits_to_keep])

    loss, tokens, _ = reader.Reader(tokenizer, model, False).nats("", "when?", "in May")
    assert tokens == 3
    chances = logits[0].log_softmax(-1)
    assert loss == pytest.approx(float(-(chances[0, 2] + chances[1, 3]) / 2))


def test_the_search_keeps_the_most_that_fits_and_else_the_least():
    def at(p: float) -> list[Document]:
        return [Document(page_content="w " * (4 + int(100 * p)))]

    assert words(protocol.fit(at, 31.5, words)[0].page_content) == 31
    assert words(protocol.fit(at, 2, words)[0].page_content) == 4
