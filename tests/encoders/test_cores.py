"""How many threads: what is asked for, within the cores that a container or a service leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from semtoken_rag import Config, SemToken
from semtoken_rag.encoders import cores
from semtoken_rag.encoders.lookup import LookupEncoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.testing import HashEncoder


@pytest.fixture
def groups(monkeypatch, tmp_path):
    """Write the files of control groups, and which of them are the process's; it is bound to 8 cores."""
    monkeypatch.setattr(cores, "ROOT", tmp_path)
    monkeypatch.setattr(cores, "OWN", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def write(files: dict[str, str], own: str = "") -> None:
        for name, text in {**files, "own": own}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text + "\n", encoding="ascii")

    return write


@pytest.mark.parametrize(
    ("quota", "left"),
    [
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("max 100000", 8),
        ("", 8),
        ("1 0", 8),
        ("9000000 100000", 8),
    ],
)
def test_a_container_s_quota_bounds_the_cores(groups, quota, left):
    groups({"cpu.max": quota}, "0::/")
    assert cores.usable_cores() == left


@pytest.mark.parametrize(
    ("quota", "period", "left"), [("150000", "100000", 2), ("-1", "100000", 8), ("50000", "", 8)]
)
def test_so_does_that_of_the_first_version_of_groups(groups, quota, period, left):
    files = {"cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": period}
    groups(files, "4:memory:/docker/1f\n1:cpu,cpuacct:/docker/1f")  # a path that the container does not see
    assert cores.usable_cores() == left


def test_every_group_around_a_service_counts(groups):
    files = {"system.slice/cpu.max": "300000 100000", "system.slice/rag.service/cpu.max": "max 100000"}
    groups(files, "0::/system.slice/rag.service")
    assert cores.usable_cores() == 3


def test_without_groups_the_cores_are_those_that_it_is_bound_to(groups, monkeypatch):
    monkeypatch.setattr(cores, "OWN", Path("/no/such/file"))
    assert cores.usable_cores() == 8


@pytest.mark.parametrize(
    ("wanted", "threads"), [("3", 3), ("", 5), ("0", 5), ("all", 5), ("3,2", 3), ("-1", 5), ("9" * 5000, 5)]
)
def test_the_threads_are_those_of_the_environment(monkeypatch, wanted, threads):
    monkeypatch.setattr(cores, "usable_cores", lambda: 5)
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert cores.default_threads() == threads


@pytest.fixture
def two_cores(monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr("semtoken_rag.encoders.onnx.usable_cores", lambda: 2)


def test_an_engine_sets_the_threads_of_its_encoder(two_cores):
    encoders = [SemToken(config=Config(threads=n)).encoder for n in (1, 2, 1)]
    assert [encoder.threads for encoder in encoders] == [1, 2, 1]
    assert encoders[0] is encoders[2]


def test_the_encoder_behind_a_table_of_questions_has_them_too(two_cores):
    encoder = resolve_encoder("lookup", threads=1)
    assert isinstance(encoder, LookupEncoder)
    assert encoder.encoder.threads == 1


def test_a_table_needs_none():
    chunks = ["The tower opened in 1889. It rained."]
    one, two = (
        SemToken(encoder="static", config=Config(threads=n)).compress(chunks, "When?", max_tokens=8).text
        for n in (1, 2)
    )
    assert one == two


@pytest.mark.parametrize("bad", [0, -1, 1.5, True, "2"])
def test_what_is_no_number_of_threads_is_refused(bad):
    with pytest.raises(ValueError, match=f"threads must be an int of at least 1, got {bad!r}"):
        Config(threads=bad)


def test_an_encoder_object_has_threads_of_its_own():
    with pytest.raises(ValueError, match="threads must be set in the encoder where it is an object, got 1"):
        SemToken(encoder=HashEncoder(), config=Config(threads=1))
