"""Ingestion: corpora on disk, runs that are killed, processes and threads that share a store."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semtoken_rag import Chunk, SemToken
from semtoken_rag.cli import app
from semtoken_rag.ingest import IngestStats, Source, ingest, ingest_ray, open_source
from semtoken_rag.ingest.splitters import resolve_splitter
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.sqlite import SQLiteStore

ROOT = Path(__file__).resolve().parents[2]
N = 300
BATCH = 8

KILLED = """
import sys
from semtoken_rag import SemToken
from semtoken_rag.ingest import ingest, open_source

def wait(done):
    print(done.chunks, flush=True)
    sys.stdin.readline()

engine = SemToken(encoder="static", store=sys.argv[2])
ingest(engine, open_source(sys.argv[1]), batch_size=int(sys.argv[3]), on_progress=wait)
"""

HAMMER = """
import json, random, sys, time
from concurrent.futures import ThreadPoolExecutor
from semtoken_rag import SemToken
from semtoken_rag.store import SQLiteStore

path, most, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
cases = json.load(sys.stdin)
engine = SemToken(encoder="static", store=SQLiteStore(path, max_bytes=most), on_error="raise")

def work(seed):
    rng, end, calls, warm = random.Random(seed), time.monotonic() + seconds, 0, 0
    while calls < 6 or time.monotonic() < end:
        case = rng.choice(cases)
        got = engine.compress(case["texts"], case["query"], max_tokens=case["tokens"])
        if got.text != case["text"]:
            raise AssertionError(f"{got.text!r} is not {case['text']!r}")
        calls, warm = calls + 1, warm + got.stats.stored
    return calls, warm

with ThreadPoolExecutor(4) as pool:
    calls, warm = map(sum, zip(*pool.map(work, range(4))))
print(json.dumps({"calls": calls, "warm": warm}))
"""


def texts(n: int = N) -> list[str]:
    return [
        f"Town {i} has {i * 37 % 1000} people. Its mayor was born in {1900 + i % 90}. It lies by the sea."
        for i in range(n)
    ]


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return write(tmp_path / "corpus.jsonl", [{"text": text, "title": "Towns"} for text in texts()])


def values(store) -> dict[str, bytes]:
    keys = sorted(store.yield_keys())
    return dict(zip(keys, store.mget(keys), strict=True))


def expected(source: Source) -> dict[str, bytes]:
    store = MemoryStore()
    SemToken(encoder="static", store=store).annotate(list(source))
    return values(store)


def halves(source: Source, most: int) -> list[Chunk]:
    return [chunk for part in source.split(most) for chunk in part]


def test_a_folder_is_read_file_by_file(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.md").write_bytes(b"# Two\r\n\r\nlines")
    (tmp_path / "deep" / "a.TXT").write_text("Größe", encoding="utf-8")
    (tmp_path / "c.bin").write_bytes(b"\0")
    source = open_source(tmp_path, "none")
    assert [(chunk.text, chunk.context) for chunk in source] == [("# Two\r\n\r\nlines", "b"), ("Größe", "a")]
    assert source.skipped == [((tmp_path / "c.bin").as_posix(), "not a text")]
    assert source.rows() is None
    assert [len(list(part)) for part in source.split(5)] == [1, 0, 1]


def test_links_out_of_a_folder_are_left_out(tmp_path: Path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (folder / "deep").mkdir(parents=True)
    (outside / "secret.md").write_text("The code is 4711.")
    (folder / "a.md").write_text("Hello.")
    (folder / "deep" / "file.md").symlink_to(outside / "secret.md")
    (folder / "deep" / "relative.txt").symlink_to("../../outside/secret.md")
    (folder / "all").symlink_to(outside)
    (folder / "deep" / "inside.md").symlink_to(folder / "a.md")
    (tmp_path / "alias").symlink_to(folder)
    for root in (folder, tmp_path / "alias"):
        source = open_source(root)
        assert {Path(chunk.source).name: chunk.text for chunk in source} == {
            "a.md": "Hello.",
            "inside.md": "Hello.",
        }
        assert {(Path(name).name, reason) for name, reason in source.skipped} == {
            ("all", "a link that leads out of the folder"),
            ("file.md", "a link that leads out of the folder"),
            ("relative.txt", "a link that leads out of the folder"),
        }
    (folder / "a.md").unlink()
    (folder / "a.md").symlink_to(outside / "secret.md")  # since the files were listed
    assert not list(source)
    assert len(source.skipped) == 5


def test_lines_are_rows_with_metadata(tmp_path: Path):
    path = write(
        tmp_path / "x.jsonl",
        [
            {"text": "a", "title": "T", "id": 7, "lang": "en", "n": [1]},
            {"text": "b\ud800\u2028c", "title": None},
        ],
    )
    path.write_bytes(path.read_bytes() + b"\n  \r\n" + b'{"text": ""}')
    assert list(open_source(path)) == [
        Chunk("a", id="7", title="T", metadata={"lang": "en", "n": [1]}),
        Chunk("b\ud800\u2028c"),
        Chunk(""),
    ]


@pytest.mark.parametrize("most", [1, 2, 7, 1000])
def test_parts_of_a_file_have_each_line_once(tmp_path: Path, most: int):
    rows = [{"text": f"{i} " + "x" * (i * 7919 % 30_000)} for i in range(60)]
    source = open_source(write(tmp_path / "x.jsonl", rows))
    assert 1 <= len(source.split(most)) <= most
    assert [chunk.text for chunk in halves(source, most)] == [row["text"] for row in rows]


def test_a_line_that_begins_where_a_part_does_is_in_that_part(tmp_path: Path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"text": "%s"}\n' % (b"x" * 987) * 200)
    assert path.stat().st_size == 200 * 1000
    assert [len(list(part)) for part in open_source(path).split(4)] == [50, 50, 50, 50]


def test_parquet(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow", reason="needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    path = tmp_path / "x.parquet"
    table = pyarrow.table(
        {"text": texts(50), "title": ["T"] * 49 + [None], "id": range(50), "lang": ["en"] * 50}
    )
    parquet.write_table(table, path, row_group_size=20)
    source = open_source(path)
    read = list(source)
    assert [chunk.text for chunk in read] == texts(50)
    assert (read[0].title, read[49].title, read[49].id, read[0].metadata) == ("T", "", "49", {"lang": "en"})
    assert source.rows() == 50
    assert [part.rows() for part in source.split(5)] == [20, 20, 10]
    assert halves(source, 2) == read
    parquet.write_table(pyarrow.table({"text": ["a", "b", None]}), path, row_group_size=2)
    with pytest.raises(ValueError, match=r"x\.parquet, row 3: text must be a str, got None"):
        list(open_source(path))
    path.write_bytes(b"no parquet")
    with pytest.raises(ValueError, match=r"x\.parquet: "):
        open_source(path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"{not json", "a row must be JSON, got b'{not json"),
        (b'{"text": "caf\xe9"}', r"a row must be JSON, got b'\{\"text\": \"caf\\xe9"),
        (b"[1]", r"a row must be an object, got \[1\]"),
        (b'{"title": "T"}', "text must be a str, got None"),
        (b'{"text": 5}', "text must be a str, got 5"),
        (b'{"text": "a", "title": 5}', "title must be a str, got 5"),
        (b'{"text": "a", "id": {}}', r"id must be a str or an int, got \{\}"),
        (b"[" * 100_000, "a row must be JSON, got "),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, row: bytes, message: str):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"text": "a"}\n\n' + row + b"\n")
    with pytest.raises(ValueError, match=rf"x\.jsonl, line 3: {message}") as error:
        list(open_source(path))
    assert len(str(error.value)) < len(str(path)) + 150


def test_the_line_is_counted_from_the_start_of_the_file_in_every_part(tmp_path: Path):
    rows: list[object] = [{"text": "x" * 1000}] * 199
    source = open_source(write(tmp_path / "x.jsonl", [*rows, {"text": 5}]))
    *_, last = source.split(3)
    with pytest.raises(ValueError, match="line 200: text must be"):
        list(last)


def test_a_file_that_is_not_utf8_is_skipped_in_a_folder_and_refused_by_name(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"one\ntwo caf\xe9")
    (tmp_path / "b.txt").write_text("Hello.")
    source = open_source(tmp_path)
    assert [chunk.title for chunk in source] == ["b"]
    assert source.skipped[0].reason == "not UTF-8, got byte E9 in line 2; save it as UTF-8"
    with pytest.raises(ValueError, match=r"a\.txt cannot be read: not UTF-8"):
        list(open_source(tmp_path / "a.txt"))


def test_what_is_no_source(tmp_path: Path, lines: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="must have a file, got "):
        open_source(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        open_source(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"splitter is for files .*, got 'none' with .*corpus\.jsonl"):
        open_source(lines, "none")


@pytest.mark.parametrize(
    "name", ["", "sentences", "recursive", "recursive:800", "recursive:a:b", "recursive:9:9"]
)
def test_what_is_no_splitter(name: str):
    with pytest.raises(ValueError, match="splitter must"):
        resolve_splitter(name)


def test_keys_meet_those_of_a_rag_that_splits_with_langchain(tmp_path: Path):
    splitters = pytest.importorskip("langchain_text_splitters")
    documents = pytest.importorskip("langchain_core.documents")
    from langchain_semtoken.documents import to_chunks

    text = "\n\n".join(f"# Town {i}\n\n{each}" for i, each in enumerate(texts(40)))
    (tmp_path / "towns.md").write_text(text)
    store = MemoryStore()
    engine = SemToken(encoder="static", store=store)
    done = ingest(engine, open_source(tmp_path, "recursive:300:50"))
    cutter = splitters.RecursiveCharacterTextSplitter(chunk_size=300, chunk_overlap=50)
    found = cutter.split_documents([documents.Document(text, metadata={"source": "towns.md"})])
    context = engine.compress(
        [*to_chunks(found, "title").chunks.values()], "Who lives in Town 7?", max_tokens=40
    )
    assert context.stats.stored == len(found) == done.chunks > 10


def test_ingest_fills_the_store_and_tells_what_it_did(lines: Path):
    store, seen = MemoryStore(), []
    engine = SemToken(encoder="static", store=store)
    done = ingest(engine, open_source(lines), batch_size=100, on_progress=seen.append)
    assert (done.chunks, done.new) == (N, N)
    assert done.tokens == sum(map(engine.encoder.count, texts()))
    assert [progress.chunks for progress in seen] == [100, 200, 300]
    assert seen[-1] == done
    assert values(store) == expected(open_source(lines))
    again = ingest(engine, open_source(lines))
    assert (again.chunks, again.new, again.tokens) == (N, 0, 0)
    assert engine.compress(list(open_source(lines))[:3], "How many?", max_tokens=9).stats.stored == 3


def test_ingest_takes_strings_and_reads_no_further_than_it_must():
    read: list[str] = []
    ahead: list[int] = []
    ingest(
        SemToken(encoder="static", store="memory://"),
        (read.append(text) or text for text in texts(30)),
        batch_size=4,
        on_progress=lambda done: ahead.append(len(read) - done.chunks),
    )
    assert len(read) == 30
    assert set(ahead) == {0}


def test_bad_arguments():
    engine = SemToken(encoder="static", store="memory://")
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        ingest(engine, ["a"], batch_size=0)
    with pytest.raises(ValueError, match="store=None"):
        ingest(SemToken(encoder="static"), ["a"])
    assert ingest(engine, []) == IngestStats()


def test_a_run_that_is_killed_is_continued(lines: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/store.db"
    command = [sys.executable, "-c", KILLED, str(lines), url, str(BATCH)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin
        assert child.stdout
        for _ in range(5):
            done = int(child.stdout.readline())
            child.stdin.write("go on\n")
            child.stdin.flush()
        child.kill()  # somewhere in the next batch
        assert child.wait() == -signal.SIGKILL
    store = SQLiteStore(tmp_path / "store.db")
    there = len(list(store.yield_keys()))
    assert done == 5 * BATCH
    assert there in (done, done + BATCH)
    report = ingest(SemToken(encoder="static", store=url), open_source(lines), batch_size=BATCH)
    assert (report.chunks, report.new) == (N, N - there)
    assert values(store) == expected(open_source(lines))


def test_processes_and_threads_share_a_file(tmp_path: Path):
    path, most = tmp_path / "store.db", 256 * 2**10
    made, cases, store = texts(400), [], MemoryStore()
    cold = SemToken(encoder="static", store=store)
    for i in range(0, 400, 8):
        some, query = made[i : i + 8], f"Who was mayor of Town {i + 3}?"
        text = cold.compress(some, query, max_tokens=40).text
        cases.append({"texts": some, "query": query, "tokens": 40, "text": text})
    assert store.size > most, "the bound must bind"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(path), str(most), "2"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    told = []
    for child in children:  # the others read their input meanwhile
        assert child.stdin
        child.stdin.write(json.dumps(cases))
        child.stdin.close()
        child.stdin = None
    for child in children:
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
        assert err == ""
        told.append(json.loads(out))
    assert min(t["calls"] for t in told) >= 24
    assert sum(t["warm"] for t in told) > 0
    assert path.stat().st_size <= 1.5 * most


@pytest.mark.parametrize("store", ["memory://", "sqlite:///", "sqlite://x.db", None, MemoryStore()])
def test_ray_refuses_a_store_that_workers_cannot_share(lines: Path, store):
    with pytest.raises(ValueError, match="which workers share, got ") as error:
        ingest_ray(lines, store=store)
    assert repr(store)[:10] in str(error.value)


def test_ray_refuses_bad_arguments_before_it_starts(lines: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/store.db"
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        ingest_ray(lines, store=url, batch_size=0)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ingest_ray(tmp_path / "nowhere", store=url)


def run(*arguments: object):
    return CliRunner().invoke(app, ["ingest", *map(str, arguments)])


def test_command(lines: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/store.db"
    for new in (N, 0):
        result = run(lines, "--store", url, "--encoder", "static", "--batch-size", 50)
        assert result.exit_code == 0, result.output
        assert f"{N} chunks, {new} new" in result.stdout
        assert result.stderr == ""
    assert values(SQLiteStore(tmp_path / "store.db")) == expected(open_source(lines))


def test_rows_and_documents_are_ingested_together(tmp_path: Path):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.jsonl", [{"text": f"Row {i} of {name}."} for i in range(3)])
    (tmp_path / "notes.md").write_text("The tower opened in 1889.")
    given = (tmp_path / "*.jsonl", tmp_path / "notes.md", "--store", f"sqlite:///{tmp_path}/x.db")
    result = run(*given, "--encoder", "static")
    assert result.stdout.startswith("7 chunks, 7 new"), result.output


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--store", "memory://"], "memory://"),
        (["--store", "mysql://x"], "mysql://x"),
        (["--store", "sqlite:///{tmp}/x.db", "--workers", 2], "--engine ray, got 2"),
        (["--store", "sqlite:///{tmp}/x.db", "--engine", "spark"], "spark"),
        (["--store", "sqlite:///{tmp}/x.db", "--batch-size", 0], "got 0"),
        (["--store", "sqlite:///{tmp}"], "cannot be used: unable to open"),
        ([], "--store"),
    ],
)
def test_bad_commands_exit_with_2_and_show_the_value(lines: Path, tmp_path: Path, arguments, shown: str):
    result = run(lines, "--encoder", "static", *(str(a).format(tmp=tmp_path) for a in arguments))
    assert result.exit_code == 2
    assert shown in result.stderr
    assert "Traceback" not in result.output


def test_a_bad_row_is_one_line_on_the_terminal(tmp_path: Path):
    path = write(tmp_path / "x.jsonl", [{"text": "a"}, {"text": 5}])
    result = run(path, "--store", f"sqlite:///{tmp_path}/x.db", "--encoder", "static")
    assert result.exit_code == 2
    assert result.stderr == f"semtoken: {path}, line 2: text must be a str, got 5\n"
