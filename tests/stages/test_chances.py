"""Chances: the forest that gives them, and what leaving units out loses."""

from __future__ import annotations

import numpy as np
import pytest

from semtoken_rag.stages.calibration import least_questions, shipped_calibrations, version_of
from semtoken_rag.stages.chances import lost
from semtoken_rag.stages.forest import Forest


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


def test_every_shipped_calibration_is_of_the_weights_and_forest_that_are_shipped():
    for name, calibration in shipped_calibrations().items():
        assert calibration.version == version_of(name), name
        assert len(calibration.needed) >= least_questions(0.99), name


def test_a_large_chance_counts_for_more_than_many_small_ones():
    chances = np.array([0.0, 1.0, *[0.1] * 10], np.float32)
    assert lost(chances)[:2].tolist() == [0.0, -1.0]
    assert lost(chances)[2:].sum() == pytest.approx(-0.1)
