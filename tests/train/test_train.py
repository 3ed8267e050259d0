"""Training: what is read, what is wanted, and that an adapter carries what was learned."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from typer.testing import CliRunner

from semtoken_rag import Chunk
from semtoken_rag.cli import app
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.stages.segment import build_units
from semtoken_rag.train.examples import Example, groups, occurrences, read_examples, split
from semtoken_rag.train.loss import Target, listwise, recall, scores
from semtoken_rag.train.trainer import Recipe, Trainer
from semtoken_rag.types import Tokens

ANIMALS = ("cat", "dog", "bird", "fish", "horse", "mouse", "snake", "frog")
SOUNDS = ("mews", "barks", "sings", "swims", "runs", "hides", "hisses", "croaks")
WORDS = ("what", "does", "the", "do", "it", "was", "a", "day", "nothing", "happened", "there", ".", "?")


@pytest.fixture(scope="module")
def folder(tiny_bert) -> str:
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    return str(tiny_bert([*special, *WORDS, *ANIMALS, *SOUNDS], hidden=32, layers=2))


def lesson(animal, sound):
    chunks = [Chunk("It was a day. Nothing happened there."), Chunk(f"Nothing was there. It {sound}.")]
    start = chunks[1].text.index("It")
    return Example(f"What does the {animal} do?", chunks, [(1, start, len(chunks[1].text))])


LESSONS = [lesson(a, s) for a, s in zip(ANIMALS, SOUNDS, strict=True)]
RECIPE = Recipe(rank=4, learning_rate=5e-3, epochs=6, batch_size=2, patience=99)


def write(path, *rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_gold_sentences_and_answers_become_ranges_and_lines_without_gold_are_left_out(tmp_path):
    file = write(
        tmp_path / "q.jsonl",
        {"question": "a?", "chunks": ["One. Two.", {"text": "Three.", "title": "T"}], "gold": ["Two."]},
        {"question": "b?", "chunks": ["In May 1889.", "1889"], "answers": ["1889"]},
        {"question": "c?", "chunks": ["Nothing."], "answers": ["yes"]},
    )
    first, second = read_examples(file)
    assert list(first.gold) == [(0, 5, 9)]
    assert first.chunks[1].title == "T"
    assert list(second.gold) == [(0, 7, 11), (1, 0, 4)]


@pytest.mark.parametrize("line", ["{", "[]", '{"chunks": []}', '{"question": "a", "chunks": [3]}'])
def test_a_bad_line_is_named_by_its_number(tmp_path, line):
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "a?", "chunks": ["x"], "answers": ["x"]}\n' + line, encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_examples(file)


def test_lines_without_gold_are_counted(tmp_path, caplog):
    rows = [{"question": "a?", "chunks": ["x"], "answers": [answer]} for answer in ("y", "x", "z")]
    assert len(read_examples(write(tmp_path / "q.jsonl", *rows))) == 1
    assert (
        "2 of 3 questions have no gold in their chunks and are left out, the first in line 1" in caplog.text
    )


def test_a_file_without_gold_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no line"):
        read_examples(write(tmp_path / "q.jsonl", {"question": "a?", "chunks": ["x"], "answers": ["y"]}))


def test_occurrences_are_whole_words_in_any_case():
    assert list(occurrences("Paris, paris; Parisian", ["paris"])) == [(0, 5), (7, 12)]


def test_wanted_units_are_those_that_hold_a_gold_range(folder):
    example = LESSONS[0]
    encoder = TransformerEncoder(folder)
    encodings = encoder.encode([c.text for c in example.chunks], ["", ""])
    units = build_units(example.chunks, Tokens.concatenate(encodings))
    assert example.wanted(units).tolist() == [False, False, False, True]


def test_listwise_prefers_wanted_units_and_recall_counts_them_by_tokens():
    wanted = np.array([True, False, False])
    assert listwise(torch.tensor([0.9, 0.1, 0.1]), wanted) < listwise(torch.tensor([0.1, 0.1, 0.9]), wanted)
    cost = np.array([10, 10, 80])
    assert recall(np.array([0.9, 0.1, 0.2], np.float32), wanted, cost, 0.1) == 1.0
    assert recall(np.array([0.0, 0.1, 0.2], np.float32), wanted, cost, 0.1) == 0.0


def test_scores_are_the_late_interaction_by_hand():
    target = Target(
        inside=np.array([0, 1, 2]),
        unit=np.array([0, 0, 1]),
        chunk=np.array([0, 1]),
        title_chunk=np.array([1]),
        weight=np.array([1.0], np.float32),
        wanted=np.array([True, False]),
        cost=np.array([2, 1]),
    )
    tokens, titles = torch.tensor([[1.0, 0], [0.6, 0.8], [0, 1]]), torch.tensor([[0.8, 0.6]])
    found = scores(torch.tensor([[1.0, 0]]), tokens, titles, target)
    assert found.tolist() == pytest.approx([1.0, 0.4])  # own 1 and no title; own 0 and title .8


def test_training_lowers_the_loss_and_leaves_the_encoder_as_it_was(folder):
    encoder = TransformerEncoder(folder)
    before = {name: value.clone() for name, value in encoder.module.state_dict().items()}
    seen = []
    checks = Trainer(encoder, RECIPE).run(LESSONS, LESSONS[:3], lambda *step: seen.append(step))
    assert checks[-1].loss < 0.8 * checks[0].loss
    assert [step for step, _, _ in seen] == list(range(1, 25))
    assert all(torch.equal(value, before[name]) for name, value in encoder.module.state_dict().items())
    assert not any(layer._forward_hooks for layer in encoder.module.modules())


def test_a_saved_adapter_gives_the_vectors_that_were_trained(folder, tmp_path):
    encoder = TransformerEncoder(folder)
    trainer = Trainer(encoder, RECIPE)
    checks = trainer.run(LESSONS, LESSONS[:3])
    trainer.save(tmp_path / "mine.safetensors", folder)
    adapted = resolve_encoder(tmp_path / "mine.safetensors")
    assert adapted.name.startswith("mine:")
    plain = Trainer(adapted, Recipe(rank=1)).check(0, LESSONS[:3])  # a fresh trainer changes nothing
    assert plain.loss == pytest.approx(checks[-1].loss, abs=0.02)  # half precision


def test_the_same_seed_trains_the_same_file(folder, tmp_path):
    files = []
    for _ in range(3):  # without a fixed order of the header, two of three differ almost surely
        trainer = Trainer(TransformerEncoder(folder), RECIPE)
        trainer.run(LESSONS, LESSONS[:2])
        trainer.save(tmp_path / "mine.safetensors", folder)
        files.append((tmp_path / "mine.safetensors").read_bytes())
    assert files[0] == files[1] == files[2]


def test_all_weights_are_trained_and_written_as_onnx(folder, tmp_path):
    pytest.importorskip("onnx")
    encoder = TransformerEncoder(folder)
    before = {name: value.clone() for name, value in encoder.module.state_dict().items()}
    trainer = Trainer(encoder, replace(RECIPE, rank=None, learning_rate=2e-3))
    checks = trainer.run(LESSONS, LESSONS[:3])
    assert checks[-1].loss < 0.8 * checks[0].loss
    assert all(torch.equal(value, before[name]) for name, value in encoder.module.state_dict().items())
    trainer.save(tmp_path / "mine.onnx", folder)
    read = Trainer(TransformerEncoder(tmp_path / "mine.onnx"), Recipe(rank=1)).check(0, LESSONS[:3])
    assert read.loss == pytest.approx(checks[-1].loss, rel=0.1)  # seven bits
    with pytest.raises(ValueError, match=r"as .onnx alone, got .*mine.safetensors"):
        trainer.save(tmp_path / "mine.safetensors", folder)


def test_the_strengths_of_all_weights_lie_between_the_first_and_the_last(folder):
    recipe = replace(RECIPE, rank=None, learning_rate=2e-3, runs=2, epochs=1)
    encoder = TransformerEncoder(folder)
    trainer = Trainer(encoder, replace(recipe, strengths=(0.0,)))
    checks = trainer.run(LESSONS, LESSONS[:3])
    assert checks[-1].loss == pytest.approx(checks[0].loss)
    one, both = (Trainer(encoder, replace(recipe, strengths=(1.0,), runs=runs)) for runs in (1, 2))
    one.run(LESSONS, LESSONS[:3])
    both.run(LESSONS, LESSONS[:3])
    pairs = zip(one.change.parameters, both.change.parameters, strict=True)
    assert not all(torch.equal(a, b) for a, b in pairs)


class Interrupted(Exception):
    """What stops a training."""


@pytest.mark.parametrize("rank", [2, None])
def test_an_interrupted_training_goes_on_to_the_same_result(folder, tmp_path, monkeypatch, rank):
    monkeypatch.setattr("semtoken_rag.train.checkpoint.SECONDS", -1.0)
    recipe = replace(RECIPE, rank=rank, epochs=2, runs=2)

    def trained(state, progress=None):
        trainer = Trainer(TransformerEncoder(folder), recipe)
        return trainer.run(LESSONS, LESSONS[:3], progress, state), trainer.change.parameters

    def stop(step, total, loss):
        if step == 5:
            raise Interrupted

    whole, first = trained(None)
    with pytest.raises(Interrupted):
        trained(tmp_path, stop)
    steps = []
    again, second = trained(tmp_path, lambda step, *_: steps.append(step))
    assert steps[0] == 5  # the state is that of the step before
    assert again == whole
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert trained(tmp_path, lambda *_: pytest.fail("it is at its end"))[0] == whole


def test_the_state_of_another_training_is_refused(folder, tmp_path):
    Trainer(TransformerEncoder(folder), replace(RECIPE, epochs=1)).run(LESSONS, LESSONS[:3], state=tmp_path)
    with pytest.raises(ValueError, match=r"0.safetensors' belongs to another training: .*epochs=1"):
        Trainer(TransformerEncoder(folder), RECIPE).run(LESSONS, LESSONS[:3], state=tmp_path)


def test_training_stops_when_it_no_longer_helps(folder):
    recipe = Recipe(rank=2, learning_rate=0.0, epochs=50, checks=1, patience=2)
    checks = Trainer(TransformerEncoder(folder), recipe).run(LESSONS, LESSONS[:2])
    assert len(checks) == 4  # before, two without gain, and the best again
    assert checks[-1].step == 0


def test_of_the_strengths_the_best_on_the_held_back_part_is_taken(folder, caplog):
    encoder = TransformerEncoder(folder)
    encoder.module.float()  # whatever this machine multiplies faster in
    trainer = Trainer(encoder, replace(RECIPE, strengths=(0.0, 1.0, 100.0)))
    with caplog.at_level(logging.INFO, "semtoken_rag.train.trainer"):
        checks = trainer.run(LESSONS, LESSONS[:3])
    tried = [record.args for record in caplog.records if record.msg.startswith("strength")]
    assert [strength for strength, _ in tried] == [0.0, 1.0, 100.0]
    assert tried[0][1].loss == pytest.approx(checks[0].loss)  # no change is no change
    assert checks[-1].loss == min(check.loss for _, check in tried)
    assert checks[-1].loss == pytest.approx(min(check.loss for check in checks), rel=1e-4)


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"strengths": ()}])
def test_a_recipe_that_cannot_be_followed_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Recipe(**wrong)


def test_runs_start_from_seeds_of_their_own_and_are_averaged(folder):
    def trained(**changed):
        trainer = Trainer(TransformerEncoder(folder), replace(RECIPE, strengths=(1.0,), **changed))
        trainer.run(LESSONS, LESSONS[:2])
        return {name: up @ down for name, (up, down) in trainer.change.factors.items()}

    first, second = trained(), trained(seed=1)
    both = trained(runs=2, rank=RECIPE.rank)
    for name, change in both.items():
        mean = (first[name] + second[name]) / 2
        left, values, right = torch.linalg.svd(mean)
        r = RECIPE.rank
        nearest = left[:, :r] * values[:r] @ right[:r]
        assert not torch.allclose(first[name], second[name], atol=1e-3)
        assert torch.allclose(change, nearest, atol=1e-4)


def shared(documents: int, questions: int) -> list[Example]:
    """Questions of which several are on the same chunks, the documents in turn."""
    texts = [[Chunk(f"Nothing was there {i}. It {SOUNDS[i]}.")] for i in range(documents)]
    return [Example(f"{i}?", texts[i % documents], [(0, 19, 22)]) for i in range(documents * questions)]


def test_questions_on_the_same_chunks_are_grouped_each_once():
    examples = shared(2, 3)
    found = groups([*examples, examples[0]], 2)
    assert [[e.question for e in group] for group in found] == [
        ["0?", "2?"],
        ["1?", "3?"],
        ["4?", "0?"],
        ["5?"],
    ]
    assert [len(group) for group in groups([examples[0]] * 3, 9)] == [1, 1, 1]


def test_split_holds_back_at_least_one_and_needs_two():
    kept, held = split(LESSONS[:2])
    assert (len(kept), len(held)) == (1, 1)
    with pytest.raises(ValueError, match="got 1"):
        split(LESSONS[:1])


def test_split_leaves_no_chunks_on_both_sides_and_comes_near_to_the_share():
    examples = shared(8, 5)
    kept, held = split(examples, share=0.25)
    assert (len(kept), len(held)) == (30, 10)
    assert not {e.chunks[0].text for e in kept} & {e.chunks[0].text for e in held}
    kept, held = split(shared(1, 10), share=0.2)  # all on the same
    assert (len(kept), len(held)) == (8, 2)


def test_a_question_is_narrowed_to_some_of_its_chunks():
    chunks = [Chunk("a", title="A"), Chunk("b", title="B"), Chunk("c", title="C")]
    example = Example("q?", chunks, [(0, 0, 1), (2, 0, 1)])
    assert example.take_chunks([1, 2]) == Example("q?", chunks[1:], [(1, 0, 1)])
    bare = example.take_chunks([0, 2], titles=False)
    assert [(c.text, c.title) for c in bare.chunks] == [("a", ""), ("c", "")]
    assert bare.gold == [(0, 0, 1), (1, 0, 1)]
    assert chunks[0].title == "A"


def test_an_adapter_that_does_not_fit_is_refused(folder, tmp_path):
    trainer = Trainer(TransformerEncoder(folder), Recipe(rank=2))
    name, (up, down) = next(iter(trainer.change.factors.items()))
    trainer.change.factors = {name: (up[:-1], down)}
    trainer.save(tmp_path / "short.safetensors", folder)
    with pytest.raises(ValueError, match="31 x 32"):
        resolve_encoder(tmp_path / "short.safetensors")
    trainer.change.factors = {"nowhere": (up, down)}
    trainer.save(tmp_path / "odd.safetensors", folder)
    with pytest.raises(ValueError, match="nowhere"):
        resolve_encoder(tmp_path / "odd.safetensors")


@pytest.mark.parametrize("name", ["missing.safetensors", "text.safetensors"])
def test_a_file_that_is_no_adapter_is_refused(tmp_path, name):
    (tmp_path / "text.safetensors").write_text("not an adapter", encoding="utf-8")
    with pytest.raises(ValueError, match=name):
        resolve_encoder(tmp_path / name)


@pytest.fixture
def questions(tmp_path) -> str:
    rows = [
        {"question": e.question, "chunks": [c.text for c in e.chunks], "gold": [e.chunks[1].text[19:]]}
        for e in LESSONS
    ]
    return str(write(tmp_path / "q.jsonl", *rows))


def test_the_command_takes_up_an_interrupted_training(folder, questions, tmp_path, monkeypatch):
    monkeypatch.setattr("semtoken_rag.train.checkpoint.SECONDS", -1.0)
    out, steps = tmp_path / "a.safetensors", []
    accumulate = Trainer._accumulate

    def interrupted(self, batch):
        steps.append(batch)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return accumulate(self, batch)

    monkeypatch.setattr(Trainer, "_accumulate", interrupted)
    command = ["train", questions, "--out", str(out), "--base", folder, "--epochs", "4"]
    assert CliRunner().invoke(app, command).exit_code != 0
    assert (tmp_path / "a.safetensors.state").is_dir()
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert len(steps) == 3 + 2  # of four, two were done
    assert not (tmp_path / "a.safetensors.state").exists()


def test_the_command_trains_and_prints_before_and_after(folder, questions, tmp_path):
    out = tmp_path / "a.safetensors"
    result = CliRunner().invoke(
        app, ["train", questions, "--out", str(out), "--base", folder, "--epochs", "1"]
    )
    assert result.exit_code == 0, result.output
    assert "before" in result.output
    assert "gold within 10% of the tokens" in result.output
    assert out.stat().st_size < 4_000_000


def test_the_command_writes_the_whole_encoder_as_an_onnx_file(folder, questions, tmp_path):
    pytest.importorskip("onnx")
    out = tmp_path / "mine.onnx"
    result = CliRunner().invoke(
        app, ["train", questions, "--out", str(out), "--base", folder, "--epochs", "1"]
    )
    assert result.exit_code == 0, result.output
    encoder = resolve_encoder(out)
    assert encoder.name.startswith("mine:")
    [got] = encoder.encode(["The cat sat."], ["Cats"])
    assert got.vectors.shape == (
        len(got.ids),
        resolve_encoder(folder).encode(["a"], [""])[0].vectors.shape[1],
    )


def test_the_command_refuses_the_static_table(tmp_path):
    file = write(tmp_path / "q.jsonl", {"question": "a?", "chunks": ["x. y."], "answers": ["x"]})
    result = CliRunner().invoke(app, ["train", str(file), "--base", "static"])
    assert result.exit_code == 2
    assert "static" in result.output


def test_a_line_ends_at_a_line_feed_alone_and_a_byte_order_mark_is_passed_over(tmp_path):
    file = tmp_path / "q.jsonl"
    rows = [{"question": "a?", "chunks": ["x\u2028y z."], "answers": ["z"]}] * 2
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    file.write_text(text, encoding="utf-8-sig")
    assert [example.line for example in read_examples(file)] == [1, 2]
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"q\.jsonl must be UTF-8 text"):
        read_examples(file)
    file.write_text('{"question": "a?", "chunks": ["x"], "gold": {"x": 1}}')
    with pytest.raises(ValueError, match=r"line 1: .*gold must be a list"):
        read_examples(file)


def test_the_command_refuses_missing_questions_before_it_loads_a_model(tmp_path, monkeypatch):
    monkeypatch.setattr("semtoken_rag.cli.train.resolve_encoder", lambda base: pytest.fail("loaded"))
    result = CliRunner().invoke(app, ["train", str(tmp_path / "nosuch.jsonl")])
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "nosuch.jsonl" in result.stderr
