from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from semtoken_rag.llm import Soft
from semtoken_rag.llm.merge import Drop, Medoid, merge_tokens
from semtoken_rag.train.projector import Lesson, Projector, distil, divergence
from tests.llm.readers import reader
from tests.llm.samples import ALL, CHUNKS, PART, QUESTION, context

LESSONS = [
    Lesson(QUESTION, context(PART), CHUNKS, "opened in 1889"),
    Lesson("Why?", context([[(0, 25)], [], [(0, 17)]]), CHUNKS, "Bread is cheap"),
]


def apart(llm, merger, lesson) -> float:
    with torch.no_grad():
        return float(divergence(llm, lesson, merger=merger))


@pytest.fixture
def projector(llama):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Projector(32, run=4, width=16)


def test_untrained_it_is_the_medoid(projector):
    rows = torch.randn(11, 32, generator=torch.Generator().manual_seed(0))
    for found, expected in zip(merge_tokens(rows, projector), merge_tokens(rows, Medoid(4)), strict=True):
        torch.testing.assert_close(found, expected)


def test_training_brings_the_reader_nearer_to_the_whole_context(model, projector):
    llm = reader(model)
    weights = {name: p.clone() for name, p in model.named_parameters()}
    before = [apart(llm, projector, x) for x in LESSONS]
    losses = distil(llm, projector, lessons=LESSONS, steps=24, learning_rate=1e-2)
    after = [apart(llm, projector, x) for x in LESSONS]
    assert losses[:2] == pytest.approx([before[0], losses[1]])
    assert sum(after) < 0.85 * sum(before)
    assert all(torch.equal(p, weights[name]) and p.requires_grad for name, p in model.named_parameters())
    assert all(p.grad is None for p in model.parameters())


def test_reading_all_diverges_from_nothing(llama, projector):
    whole = Lesson(QUESTION, context(ALL), CHUNKS, "opened in 1889")
    for merger in (Drop(), projector):
        assert apart(reader(llama), merger, whole) == pytest.approx(0, abs=1e-5)


def test_where_nothing_was_left_out_there_is_nothing_to_learn(llama, projector):
    whole = Lesson(QUESTION, context(ALL), CHUNKS, "opened in 1889")
    assert distil(reader(llama), projector, lessons=[whole], steps=2) == pytest.approx([0, 0], abs=1e-5)


def test_it_answers_as_a_merger(llama, projector):
    llm = reader(llama)
    modes = Soft(merger=projector), Soft(merger=Medoid(4))
    ids = [llm.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS).ids for mode in modes]
    assert ids[0] == ids[1]


def test_it_is_saved_and_read_back(projector, tmp_path):
    torch.nn.init.normal_(projector.up.weight)
    projector.save(tmp_path / "projector.safetensors")
    again = Projector.load(tmp_path / "projector.safetensors")
    rows = torch.randn(9, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(merge_tokens(rows, again)[0], merge_tokens(rows, projector)[0])
    assert (again.run, again.hidden, again.width) == (4, 32, 16)


def test_sizes_and_lengths_that_do_not_fit(llama, projector):
    with pytest.raises(ValueError, match="size 48"):
        distil(reader(llama), Projector(48), lessons=LESSONS)
    with pytest.raises(ValueError, match="size 32"):
        merge_tokens(torch.zeros(3, 48), projector)
    with pytest.raises(ValueError, match="lessons"):
        distil(reader(llama), projector, lessons=[])
    long = (replace(CHUNKS[0], text="It rained. " * 300),)
    with pytest.raises(ValueError, match="positions"):
        divergence(reader(llama), Lesson(QUESTION, context([[(0, 10)]], long), long, "1889"), merger=Drop())
