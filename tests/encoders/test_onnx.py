"""Encoders in the ONNX format: the same bits whatever is beside, and clear errors for foreign files."""

from __future__ import annotations

import builtins
import copy
import json
import os
import pickle
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import SemToken
from semtoken_rag.deadline import Deadline
from semtoken_rag.encoders import onnx_model
from semtoken_rag.encoders.base import encode
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.encoders.verify import SHIPPED, SHIPPED_FILE, verify_files
from semtoken_rag.errors import DeadlineExceeded

pytest.importorskip("onnxruntime")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "tower", "opened", "in", "1889", "."]
TEXTS = [
    "The tower opened in 1889.",
    "It rained.",
    "The lift is slow. " * 40,
    "",
    "塔は1889年に開いた。",
    "x" * 300,
]


@pytest.fixture(scope="module")
def shipped() -> OnnxEncoder:
    return OnnxEncoder()


@pytest.fixture(scope="module")
def tiny(tiny_bert) -> Path:
    return tiny_bert(WORDS, hidden=8, layers=2)


@pytest.fixture(scope="module")
def exported(tiny, tmp_path_factory):
    """Export the tiny model with so many bits a weight."""
    pytest.importorskip("onnx")
    from semtoken_rag.encoders.onnx_export import export
    from semtoken_rag.encoders.transformer import load_model

    _, module, tokenizer = load_model(str(tiny))

    def make(bits: int = 7, stem: str = "mine") -> Path:
        path = tmp_path_factory.mktemp("onnx") / f"{stem}.onnx"
        export(module, tokenizer, path, name=stem, bits=bits)
        return path

    return make


def same(one, other) -> bool:
    return all(
        np.array_equal(getattr(a, field), getattr(b, field))
        for a, b in zip(one, other, strict=True)
        for field in ("ids", "offsets", "vectors", "title_ids", "title_vectors")
    )


def test_the_shipped_file_is_the_pinned_one():
    verify_files(SHIPPED_FILE.parent, SHIPPED, "semtoken-rag")


def test_vectors_have_unit_length_and_offsets_slice_the_text(shipped):
    [got] = shipped.encode([TEXTS[0]], ["Paris"])
    assert [TEXTS[0][a:b] for a, b in got.offsets] == ["The", "tower", "opened", "in", "1889", "."]
    assert got.vectors.shape == (6, 384)
    assert got.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(got.vectors, axis=1), 1, atol=1e-5)
    assert len(got.title_ids) == len(got.title_vectors) == 1


@pytest.fixture(scope="module")
def by_threads() -> dict[int, OnnxEncoder]:
    return {threads: OnnxEncoder(threads=threads) for threads in (1, 2)}


@pytest.fixture(scope="module")
def alone(by_threads):
    return [by_threads[1].encode([text], ["A title"])[0] for text in TEXTS]


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(len(TEXTS))), st.integers(1, len(TEXTS)), st.sampled_from([1, 2]))
def test_neither_company_nor_order_nor_threads_change_a_bit(by_threads, alone, order, many, threads):
    taken = order[:many]
    together = by_threads[threads].encode([TEXTS[i] for i in taken], ["A title"] * many)
    assert same(together, [alone[i] for i in taken])


def test_more_threads_than_cores_are_not_taken(monkeypatch):
    monkeypatch.setattr("semtoken_rag.encoders.onnx.usable_cores", lambda: 2)
    assert OnnxEncoder(threads=9).threads == 2
    assert OnnxEncoder(threads=1).threads == 1
    with pytest.raises(ValueError, match="threads must be an int of at least 1, got 0"):
        OnnxEncoder(threads=0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_gets_the_same_bits(shipped, tmp_path):
    before = shipped.encode(TEXTS, [""] * len(TEXTS))
    child = os.fork()
    if not child:
        after = shipped.encode(TEXTS, [""] * len(TEXTS))
        os._exit(0 if same(before, after) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert same(before, shipped.encode(TEXTS, [""] * len(TEXTS)))


def test_a_call_that_is_out_of_time_stops_between_two_windows(exported):
    encoder, clock, ran = OnnxEncoder(exported(), threads=1), Deadline(60), []
    run = encoder.model.run

    def stopping(ids):
        ran.append(ids)
        clock.stop()
        return run(ids)

    encoder.model.run = stopping
    with pytest.raises(DeadlineExceeded):
        clock.run(lambda: encoder.encode(["the tower"] * 50, [""] * 50))
    assert len(ran) < 10


def test_a_failure_reaches_the_caller(exported):
    encoder = OnnxEncoder(exported())
    encoder.model.run = lambda ids: 1 / 0
    with pytest.raises(ZeroDivisionError):
        encoder.encode(["the tower"], [""])


def test_vectors_that_are_not_finite_are_refused(exported):
    encoder = OnnxEncoder(exported())
    encoder.model.run = lambda ids: np.full((len(ids), 8), np.nan, np.float32)
    with pytest.raises(FloatingPointError, match="mine:"):
        encode(encoder, ["the tower"], [""])


@pytest.mark.parametrize(("bits", "least"), [(32, 0.9999), (8, 0.98), (7, 0.97)])
def test_an_export_makes_nearly_the_vectors_of_torch(exported, tiny, bits, least):
    from semtoken_rag.encoders.transformer import TransformerEncoder

    exact = TransformerEncoder(str(tiny), device="cpu")
    exact.module.float()
    pairs = zip(OnnxEncoder(exported(bits)).encode(TEXTS, TEXTS), exact.encode(TEXTS, TEXTS), strict=True)
    assert min(float((a.vectors * b.vectors).sum(1).min(initial=1)) for a, b in pairs) > least


@pytest.mark.model
def test_the_shipped_file_makes_nearly_the_vectors_of_torch(shipped):
    pytest.importorskip("torch")
    from semtoken_rag.encoders.transformer import TransformerEncoder

    texts = [
        p for p in Path("docs/how-it-works.md").read_text(encoding="utf-8").split("\n\n") if len(p) > 200
    ]
    exact = TransformerEncoder(SHIPPED_FILE, device="cpu")
    exact.module.float()
    pairs = zip(shipped.encode(texts, [""] * len(texts)), exact.encode(texts, [""] * len(texts)), strict=True)
    cosine = np.concatenate([(a.vectors * b.vectors).sum(1) for a, b in pairs])
    assert cosine.mean() > 0.98
    assert np.quantile(cosine, 0.05) > 0.97


@pytest.mark.parametrize(("bits", "least"), [(32, 0.9999), (7, 0.97)])
def test_torch_reads_a_file_back(exported, bits, least):
    from semtoken_rag.encoders.transformer import TransformerEncoder

    path = exported(bits)
    found, again = OnnxEncoder(path), TransformerEncoder(path, device="cpu")
    again.module.float()
    assert again.name.split(":")[0] == found.name.split(":")[0] == path.stem
    pairs = zip(found.encode(TEXTS, TEXTS), again.encode(TEXTS, TEXTS), strict=True)
    assert min(float((a.vectors * b.vectors).sum(1).min(initial=1)) for a, b in pairs) > least


def test_a_file_without_a_tokenizer_in_it_is_not_read_by_torch(exported, tmp_path):
    onnx = pytest.importorskip("onnx")
    from semtoken_rag.encoders.onnx_import import load_bert

    model = onnx.load(exported())
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "bare.onnx")
    with pytest.raises(ValueError, match=r"bare.onnx' is no file of `semtoken train`"):
        load_bert(tmp_path / "bare.onnx")
    (tmp_path / "text.onnx").write_text("no model", encoding="utf-8")
    with pytest.raises(ValueError, match=r"text.onnx' cannot be read"):
        load_bert(tmp_path / "text.onnx")


def test_an_export_has_the_same_bytes_twice(exported):
    assert exported().read_bytes() == exported().read_bytes()


@pytest.mark.parametrize("bits", [1, 9, 0, 16, "8"])
def test_bits_that_no_weight_has_are_refused(exported, bits):
    with pytest.raises(ValueError, match=f"bits must be in 2 to 8 or 32, got {bits!r}"):
        exported(bits)


def test_a_model_that_is_no_bert_is_not_exported(tmp_path, tiny):
    transformers = pytest.importorskip("transformers")
    from semtoken_rag.encoders.onnx_export import export

    config = transformers.DistilBertConfig(vocab_size=9, dim=8, n_layers=1, n_heads=2, hidden_dim=16)
    with pytest.raises(ValueError, match=r"only a BERT .* got .'distilbert'"):
        export(transformers.DistilBertModel(config), None, tmp_path / "a.onnx", name="a")


def test_a_file_is_loaded_by_its_path(exported):
    path = exported(stem="named")
    encoder = resolve_encoder(str(path))
    assert encoder is resolve_encoder(path)
    assert encoder.name.startswith("named:")
    context = SemToken(encoder=path).compress(["The tower opened. It rained."], "tower", max_tokens=5)
    assert context.stats.fallback is None


@pytest.fixture
def hub_folder(exported, tiny, tmp_path):
    """Lay files out as on the hub, without weights for torch."""

    def make(place: str = "onnx/model.onnx", config: str | None = None) -> Path:
        folder = tmp_path / "hub"
        (folder / place).parent.mkdir(parents=True)
        shutil.copyfile(exported(), folder / place)
        shutil.copyfile(tiny / "tokenizer.json", folder / "tokenizer.json")
        text = (tiny / "config.json").read_text(encoding="utf-8")
        (folder / "config.json").write_text(config or text, encoding="utf-8")
        return folder

    return make


@pytest.mark.parametrize("place", ["onnx/model.onnx", "model.onnx"])
def test_a_folder_of_the_hub_needs_no_torch(hub_folder, place, monkeypatch):
    folder = hub_folder(place)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "transformers", None)
    encoder = resolve_encoder(str(folder))
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.encode(["The tower opened."], [""])[0].vectors.shape == (4, 8)
    assert encoder.window == 128  # of its configuration


def test_a_hidden_size_that_is_not_that_of_the_configuration_is_refused(hub_folder):
    with pytest.raises(ValueError, match=r"must return \(3, 384\) for 3 tokens, got \(3, 8\)"):
        OnnxEncoder(hub_folder(config='{"hidden_size": 384}'))


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(hub_folder):
    folder = hub_folder()
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["model"]["vocab"]["more"] = len(WORDS)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(ValueError, match="cannot run"):
        OnnxEncoder(folder)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x09\x12\x00" * 40])
def test_a_damaged_file_is_refused_with_its_path(tmp_path, content):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path}.*cannot be opened|takes"):
        OnnxEncoder(path)


def test_a_file_that_was_cut_off_is_refused(exported, tmp_path):
    whole = exported().read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=str(path)):
        OnnxEncoder(path)


@pytest.mark.parametrize("given", ["nothing.onnx", "empty"])
def test_a_path_without_a_model_is_refused(tmp_path, given):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"neither an .onnx file nor a folder with one of"):
        OnnxEncoder(tmp_path / given)


@pytest.fixture
def foreign(tmp_path):
    """Write a model of one operator, with inputs and outputs of these shapes."""
    onnx = pytest.importorskip("onnx")

    def make(inputs: dict[str, int], shape: list) -> Path:
        helper = onnx.helper
        puts = [helper.make_tensor_value_info(name, kind, shape) for name, kind in inputs.items()]
        out = helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, shape)
        node = helper.make_node("Cast", [next(iter(inputs))], ["out"], to=onnx.TensorProto.FLOAT)
        graph = helper.make_graph([node], "g", puts, [out])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        path = tmp_path / "foreign.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return make


@pytest.mark.parametrize(
    ("inputs", "shape", "message"),
    [
        ({"pixels": 1}, [1, "n", 3], r"must take integers as .*'pixels'"),
        ({"input_ids": 1}, [1, "n"], r"must take integers"),
        ({"input_ids": 7, "position_ids": 7}, [1, "n"], r"must take integers as .*'position_ids'"),
        ({"input_ids": 7}, [1, "n"], r"must return \(batch, tokens, d\), it returns .*'out'"),
        ({"input_ids": 7}, [1, "n", 3], r"has no tokenizer in its metadata: give the folder"),
    ],
)
def test_a_foreign_model_is_refused_with_what_it_takes_and_returns(foreign, inputs, shape, message):
    with pytest.raises(ValueError, match=message):
        OnnxEncoder(foreign(inputs, shape))


def test_an_old_onnxruntime_is_refused_with_its_version(monkeypatch):
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "__version__", "1.12.1")
    with pytest.raises(ImportError, match=r"onnxruntime must be at least 1\.20, got 1\.12\.1"):
        OnnxEncoder()


def test_int32_inputs_masks_and_types_are_fed(exported, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(exported())
    for name in ("attention_mask", "token_type_ids"):
        model.graph.input.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT32, [1, "tokens"])
        )
    onnx.save(model, path := tmp_path / "more.onnx")
    assert same(OnnxEncoder(path).encode(TEXTS, TEXTS), OnnxEncoder(exported()).encode(TEXTS, TEXTS))


def test_the_digest_counts_the_weights_beside_the_file(exported, tmp_path):
    path = exported()
    before = onnx_model.OnnxModel(path).digest
    path.with_name(f"{path.name}_data").write_bytes(b"weights")
    assert onnx_model.OnnxModel(path).digest != before


@pytest.mark.parametrize("threads", [True, 2.5, float("nan"), "2", [1]])
def test_threads_that_are_no_number_of_threads_are_refused(threads):
    with pytest.raises(ValueError, match=r"threads must be an int of at least 1, got "):
        OnnxEncoder(threads=threads)


@pytest.mark.parametrize("window", [0, 2.5, "256", None])
def test_a_window_that_is_no_number_of_tokens_is_refused(window):
    with pytest.raises(ValueError, match=r"window must be an int of at least 1, got "):
        OnnxEncoder(window=window)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda encoder: pickle.loads(pickle.dumps(encoder))])
def test_a_copy_has_the_same_bits_and_key(exported, copied):
    encoder = OnnxEncoder(exported(), threads=1, window=64, overlap=8)
    other = copied(encoder)
    assert same(encoder.encode(TEXTS, TEXTS), other.encode(TEXTS, TEXTS))
    assert (other.fingerprint, other.threads) == (encoder.fingerprint, 1)


def test_a_thread_that_sees_the_process_of_the_pool_sees_the_pool(exported, monkeypatch):
    encoder = OnnxEncoder(exported(), threads=1)
    encoder._process, seen = -1, []
    made = ThreadPoolExecutor

    def making(threads):
        seen.append(encoder._process)
        return made(threads)

    class Watched(OnnxEncoder):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            seen.append(name)

    encoder.__class__ = Watched
    monkeypatch.setattr("semtoken_rag.encoders.onnx.ThreadPoolExecutor", making)
    encoder.encode(["the tower"], [""])
    assert seen == [-1, "_pool", "_process"]


@pytest.mark.parametrize("error", [AttributeError("_ARRAY_API not found"), OSError("no such library")])
def test_an_onnxruntime_that_cannot_be_imported_is_named_with_its_error(monkeypatch, error):
    find = builtins.__import__

    def failing(name, *args, **kwargs):
        if name == "onnxruntime":
            raise error
        return find(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", failing)
    with pytest.raises(ImportError, match=f"onnxruntime cannot be imported: {type(error).__name__}: "):
        OnnxEncoder()


def test_a_folder_that_an_uninstallation_left_is_no_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", ModuleType("onnxruntime"))
    with pytest.raises(ImportError, match=r"onnxruntime must be at least 1\.20, got none"):
        OnnxEncoder()


def test_a_file_with_brackets_in_its_name_has_the_digest_of_its_content(exported, tmp_path):
    shutil.copyfile(path := exported(), other := tmp_path / "a[1].onnx")
    (tmp_path / "a[1].onnx.d").mkdir()
    assert onnx_model.OnnxModel(other).digest == onnx_model.OnnxModel(path).digest


def test_the_digest_counts_the_tokenizer_beside_the_file(hub_folder):
    folder = hub_folder()
    before = onnx_model.OnnxModel(folder).digest
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["normalizer"]["lowercase"] = not tokenizer["normalizer"]["lowercase"]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    assert onnx_model.OnnxModel(folder).digest != before


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", r"has a config.json that cannot be read"),
        ("[1]", r"must have an object in config.json, got \[1\]"),
        ('{"max_position_embeddings": "many"}', r"must say how many tokens it takes, it says 'many'"),
    ],
)
def test_a_configuration_that_is_none_is_refused_with_its_folder(hub_folder, config, message, monkeypatch):
    monkeypatch.setattr(onnx_model, "LONGEST", "unsaid")
    with pytest.raises(ValueError, match=f"encoder '.*hub' {message}"):
        OnnxEncoder(hub_folder(config=config))


@pytest.mark.parametrize("place", ["onnx/model_quantized.onnx", "model_quantized.onnx"])
def test_another_file_of_a_folder_of_the_hub_has_the_tokenizer_of_the_folder(hub_folder, tmp_path, place):
    onnx = pytest.importorskip("onnx")
    folder = hub_folder(place)
    model = onnx.load(folder / place)
    del model.metadata_props[:]
    onnx.save(model, folder / place)
    encoder = resolve_encoder(folder / place)
    assert encoder.encode(["The tower opened."], [""])[0].vectors.shape == (4, 8)
    assert encoder.window == 128  # of the folder's configuration


@pytest.mark.parametrize(
    "model",
    [
        {"type": "WordLevel", "vocab": {}, "unk_token": "[UNK]"},
        {"type": "BPE", "vocab": {}, "merges": []},
    ],
)
def test_a_tokenizer_without_tokens_is_refused(hub_folder, model):
    folder = hub_folder()
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": model}), encoding="utf-8")
    with pytest.raises(ValueError, match="cannot run: "):
        OnnxEncoder(folder)


def test_a_tokenizer_that_lacks_letters_is_taken(hub_folder):
    folder = hub_folder()
    model = {"type": "BPE", "vocab": {"b": 0}, "merges": []}
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": model}), encoding="utf-8")
    assert OnnxEncoder(folder).encode(["bab"], [""])[0].vectors.shape == (2, 8)


@pytest.mark.parametrize(("threads", "said"), [(1, "onnx cpu, 1 thread"), (2, "onnx cpu, 2 threads")])
def test_the_stats_say_what_it_runs_on(threads, said, monkeypatch):
    monkeypatch.setattr("semtoken_rag.encoders.onnx.usable_cores", lambda: 2)
    engine = SemToken(encoder=OnnxEncoder(threads=threads))
    assert engine.compress(TEXTS[:2], "When did it open?", max_tokens=7).stats.device == said


class Silent:
    """An encoder that does not say what it runs on."""

    def __init__(self):
        made = resolve_encoder("static")
        self.name, self.encode, self.count = "silent", made.encode, made.count


def test_an_encoder_need_not_say_what_it_runs_on():
    stats = SemToken(encoder=Silent(), on_error="raise").compress(TEXTS[:2], "open?", max_tokens=4).stats
    assert stats.device is None
