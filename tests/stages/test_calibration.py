"""Chances and what is promised of them: the forest, the level of a promise, files of other encoders."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from semtoken_rag.stages.calibration import (
    Calibration,
    find_calibration,
    least_questions,
    shipped_calibrations,
    version_of,
)
from semtoken_rag.stages.chances import lost
from semtoken_rag.stages.forest import Forest

STATIC = "static:static"


def made(needed, encoder: str = STATIC) -> Calibration:
    width = len(shipped_calibrations()[STATIC].answerable)
    return Calibration(encoder, version_of(encoder), np.sort(np.array(needed)), (1.0, 1.2), (0.0,) * width)


def test_a_forest_sums_the_leaves_that_each_row_reaches(tmp_path):
    grown = Forest(
        sign=np.array([[1, 0, 0], [0, 0, 0]]),
        left=np.array([[1, 1, 2], [0, 0, 0]]),
        right=np.array([[2, 1, 2], [0, 0, 0]]),
        bound=np.array([[0.5, 0, 0], [0, 0, 0]], np.float32),
        value=np.array([[0, -2, 3], [0.25, 0, 0]], np.float32),
        base=1.0,
        depth=1,
    )
    rows = np.array([[9.0, 0.5], [9.0, 0.6]], np.float32)
    assert grown(rows).tolist() == [-0.75, 4.25]
    grown.save(tmp_path / "forest.json")
    assert Forest.load(tmp_path / "forest.json")(rows).tolist() == [-0.75, 4.25]
    assert grown(rows[:0]).shape == (0,)


def test_a_forest_says_what_the_library_says_that_grew_it():
    ensemble = pytest.importorskip("sklearn.ensemble")
    from evaluation.fitting.chances import LEAST, LEAVES, RATE, TREES, grow

    dice = np.random.default_rng(0)
    rows = dice.normal(size=(2000, 3)).astype(np.float32)
    wanted = rows[:, 0] * rows[:, 1] + 0.3 * dice.normal(size=2000) > 0.4
    model = ensemble.GradientBoostingClassifier(
        n_estimators=TREES,
        max_leaf_nodes=LEAVES,
        max_depth=6,
        learning_rate=RATE,
        min_samples_leaf=LEAST,
        random_state=0,
    ).fit(rows, wanted)
    forest = grow(rows, wanted, np.ones(2000))
    assert np.allclose(forest(rows), model.decision_function(rows), atol=1e-3)


def test_the_level_is_the_quantile_that_bears_the_promise():
    calibration = made(np.arange(-99.0, 0.0))  # 99 questions
    assert calibration.level(0.9) == -10.0  # the 90th of 99: nine need more, (9 + 1) / 100 lose
    assert calibration.level(0.99) == -1.0
    with pytest.raises(ValueError, match=r"keep=0.995.*at least 199 questions.*got one on 99.*static:static"):
        calibration.level(0.995)
    assert [least_questions(keep) for keep in (0.5, 0.8, 0.95)] == [1, 4, 19]


def test_the_promise_holds_in_expectation():
    dice = np.random.default_rng(1)
    kept = []
    for _ in range(400):
        calibration = made(dice.gumbel(size=49))
        kept.append((dice.gumbel(size=200) <= calibration.level(0.9)).mean())
    assert abs(np.mean(kept) - 0.9) < 0.01


def test_a_question_that_always_loses_something_counts_as_lost():
    calibration = made([*[-1.0] * 17, math.inf, math.inf])
    assert calibration.level(0.8) == -1.0
    assert calibration.level(0.9) == math.inf
    assert not calibration.is_kept(-1e-9, 0.9)


def test_the_chance_falls_with_what_is_left_out_and_is_one_for_nothing():
    chance = made([-1.0]).chance(np.array([0.0, -1e-5, -0.1, -1.0, -50.0]))
    assert chance[0] == 1.0
    assert (np.diff(chance) < 0).all()
    assert 0 < chance[-1] < 0.05


def test_a_file_says_the_same(tmp_path):
    calibration = shipped_calibrations()[STATIC]
    calibration.save(tmp_path / "c.json", questions=3)
    again = find_calibration(tmp_path / "c.json", STATIC)
    assert again is not None
    assert again.as_dict() == calibration.as_dict()
    assert json.loads((tmp_path / "c.json").read_text())["questions"] == 3


def test_a_file_of_another_encoder_or_version_is_refused_with_both_names(tmp_path):
    file = tmp_path / "c.json"
    made([-1.0], "other:1").save(file)
    with pytest.raises(ValueError, match=r"for the encoder 'other:1', got the encoder 'static:static'"):
        find_calibration(file, STATIC)
    replace(made([-1.0]), version="0123abcd").save(file)
    with pytest.raises(ValueError, match=rf"version '0123abcd', got '{version_of(STATIC)}'"):
        find_calibration(file, STATIC)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"encoder": "a", "version": "b", "needed": [2, 1], "confidence": [1]}', "null"],
)
def test_what_is_no_calibration_is_refused(tmp_path, text):
    file = tmp_path / "c.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"calibration must be a file of semtoken calibrate, got .*c\.json"):
        find_calibration(file, STATIC)
    with pytest.raises(ValueError, match=r"missing\.json"):
        find_calibration(tmp_path / "missing.json", STATIC)


def test_every_shipped_calibration_is_of_the_weights_and_forest_that_are_shipped():
    for name, calibration in shipped_calibrations().items():
        assert calibration.version == version_of(name), name
        assert len(calibration.needed) >= least_questions(0.99), name


def test_a_large_chance_counts_for_more_than_many_small_ones():
    chances = np.array([0.0, 1.0, *[0.1] * 10], np.float32)
    assert lost(chances)[:2].tolist() == [0.0, -1.0]
    assert lost(chances)[2:].sum() == pytest.approx(-0.1)
