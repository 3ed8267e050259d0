"""The measurements, on readers small enough to check them by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("tqdm")
import numpy as np
import torch

from evaluation import metrics
from evaluation.readers import arms, gpu, perplexity, runner, shapes, step
from semtoken_rag import SemToken
from semtoken_rag.paper.efficiency import SHAPES
from semtoken_rag.testing import HashEncoder
from tests.llm.readers import make, reader
from tests.llm.samples import CHUNKS, QUESTION, tokenizer

TINY = {**shapes.SMALL, "layers": 1, "hidden": 16, "heads": 2, "kv_heads": 2, "head_dim": 8}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
@pytest.mark.parametrize("kernel", ["eager", "sdpa"])
def test_kv_bytes_are_within_5_percent_of_what_is_kept(shape, kernel):
    small = replace(shape, layers=1, hidden=16, heads=2, kv_heads=2, head_dim=8, inner=16, vocabulary=20)
    model = shapes.build(small, 1100, kernel, "cpu")
    for arm in gpu.arms([0.25], 0.8):
        found = gpu.measure(model, arm, 1024, 2)
        said = gpu.predicted(small, arm, 1024, 4)
        assert found["kv_bytes"] == pytest.approx(said["kv_bytes"], rel=0.05), arm.name
        assert found["tokens"] == round(arm.read * 1024)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_a_step_alone_attends_to_all_that_is_held(shape):
    model = shapes.build(replace(shape, **TINY), 70, "flash", "cpu")
    with shapes.attending("flash"):
        found = step.measure(model, 3, 64, 1)
    assert found["kv_bytes"] == replace(shape, **TINY).kv_bytes(3 * 65, itemsize=4)
    layer = step.FullLayer(2)
    new = torch.ones(1, 2, 1, 4)
    keys, values = layer.update(new, new)
    assert keys.shape == values.shape == (1, 2, 3, 4)
    assert (keys[:, :, -1] == 1).all()
    assert keys[:, :, :-1].std() > 0
    assert layer.get_seq_length() == 2


@pytest.fixture
def options(monkeypatch):
    """Options of a small run; without a GPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu, "SMALL", TINY)
    given = ["--models", "llama-2-7b", "--contexts", "64", "--batches", "2", "--ratios", ".5", "--h2o", ".5"]

    def made(*more):
        monkeypatch.setattr("sys.argv", ["gpu", *given, "--steps", "1", *more])
        return gpu.options()

    return made


def test_the_report_holds_measured_and_predicted_and_what_failed(options):
    results = list(gpu.measured(options("--kernels", "sdpa", "none")))
    assert [r["status"] for r in results] == ["ok"] * 8 + ["failed"] * 8
    assert all(np.isfinite(r["predicted"]["decode"]) for r in results)
    text = gpu.report(results)
    assert text.count("llama-2-7b sdpa") == text.count("llama-2-7b none") == 8
    assert text.count("ValueError") == 8


def test_what_there_is_no_time_for_says_so(options):
    results = list(gpu.measured(options("--kernels", "sdpa", "--minutes", "0")))
    assert {r["reason"] for r in results} == {"no time left"}
    assert "no time left" in gpu.report(results)


@pytest.mark.parametrize(
    ("answer", "score"), [("The tower", 1.0), ("tower of Paris", 0.5), ("nothing", 0.0), ("", 0.0)]
)
def test_f1_of_words(answer, score):
    assert metrics.f1(answer, ["tower", "bread"]) == pytest.approx(score)


@pytest.fixture
def llama():
    return make("llama")


@pytest.fixture
def engine():
    return SemToken(encoder=HashEncoder(), token_counter=tokenizer())


def passage():
    text = " ".join(c.text for c in CHUNKS) + " "
    return perplexity.Passage.of(text * 12, tokenizer(), 60)


def test_every_arm_scores_the_same_tokens(llama, engine):
    llm, cut = reader(llama), passage()
    assert len(cut.target) == perplexity.NEXT
    found = {arm: perplexity.continued(llm, cut, arm, 0.5, engine) for arm in perplexity.LM}
    assert all(0 < f["nats"] < 50 for f in found.values())
    held = {arm: f["kv_mb"] / found["full"]["kv_mb"] for arm, f in found.items()}
    assert held["full"] == 1
    assert all(0.2 < held[arm] <= 0.5 for arm in perplexity.LM if arm not in ("full", "soft, medoid"))
    assert held["kv + h2o"] <= 0.4


def test_a_whole_budget_scores_as_the_full_context(llama, engine):
    llm, cut = reader(llama), passage()
    full = perplexity.continued(llm, cut, "full", 1.0, engine)["nats"]
    for arm in ("last", "h2o", "span"):
        assert perplexity.continued(llm, cut, arm, 1.0, engine)["nats"] == pytest.approx(full, rel=1e-4)


def test_every_arm_answers(llama, engine):
    llm = reader(llama)
    row = {
        "question": QUESTION,
        "answers": ["in 1889"],
        "documents": [{"id": i, "title": c.title, "text": c.text} for i, c in enumerate(CHUNKS)],
    }
    lead = SemToken(encoder=HashEncoder(), strategy="lead", token_counter=tokenizer())
    engines = {"semtoken": engine, "lead": lead}
    found = {arm.name: arms.ask(llm, arm, row, 0.5, engines) for arm in arms.QA}
    assert found["none"]["tokens"] < found["text"]["tokens"] < found["full"]["tokens"]
    assert found["kv"]["kv_mb"] < found["full"]["kv_mb"]
    results = [
        {
            "set": "one",
            "arm": arm,
            "ratio": 1.0 if arm in runner.ONCE else 0.5,
            "values": {k: [v] for k, v in f.items()},
        }
        for arm, f in found.items()
    ]
    assert runner.report(results).count("\n") == len(arms.QA) + 1


def test_nats_are_those_of_one_forward_pass(llama):
    from transformers import DynamicCache

    from semtoken_rag.llm.decode import Decoder, Input

    ids = torch.randint(3, 90, (1, 60), generator=torch.Generator().manual_seed(0))
    decoder = Decoder(llama, DynamicCache(config=llama.config))
    logits = decoder.read(Input(ids[:, :20], None, torch.arange(20)[None]))
    found = perplexity.nats(decoder, logits, ids[0, 20:].tolist())
    with torch.no_grad():
        whole = llama(ids).logits[0, 19:-1].log_softmax(-1)
    assert found == pytest.approx(float(-whole.gather(1, ids[0, 20:, None]).mean()), rel=1e-4)
