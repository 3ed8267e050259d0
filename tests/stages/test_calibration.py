"""Calibration: the bound on what is lost holds, and a file is read for its encoder and version alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.answerable import SIGNS
from semtoken_rag.stages.calibration import (
    Calibration,
    find_calibration,
    least_questions,
    version_of,
)

ENCODER = "static:static"


def made(needed: np.ndarray) -> Calibration:
    return Calibration(ENCODER, version_of(ENCODER), np.sort(needed), (4.0, 1.5), (0.5,) * (len(SIGNS) + 1))


@pytest.mark.parametrize("keep", [0.5, 0.8, 0.9, 0.95, 0.98])
@pytest.mark.parametrize("n", [60, 137])
def test_the_share_of_questions_that_lose_something_is_what_is_promised(keep: float, n: int):
    random, draws, asked = np.random.default_rng(n), 400, 300
    lost = []
    for _ in range(draws):
        level = made(-random.gamma(1.0, size=n)).level(keep)
        lost.append(np.mean(-random.gamma(1.0, size=asked) >= level))
    error = 4 * np.std(lost) / np.sqrt(draws)
    assert 1 - keep - 1 / (n + 1) - error <= np.mean(lost) <= 1 - keep + error


def test_questions_that_always_lose_something_count():
    needed = np.r_[np.full(90, -1.0), np.full(10, np.inf)]
    assert made(needed).level(0.85) == -1.0
    assert made(needed).level(0.95) == np.inf
    assert not made(needed).is_kept(0.0, 0.95)


@settings(deadline=None)
@given(
    needed=st.lists(st.floats(-1e3, 0), min_size=30, max_size=60),
    keeps=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)).map(sorted),
    left_out=st.tuples(st.floats(-1e3, 0), st.floats(-1e3, 0)).map(sorted),
)
def test_a_promise_of_more_and_a_smaller_chance_are_harder_to_keep(needed, keeps, left_out):
    calibration = made(np.array(needed))
    assert calibration.level(keeps[0]) <= calibration.level(keeps[1])
    assert calibration.chance(left_out[0]) <= calibration.chance(left_out[1])
    if calibration.is_kept(left_out[0], keeps[1]):
        assert calibration.is_kept(left_out[1], keeps[1])
        assert calibration.is_kept(left_out[0], keeps[0])


@settings(deadline=None)
@given(st.floats(0.01, 0.999))
def test_least_questions_are_the_least(keep: float):
    n = least_questions(keep)
    made(np.full(n, -1.0)).level(keep)
    if n > 1:
        with pytest.raises(ValueError, match=f"at least {n} questions, got one on {n - 1}"):
            made(np.full(n - 1, -1.0)).level(keep)


def test_a_file_reads_back(tmp_path: Path):
    calibration = made(np.r_[-1e6, -0.25, np.inf])
    calibration.save(tmp_path / "c.json", questions=3)
    assert find_calibration(tmp_path / "c.json", ENCODER).as_dict() == calibration.as_dict()
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["questions"] == 3


def test_a_file_for_another_encoder_is_refused_with_both_names(tmp_path: Path):
    made(np.full(3, -1.0)).save(tmp_path / "c.json")
    with pytest.raises(ValueError, match="for the encoder 'static:static', got the encoder 'mine:1'"):
        find_calibration(tmp_path / "c.json", "mine:1")


def test_a_file_for_another_version_is_refused_with_both(tmp_path: Path):
    replace(made(np.full(3, -1.0)), version="old").save(tmp_path / "c.json")
    with pytest.raises(ValueError, match=f"for the version 'old', got '{version_of(ENCODER)}'"):
        find_calibration(tmp_path / "c.json", ENCODER)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"needed": 3}',
        json.dumps({**made(np.full(3, -1.0)).as_dict(), "needed": [0, -1]}),
        json.dumps({**made(np.full(3, -1.0)).as_dict(), "needed": ["a"]}),
        json.dumps({**made(np.full(3, -1.0)).as_dict(), "needed": [float("nan")]}),
        json.dumps({**made(np.full(3, -1.0)).as_dict(), "confidence": [1]}),
        json.dumps({**made(np.full(3, -1.0)).as_dict(), "confidence": [1, -1]}),
        json.dumps({**made(np.full(3, -1.0)).as_dict(), "answerable": [None]}),
        json.dumps({**made(np.full(3, -1.0)).as_dict(), "answerable": [1.0]}),
    ],
)  # fmt: skip
def test_a_file_that_is_no_calibration_is_refused(tmp_path: Path, text: str):
    (tmp_path / "c.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"calibration must be a file of semtoken calibrate, got .*c\.json"):
        find_calibration(tmp_path / "c.json", ENCODER)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match=r"none\.json"):
        find_calibration(tmp_path / "none.json", ENCODER)
