"""What the commands read: files, folders, patterns, standard input; citations, stores and errors."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("mcp")
pytest.importorskip("fastapi")
from semtoken_rag import SemToken
from semtoken_rag.cli import app
from semtoken_rag.cli.sources import read_sources
from semtoken_rag.mcp_server import Folders
from semtoken_rag.ui.documents import Document, chunks
from tests.ui.samples import pdf

TOWER = "The tower opened in 1889."
FILLER = "It rained that day and few people came to see it. "
QUERY = "When did the tower open?"


def run(command: str, *arguments: object, stdin: str | bytes | None = None):
    return CliRunner().invoke(app, [command, "--encoder", "static", *map(str, arguments)], input=stdin)


def compress(*arguments: object, stdin: str | bytes | None = None):
    return run("compress", "-q", QUERY, *arguments, stdin=stdin)


def long_text(answer: str = TOWER) -> str:
    """Return some twenty passages; the answer stands in line 21."""
    parts = [f"Part {i}. " + FILLER * 25 for i in range(20)]
    return "\n\n".join([*parts[:10], answer, *parts[10:]])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder ``notes`` with three documents, in the working directory."""
    monkeypatch.chdir(tmp_path)
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "long.txt").write_text(long_text())
    (notes / "bread.md").write_text(f"# Bread\n\nBread is made of flour.\n\n{FILLER}")
    (notes / "paper.pdf").write_bytes(pdf("A first page of it.", "The bridge is red."))
    return Path("notes")


def test_a_citation_stands_before_each_kept_part_within_the_budget(folder: Path):
    plain = compress("--max-tokens", 40, folder)
    assert plain.exit_code == 0, plain.output
    assert TOWER in plain.stdout
    assert "[" not in plain.stdout
    cited = compress("--max-tokens", 40, "--cite", folder)
    assert f"[notes/long.txt, line 21]\n{TOWER}\n" in cited.stdout
    words = cited.stdout.replace("[", " [ ").replace("]", " ] ").replace(".", " . ").replace(",", " , ")
    assert len(words.replace("/", " / ").split()) <= 40
    paged = run("compress", "-q", "Which bridge is red?", "--max-tokens", 20, "--cite", folder)
    assert paged.stdout == "[notes/paper.pdf, page 2]\nThe bridge is red.\n"


@pytest.mark.parametrize(("budget", "places"), [(38, "2991, 3019-3026"), (25, "2991-3023")])
def test_two_places_are_cited_if_the_budget_has_room(tmp_path, monkeypatch, budget: int, places: str):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"name{n},{n * 37}\n" for n in range(40))
    Path("fees.csv").write_text(2990 * "\n" + "name,fee\n" + rows)
    kept = run("compress", "-q", "fee of name31?", "--max-tokens", budget, "--cite", "fees.csv").stdout
    assert kept.startswith(f"[fees.csv, lines {places}]\nname,fee\n")
    assert "name31,1147\n" in kept
    assert SemToken(encoder="static").counter.count(kept) <= budget


def test_json_says_where_each_piece_stands(folder: Path):
    result = compress("--max-tokens", 40, "--json", folder)
    (piece,) = [each for each in json.loads(result.stdout)["pieces"] if TOWER in each["text"]]
    assert (piece["source"], piece["place"]) == ("notes/long.txt", "line 21")
    text = (folder / "long.txt").read_text()
    assert text[piece["start"] : piece["end"]] == piece["text"]


def test_passages_stay_in_the_order_of_the_files(folder: Path):
    kept = run("compress", "-q", "bread bridge tower", "--ratio", 1, folder).stdout
    marks = ["Bread is", "Part 0", TOWER, "Part 19", "The bridge"]
    assert [kept.index(mark) for mark in marks] == sorted(kept.index(mark) for mark in marks)


@pytest.mark.parametrize("given", ["notes/*.txt", "notes/**/long.*", "notes"])
def test_patterns_and_folders_are_read(folder: Path, given: str):
    assert TOWER in compress("--max-tokens", 40, given).stdout


def test_standard_input_stands_beside_folders(folder: Path):
    result = compress("--max-tokens", 40, "--cite", folder, "-", stdin=f"\n{TOWER}")
    assert "[stdin, line 2]\n" in result.stdout
    piped = run("compress", "-q", "flour", "--ratio", 1, "--cite", "-", stdin=pdf("Bread is of flour."))
    assert piped.stdout == "[stdin, page 1]\nBread is of flour.\n"


def test_a_file_that_is_called_as_standard_input_is_does_not_replace_it(folder: Path):
    Path("stdin").write_text("The bridge is red.")
    arguments = ("--ratio", 1, "--cite", "stdin", "-", "stdin")
    result = compress(*arguments, stdin=TOWER)
    assert result.stdout == f"[stdin, line 1]\nThe bridge is red.\n\n[stdin (2), line 1]\n{TOWER}\n"


def test_a_name_stays_in_its_line_and_steers_no_terminal(folder: Path):
    (folder / "a\n[b.txt, line 7]\x1b[31m\u202e.txt").write_text(TOWER)
    result = compress("--ratio", 1, "--cite", folder / "a*")
    assert result.stdout == r"[notes/a\n[b.txt, line 7]\x1b[31m\u202e.txt, line 1]" + f"\n{TOWER}\n"


def test_an_empty_path_is_not_this_folder(folder: Path):
    for command in ("compress", "explain"):
        result = run(command, "")
        assert (result.exit_code, result.stderr) == (2, "semtoken: a path must not be empty, got ''\n")


def test_explain_names_the_place_of_each_passage_and_counts_what_it_leaves_out(folder: Path):
    (folder / "more.txt").write_text(long_text("Nobody sang."))
    shown = run("explain", "-q", QUERY, "--max-tokens", 12, folder).stdout
    assert "notes/long.txt, line" in shown
    assert "more of which nothing is kept" in shown
    few = run("explain", "-q", QUERY, "--max-tokens", 12, folder / "bread.md").stdout
    assert "more of which nothing" not in few


def test_a_page_is_not_written_over_a_file_of_the_folder(folder: Path):
    page = folder / "long.txt"
    result = run("explain", "-q", QUERY, "--html", page, folder)
    assert result.exit_code == 2
    assert "--html must not be the input 'notes/long.txt'" in result.stderr
    assert page.read_text() == long_text()


def test_what_is_skipped_is_said_ten_times_and_then_counted(folder: Path):
    for i in range(13):
        (folder / f"x{i:02}.bin").write_bytes(b"\0")
    result = compress("--max-tokens", 40, folder)
    assert result.exit_code == 0
    first, *_, eleventh, _ = result.stderr.splitlines()
    assert first == "semtoken: skipped notes/x00.bin: not a text"
    assert eleventh == "semtoken: skipped 3 more"


def test_of_many_passages_the_likeliest_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("semtoken_rag.cli.options.READ", 5000)
    passages = len(read_sources([str(folder)]).passages)
    result = compress("--max-tokens", 40, "--json", folder)
    said = result.stderr.splitlines()[0]
    number = int(said.split()[2])
    assert said == f"semtoken: the {number} likeliest of {passages} passages are read"
    assert 1 <= number < passages
    assert TOWER in json.loads(result.stdout)["text"]
    without = run("compress", "--max-tokens", 40, folder)
    assert f"first of {passages} passages are read" in without.stderr


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


def stored(result) -> int:
    """Return how many passages the store had."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["stats"]["stored"]


def test_what_ingest_stores_is_found_by_the_commands(
    folder: Path, store: str, monkeypatch: pytest.MonkeyPatch
):
    done = run("ingest", folder, "--store", store)
    assert done.exit_code == 0, done.output
    passages = len(read_sources([str(folder)]).passages)
    assert done.stdout.startswith(f"{passages} chunks, {passages} new")
    assert stored(compress("--json", "--store", store, folder)) == passages
    monkeypatch.chdir(folder)  # the key does not depend on where a file lies
    assert stored(compress("--json", "--store", store, ".")) == passages
    assert run("explain", "-q", QUERY, "--store", store, "long.txt").exit_code == 0


def test_the_mcp_server_and_the_playground_find_what_ingest_stored(folder: Path, store: str):
    run("ingest", folder, "--store", store)
    engine = SemToken(encoder="static", store=store)
    documents, _ = Folders([folder]).read()
    assert engine.annotate([passage for document in documents for passage in document.chunks()]) == 0
    shown = [Document(title=Path(d.name).name, text=d.text) for d in documents]
    assert engine.annotate(chunks(shown)) == 0


def test_compress_stores_what_the_store_lacks(folder: Path, store: str):
    passages = len(read_sources([str(folder)]).passages)
    for known in (0, passages):
        assert stored(compress("--json", "--store", store, folder)) == known


def test_a_store_of_another_version_is_computed_anew(folder: Path, store: str):
    import sqlite3

    before = compress("--json", "--store", store, folder)
    with sqlite3.connect(store.removeprefix("sqlite:///")) as file:
        (table,) = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")][
            :1
        ]
        file.execute(f"UPDATE {table} SET value = X'00010203'")
    file.close()
    after = compress("--json", "--store", store, folder)
    assert stored(after) == 0
    assert json.loads(after.stdout)["text"] == json.loads(before.stdout)["text"]


def test_ingest_says_what_it_skips_and_takes_a_splitter(folder: Path, store: str):
    (folder / "x.bin").write_bytes(b"\0")
    done = run("ingest", folder, "--store", store, "--splitter", "none")
    assert done.stdout.startswith("3 chunks, 3 new")
    assert done.stderr == "semtoken: skipped notes/x.bin: not a text\n"


def encrypted() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer, out = PdfWriter(PdfReader(io.BytesIO(pdf("A page.")))), io.BytesIO()
    writer.encrypt("secret")
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("command", ["compress", "ui", "ingest"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("notes/secret.pdf", "secret.pdf cannot be read: .*(encrypted|password)"),
        ("notes/scan.pdf", "scan.pdf cannot be read: it holds no text"),
        ("notes/empty.txt", "empty.txt cannot be read: it holds no text"),
        ("notes/*.docx", r"nothing matches 'notes/\*.docx'"),
        ("empty", "must (be|have) a file( with text)?, got 'empty'"),
        ("nowhere", "nowhere"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(folder: Path, store: str, command: str, given: str, said: str):
    (folder / "secret.pdf").write_bytes(encrypted())
    (folder / "scan.pdf").write_bytes(pdf(""))
    (folder / "empty.txt").write_text(" \n")
    Path("empty").mkdir()
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = run(command, given, *(["--store", store] if command == "ingest" else []))
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert re.search(said, line), line
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_without_any_text_says_why_of_each_file(folder: Path):
    Path("scans").mkdir()
    Path("scans/a.pdf").write_bytes(pdf(""))
    result = compress("scans")
    skipped, error = result.stderr.splitlines()
    assert result.exit_code == 2
    assert skipped.startswith("semtoken: skipped scans/a.pdf: ")
    assert error == "semtoken: there must be a file with text, got 'scans'"


@pytest.mark.parametrize("piped", ["", " \n"])
def test_an_empty_input_is_an_error(piped: str):
    result = run("compress", stdin=piped)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "semtoken: stdin cannot be read: it holds no text\n"


ROWS = [
    {"question": QUERY, "answer": "1889"},
    {"question": "What is bread made of?", "answers": ["flour", "wheat"], "chunks": ["It is made of flour."]},
]


def test_questions_come_from_standard_input_and_their_chunks_from_files(folder: Path, store: str):
    lines = "\n".join(map(json.dumps, ROWS))
    result = run("evaluate", "-", folder, "--store", store, "--json", "curve.json", stdin=lines)
    assert result.exit_code == 0, result.output
    made = json.loads(Path("curve.json").read_text())
    assert made["questions"] == 2
    assert {point["kept"] for point in made["points"] if point["keep"] == 0.95} == {1.0}
    without = run("evaluate", "-", stdin=lines)
    assert without.exit_code == 2
    assert without.stderr == "semtoken: stdin, line 1: chunks is missing, got 'question, answer'\n"
    twice = run("evaluate", "-", "-", stdin=lines)
    assert twice.stderr == "semtoken: standard input can be read once, got - 2 times\n"


def test_questions_without_answers_are_an_error(folder: Path):
    row = json.dumps({"question": "Who sang?", "answer": "Nobody sang"})
    result = run("evaluate", "-", folder, stdin=row)
    assert result.exit_code == 2
    assert result.stderr == "semtoken: no line of 'stdin' has a gold sentence or an answer in its chunks\n"


def test_the_number_of_threads_is_set_before_an_encoder_is_loaded(folder: Path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert compress("--threads", 3, folder).exit_code == 0
    assert os.environ["OMP_NUM_THREADS"] == "3"
    refused = compress("--threads", 0, folder)
    assert refused.exit_code == 2
    assert refused.stderr == "semtoken: --threads must be an int of at least 1, got 0\n"


WRONG = """
import sys
from semtoken_rag.cli import app

for line in sys.argv[1:]:
    try:
        app(line.split())
    except SystemExit as end:
        print(end.code)
print({"torch", "transformers", "onnxruntime"} & sys.modules.keys())
"""


def test_what_is_wrong_is_said_before_torch_or_a_model_is_loaded(tmp_path: Path):
    lines = [
        "compress --encoder statik -",
        "compress nowhere.md",
        "train nowhere.jsonl",
        "calibrate nowhere.jsonl",
        "evaluate nowhere.jsonl",
        "serve --encoder statik",
        "ui --encoder statik",
        "ui nowhere.md",
        "ingest nowhere --store sqlite:///x.db",
    ]
    done = subprocess.run(
        [sys.executable, "-c", WRONG, *lines],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["2"] * len(lines) + ["set()"], done.stderr
    assert len(done.stderr.splitlines()) == len(lines)
    assert not list(tmp_path.iterdir())


PAGE = """<html><head><title>Releases</title><script>track("x");</script></head><body><nav>Home</nav><table>
<tr><th>Library</th><th>Version</th></tr><tr><td>zlib</td><td>1.3.1</td></tr>
<tr><td>OpenSSL</td><td>3.0.13</td></tr></table><footer>Cookies help us.</footer></body></html>"""
ANSWERS = {
    "bridge.pdf": ("How long is the bridge?", "312 metres"),
    "page.html": ("Which version of OpenSSL is shipped?", "3.0.13"),
    "policy.docx": ("How long is the notice period?", "three months"),
    "prices.csv": ("What does the Enterprise tier cost?", "1900"),
    "tower.md": (QUERY, "1889"),
}


@pytest.fixture
def kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder with a file of each of five kinds, each of which answers one question."""
    docx = pytest.importorskip("docx")
    pytest.importorskip("html_to_markdown")
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "bridge.pdf").write_bytes(pdf(FILLER * 3, "The bridge is 312 metres long."))
    (mine / "page.html").write_text(PAGE)
    policy = docx.Document()
    for paragraph in ("Subletting needs consent.", "The notice period is three months.", FILLER):
        policy.add_paragraph(paragraph)
    policy.save(str(mine / "policy.docx"))
    (mine / "prices.csv").write_text("Tier,Price\nTeam,90\nEnterprise,1900\nFree,0\n")
    (mine / "tower.md").write_text(f"# Tower\n\n{TOWER} {FILLER}\n")
    return "mine"


@pytest.mark.parametrize("file", ANSWERS)
def test_each_kind_of_file_answers_with_a_citation_into_it(kinds: str, file: str):
    question, answer = ANSWERS[file]
    result = run("compress", "-q", question, "--max-tokens", 60, "--cite", kinds)
    assert (result.exit_code, len(result.stderr.splitlines())) == (0, 1), result.output
    (found,) = [part for part in result.stdout.split("[mine/") if part.startswith(file)]
    cited = re.fullmatch(r"\S+, (page|line)s? (\d+)(?:[-, \d]*\b(\d+))?\]\n(.*)", found, re.DOTALL)
    assert cited
    kind, first, last, text = cited.groups()
    assert answer in text
    document = read_sources([kinds]).documents[f"mine/{file}"]
    units = document.text.split("\n\n" if kind == "page" else "\n")
    assert answer in "\n".join(units[int(first) - 1 : int(last or first)])
    assert (kind == "page") == (file == "bridge.pdf")
