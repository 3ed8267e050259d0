"""The tools of the MCP server through the SDK's client: slices are cited, nothing outside is read."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client
from typer.testing import CliRunner

from semtoken_rag import SemToken
from semtoken_rag.cli import app
from semtoken_rag.files import read_document
from semtoken_rag.mcp_server import Folders, Limits, create_server
from semtoken_rag.mcp_server import server as serving
from semtoken_rag.stages.passages import LONG, passages
from semtoken_rag.testing import HashEncoder
from tests.support.held import Held, until
from tests.support.samples import BREAD, PARIS, QUERY, ROME
from tests.ui.samples import pdf

ANSWER = "The Eiffel Tower is 330 metres tall."
FENCED = "# Guide\n\n```bash\n# not a heading\nmake all\n```\n\n## Towers\n\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One file of each kind, in the working directory; the answer is in each."""
    monkeypatch.chdir(tmp_path)
    root = Path("files")
    (root / "deep").mkdir(parents=True)
    (root / "a.md").write_bytes((FENCED + PARIS).encode())
    (root / "b.txt").write_bytes(f"{BREAD}\r\n\r\n{PARIS}\r\n".encode())
    (root / "deep" / "c.py").write_text(
        f'def tall():\n    """{ANSWER}"""\n    return 330\n', encoding="utf-8"
    )
    (root / "deep" / "d.html").write_text(
        f"<html><body><h1>Towers</h1>\n<p>{ANSWER}</p>\n<p>{BREAD}</p></body></html>", encoding="utf-8"
    )
    (root / "e.pdf").write_bytes(pdf("Bread is made of flour.", ANSWER))
    return root


def texts(result) -> str:
    return "\n".join(block.text for block in result.content)


def sentence(result) -> str:
    assert result.is_error
    (block,) = result.content
    assert block.text
    assert "\n" not in block.text
    assert len(block.text) < 400
    return block.text


def check_slices(result, root: Path) -> None:
    """Each citation is a slice of the file as it is read, and stands in the text that the model sees."""
    for passage in result.structured_content["passages"]:
        assert Path(passage["path"]).is_relative_to(root)
        document = read_document(passage["path"], Path(passage["path"]).read_bytes())
        for piece in passage["pieces"]:
            text = document.text[piece["start"] : piece["end"]]
            assert text
            assert text in passage["text"]
            assert passage["text"] in result.content[0].text


def test_a_search_cites_each_kind_of_file_within_the_budget(call, engine, folder):
    result = call([folder], ("search_files", {"question": QUERY, "max_tokens": 400}))
    found = {Path(p["path"]).name: p for p in result.structured_content["passages"]}
    assert set(found) == {"a.md", "b.txt", "c.py", "d.html", "e.pdf"}
    check_slices(result, folder)
    assert engine.counter.count(result.content[0].text) <= 400
    assert result.structured_content["skipped"] == []
    assert found["e.pdf"]["pieces"][-1]["place"] == "pages 1-2"
    assert found["c.py"]["pieces"][0]["place"].startswith("line")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bodies=st.lists(
        st.lists(
            st.sampled_from([PARIS, BREAD, ROME, "# Towers", "| a | b |", "x" * 90, "灯塔高60米。", ""]),
            max_size=30,
        ),
        min_size=1,
        max_size=4,
    ),
    budget=st.integers(1, 300),
    joint=st.sampled_from(["\n\n", "\n", "\r\n", " "]),
)
def test_citations_slice_the_files_and_the_budget_holds(
    call, engine, tmp_path_factory, bodies, budget, joint
):
    root = tmp_path_factory.mktemp("any")
    for number, parts in enumerate(bodies):
        (root / f"{number}.md").write_bytes(joint.join(parts).encode())
    result = call([root], ("search_files", {"question": QUERY, "max_tokens": budget}))
    check_slices(result, root)
    if result.structured_content["passages"]:
        assert engine.counter.count(result.content[0].text) <= budget


def test_a_big_folder_is_searched_by_words_first(call, tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02}.txt").write_text(f"Note {number}. {BREAD} {ROME}\n\n" * 8, encoding="utf-8")
    (tmp_path / "zz.txt").write_text(PARIS, encoding="utf-8")
    result = call([tmp_path], ("search_files", {"question": QUERY, "max_tokens": 60}))
    assert ANSWER in result.content[0].text
    check_slices(result, tmp_path)


def test_what_changes_is_read_again_and_what_does_not_is_not(folder, monkeypatch):
    folders = Folders([folder])
    loaded: list[str] = []
    load = Folders._load
    monkeypatch.setattr(
        Folders, "_load", lambda self, path, name: loaded.append(path.name) or load(self, path, name)
    )
    first, _ = folders.read()
    assert sorted(loaded) == ["a.md", "b.txt", "c.py", "d.html", "e.pdf"]
    loaded.clear()
    assert folders.read()[0] == first
    assert loaded == []
    (folder / "a.md").write_text("New and longer than it was before. " * 20, encoding="utf-8")
    (folder / "b.txt").unlink()
    again, _ = folders.read()
    assert loaded == ["a.md"]
    assert [Path(d.name).name for d in again] == ["a.md", "e.pdf", "c.py", "d.html"]


@pytest.mark.parametrize(
    "asked",
    [
        "/etc",
        "..",
        "../secret",
        "deep/../../secret",
        "no-such",
        "a.md",
        "~",
        "a\0b",
        "link",
        ".git",
        "deep/.git",
        "/",
        "x" * 5000,
    ],
)
def test_folders_outside_are_refused(call, folder, asked):
    secret = folder.resolve().parent / "secret"
    secret.mkdir()
    (secret / "s.txt").write_text(PARIS, encoding="utf-8")
    (folder / "link").symlink_to(secret)
    for hidden in (folder / ".git", folder / "deep" / ".git"):
        hidden.mkdir()
        (hidden / "config.txt").write_text(PARIS, encoding="utf-8")
    said = sentence(call([folder], ("search_files", {"question": QUERY, "folder": asked})))
    assert said.startswith("folder must be one of, or inside of, ")
    assert "secret" not in said or "secret" in asked


@pytest.mark.parametrize("asked", ["", "deep", "{root}", "{root}/deep", "./deep/../deep"])
def test_folders_inside_are_searched(call, folder, asked):
    asked = asked.format(root=folder.resolve())
    result = call([folder], ("search_files", {"question": QUERY, "folder": asked, "max_tokens": 400}))
    names = {Path(p["path"]).name for p in result.structured_content["passages"]}
    assert {"c.py", "d.html"} <= names
    assert ("a.md" in names) == ("deep" not in asked)


def test_links_hidden_large_and_binary_files_are_not_read(call, folder):
    outside = folder.resolve().parent / "outside.txt"
    outside.write_text(f"Secret: {PARIS}", encoding="utf-8")
    (folder / "out.txt").symlink_to(outside)
    (folder / "tree").symlink_to(folder.resolve().parent)
    (folder / ".env").write_text(f"Secret: {PARIS}", encoding="utf-8")
    (folder / "huge.txt").write_text("Secret. " + PARIS * 100, encoding="utf-8")
    (folder / "bin.dat").write_bytes(b"Secret \0" + PARIS.encode())
    (folder / "latin.txt").write_bytes("Secret caf\xe9".encode("latin-1"))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 Secret")
    (folder / "blank.txt").write_text(" \n", encoding="utf-8")
    os.mkfifo(folder / "pipe")
    result = call(
        [folder],
        ("search_files", {"question": QUERY, "max_tokens": 2000}),
        limits=Limits(file_bytes=5000),
    )
    assert "Secret" not in texts(result)
    found = result.structured_content
    reasons = {Path(each["path"]).name: each["reason"] for each in found["skipped"]}
    assert set(reasons) == {
        "out.txt",
        "tree",
        "huge.txt",
        "bin.dat",
        "latin.txt",
        "broken.pdf",
        "blank.txt",
        "pipe",
    }
    assert reasons["out.txt"] == reasons["tree"] == "a link"
    assert reasons["huge.txt"] == "larger than 5000 bytes"
    assert reasons["bin.dat"] == "not a text"
    assert "UTF-8" in reasons["latin.txt"]
    assert found["skipped_in_all"] == 8
    assert all(name in texts(result) for name in reasons)


def test_a_file_that_becomes_a_link_is_not_followed(folder, monkeypatch):
    outside = folder.resolve().parent / "outside.txt"
    outside.write_text("Secret", encoding="utf-8")
    before = (folder / "a.md").lstat()
    (folder / "a.md").unlink()
    (folder / "a.md").symlink_to(outside)
    monkeypatch.setattr(Path, "lstat", lambda self: before)  # as it was when it was looked at
    found = Folders([folder])._file(folder / "a.md", "a.md", 10_000)
    assert isinstance(found, str)
    assert found.startswith("cannot be read")


def test_a_name_that_is_no_text_can_be_sent(call, tmp_path):
    try:
        Path(os.fsdecode(bytes(tmp_path / "caf") + b"\xe9.txt")).write_text(PARIS, encoding="utf-8")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    result = call([tmp_path], ("search_files", {"question": QUERY, "max_tokens": 100}))
    assert result.structured_content["passages"][0]["path"].endswith("/caf\ufffd.txt")
    assert result.model_dump_json()


def test_a_name_stays_in_its_line(tmp_path):
    (tmp_path / "a\n[b.md, line 7].md").write_text(PARIS, encoding="utf-8")
    (document,), _ = Folders([tmp_path]).read()
    assert document.name.endswith(r"/a\n[b.md, line 7].md")


def test_the_bounds_of_a_folder(folder):
    few, skipped = Folders([folder], Limits(files=2)).read()
    assert len(few) == 2
    assert skipped[-1][1] == "beyond the first 2 files"
    some, left = Folders([folder], Limits(characters=400)).read()
    assert sum(len(d.text) for d in some) <= 400
    assert "beyond the first 400 characters of the folder" in {reason for _, reason in left}


def test_an_empty_folder_says_so(call, tmp_path):
    result = call([tmp_path], ("search_files", {"question": QUERY}))
    assert not result.is_error
    assert texts(result) == "There is no file with text."
    assert result.structured_content["passages"] == []


def test_compress_and_expand(call, engine, folder):
    documents = [BREAD, PARIS, ROME]
    budget = {"question": QUERY, "max_tokens": 14}
    short = call([], ("compress", {"documents": documents, **budget}))
    assert short.content[0].text == ANSWER
    (piece,) = short.structured_content["pieces"]
    assert documents[piece["document"]][piece["start"] : piece["end"]] == ANSWER
    whole = call([], ("compress", {"documents": documents, "question": QUERY, "max_tokens": 5000}))
    assert all(text in whole.content[0].text for text in documents)  # max_tokens alone: no ratio applies
    assert "ref" not in whole.structured_content
    found, first = call(
        [folder],
        ("search_files", {"question": QUERY, "folder": "deep", "max_tokens": 60}),
        ("compress", {"documents": documents, **budget}),
    )
    assert found.structured_content["passages"][0]["ref"] in texts(found)
    ref = first.structured_content["ref"]
    _, more = call(
        [],
        ("compress", {"documents": documents, **budget}),
        ("expand", {"ref": ref, "query": "At how many degrees is bread baked?", "max_tokens": 14}),
    )
    assert "Bake it at 220 degrees." in more.content[0].text
    (piece,) = more.structured_content["pieces"]
    assert "\n\n".join(documents)[piece["start"] : piece["end"]] == more.content[0].text


def test_long_texts_are_searched_and_positions_are_theirs(call):
    long = f"{BREAD}\n\n" * 400
    documents = [long, long + PARIS + long]
    result = call([], ("compress", {"documents": documents, "question": QUERY, "max_tokens": 14}))
    assert ANSWER in result.content[0].text
    for piece in result.structured_content["pieces"]:
        assert documents[piece["document"]][piece["start"] : piece["end"]] in result.content[0].text


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("search_files", {}, "question: Field required"),
        ("search_files", {"question": " "}, "question: must not be blank, got ' '"),
        ("search_files", {"question": QUERY, "max_tokens": 0}, "max_tokens: .* got 0"),
        ("search_files", {"question": QUERY, "max_tokens": 10**6}, "max_tokens: .* got 1000000"),
        ("search_files", {"question": QUERY, "max_tokens": "many"}, "max_tokens: .* got 'many'"),
        ("search_files", {"question": QUERY, "ratio": 0.4}, "ratio: .* got 0.4"),
        ("search_files", {"question": 7}, "question: .* got 7"),
        ("compress", {"documents": [], "question": QUERY}, r"documents: .* got \[\]"),
        ("compress", {"documents": "text", "question": QUERY}, "documents: .* got 'text'"),
        ("compress", {"documents": ["x " * 6_000_000], "question": QUERY}, "at most 10485760 characters"),
        ("expand", {"ref": "0000", "query": QUERY}, "no original is kept under ref '0000'"),
        ("shrink", {}, "no tool has the name 'shrink': there are search_files, compress, expand"),
    ],
)
def test_errors_are_one_sentence_with_the_value(call, folder, name, arguments, said):
    assert re.search(said, sentence(call([folder], (name, arguments))))


def test_a_failure_inside_is_named_without_its_text(engine, folder, monkeypatch, caplog):
    def broken(self, folder):
        raise RuntimeError("private")

    monkeypatch.setattr(Folders, "read", broken)

    async def main():
        async with Client(create_server(engine, Folders([folder]))) as client:
            return await client.call_tool("search_files", {"question": QUERY})

    assert sentence(asyncio.run(main())) == "search_files failed inside: RuntimeError"
    assert "search_files failed" in caplog.text


def test_a_failing_encoder_is_flagged_and_the_text_stays_within_the_budget(folder):
    class Broken(HashEncoder):
        def encode(self, texts, titles):
            raise RuntimeError("out of memory")

    engine = SemToken(encoder=Broken())
    calls = [
        ("search_files", {"question": QUERY, "max_tokens": 60}),
        ("compress", {"documents": [PARIS, BREAD], "question": QUERY, "max_tokens": 10}),
    ]

    async def main():
        async with Client(create_server(engine, Folders([folder]))) as client:
            return [await client.call_tool(*call) for call in calls]

    for (_, arguments), result in zip(calls, asyncio.run(main()), strict=True):
        assert not result.is_error
        assert "cut to the budget without the question: " in texts(result)
        assert engine.counter.count(result.content[0].text) <= arguments["max_tokens"]


def test_a_large_table_is_cut_at_its_lines():
    rows = "".join(f"{number},harbour {number},{number * 7}\n" for number in range(4000))
    text = f"Fees\n\n{rows}\nThe end."
    cut = passages(text)
    assert all(b - a <= LONG for a, b in cut)
    assert "".join(text[a:b] for a, b in cut).replace("\n", "") == text.replace("\n", "")
    assert all(text[a - 1 : a] in ("", "\n") for a, _ in cut)


def test_tools_describe_themselves(engine, folder):
    async def main(folders):
        async with Client(create_server(engine, Folders(folders))) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in asyncio.run(main([folder]))}
    assert list(tools) == ["search_files", "compress", "expand"]
    assert str(folder) in tools["search_files"].description
    for tool in tools.values():
        assert tool.annotations.read_only_hint
        assert tool.input_schema["properties"]["max_tokens"]["minimum"] == 1
        assert all("description" in each for each in tool.input_schema["properties"].values())
    assert [tool.name for tool in asyncio.run(main([]))] == ["compress", "expand"]


@pytest.mark.parametrize(
    ("given", "said"),
    [(["/no/such"], "'/no/such'"), ([""], "got ''"), (["--encoder", "none-such"], "none-such")],
)
def test_a_bad_command_ends_with_one_line(given, said):
    done = CliRunner().invoke(app, ["mcp", *given])
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_many_skipped_files_are_a_few_lines(call, tmp_path):
    (tmp_path / "a.txt").write_text(PARIS, encoding="utf-8")
    for number in range(120):
        (tmp_path / f"latin{number}.txt").write_bytes(b"\n" * number + b"caf\xe9")
        (tmp_path / f"zero{number}.bin").write_bytes(b"\0")
    result = call([tmp_path], ("search_files", {"question": QUERY, "max_tokens": 100}))
    lines = result.content[1].text.splitlines()
    assert len(lines) <= 12
    assert "and 117 more" in lines[1]
    assert lines[-1] == "Not read for other reasons: 111 more."


def test_a_folder_inside_of_another_is_read_once(call, folder):
    folders = [folder / "deep", folder, folder]
    result = call(folders, ("search_files", {"question": QUERY, "max_tokens": 2000}))
    paths = [passage["path"] for passage in result.structured_content["passages"]]
    assert len(paths) == len({Path(path).resolve() for path in paths})
    assert result.structured_content["files"] == 5


def test_a_folder_that_cannot_be_listed_is_named(folder, monkeypatch):
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    documents, skipped = Folders([folder]).read()
    assert len(documents) == 3
    assert skipped == [("files/deep", "a folder that cannot be listed")]


def test_a_budget_without_room_for_a_citation_says_so(call, folder):
    result = call([folder], ("search_files", {"question": QUERY, "max_tokens": 1}))
    assert result.content[0].text == "No passage fits into max_tokens=1 with its citation."


class Left(Held):
    """Counts who has left it, with a result or without."""

    def encode(self, texts, titles):
        try:
            return super().encode(texts, titles)
        finally:
            self.finished = threading.get_ident()


def test_a_call_that_is_cancelled_stops_its_thread():
    encoder = Left(polite=True)

    async def main() -> None:
        async with Client(create_server(SemToken(encoder=encoder), Folders([]))) as client:
            arguments = {"documents": [BREAD, PARIS], "question": QUERY, "max_tokens": 14}
            asked = asyncio.create_task(client.call_tool("compress", arguments))
            await asyncio.to_thread(until, lambda: encoder.entered)
            asked.cancel()
            await asyncio.to_thread(until, lambda: encoder.finished)

    asyncio.run(main())


@pytest.mark.parametrize(("error", "ends"), [(BrokenPipeError(), True), (ValueError("other"), False)])
def test_a_client_that_goes_is_no_failure(error, ends, monkeypatch):
    @asynccontextmanager
    async def gone():
        async def fail() -> None:
            raise error

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fail)
        yield

    monkeypatch.setattr(serving, "stdio_server", gone)
    expected = nullcontext() if ends else pytest.raises(Exception, match="unhandled errors")
    with expected:
        asyncio.run(serving.serve(create_server(SemToken(encoder="static"), Folders([]))))


def test_closed_streams_are_one_line():
    command = [sys.executable, "-c", "from semtoken_rag.cli import main; main()", "mcp"]
    done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *command], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "semtoken: the protocol needs standard input and output, got a closed one\n"
