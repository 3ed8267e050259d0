from __future__ import annotations

import gzip
import io
import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from langchain_core.documents import Document

from evaluation import metrics, results
from evaluation.bench import run, worker
from evaluation.bench.config import Cell, Config, parse
from evaluation.bench.methods import METHODS, Method, get
from evaluation.bench.references import titled, with_title
from evaluation.data import transforms
from evaluation.report import plots, tables
from evaluation.report.readme import headline, summary

GOLD = ["The lamp was built by Ada Lund.", "Ada Lund was born in 1907."]


def made_row(number: int = 0) -> dict:
    """Two gold documents and one other, two sentences each."""
    pairs = [
        (GOLD[0], " It is green."),
        ("Rain fell in Oslo.", " He left."),
        (GOLD[1], " She had 1,500 ships."),
    ]
    documents = [
        {
            "id": str(i),
            "title": f"Page {i}",
            "text": first + second,
            "sentences": [first, second],
            "gold_sentences": [0] if first in GOLD else [],
            "is_gold": first in GOLD,
        }
        for i, (first, second) in enumerate(pairs)
    ]
    return {"id": f"q{number}", "question": "When was she born?", "answers": ["1907"], "documents": documents}


def words(text: str) -> int:
    return len(text.split())


def first_sentences(ratio: float, count: object) -> SimpleNamespace:
    """A method that keeps the first sentence of each document, whatever the budget."""
    cut = lambda d: d.model_copy(update={"page_content": d.page_content.partition(".")[0] + "."})  # noqa: E731  (short)
    return SimpleNamespace(compress_documents=lambda documents, query: [cut(d) for d in documents])


FIRST = Method(
    "lead", "First sentences.", "reference", lambda seed: first_sentences, query_aware=False, seeds=2
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "qa").mkdir()
    with gzip.open(tmp_path / "qa" / "toy.jsonl.gz", "wt", encoding="utf-8") as file:
        rows = [
            made_row(0),
            made_row(1),
            {**made_row(2), "answers": ["yes"]},
            {**made_row(3), "answers": ["blue"]},
        ]
        file.writelines(json.dumps(r) + "\n" for r in rows)
    return tmp_path


class TestMetrics:
    def test_all_gold_kept(self) -> None:
        found = metrics.score(made_row(), GOLD, 12)
        assert (
            found["answer"] == found["support"] == found["chain"] == found["f2"] == found["integrity"] == 1.0
        )
        assert found["density"] == pytest.approx(100 * 2 / 12)

    def test_half_the_chain(self) -> None:
        found = metrics.score(made_row(), [GOLD[0]], 6)
        assert (found["answer"], found["support"], found["chain"]) == (0.0, 0.5, 0.0)
        assert found["f2"] == pytest.approx(5 * 1 * 0.5 / (4 * 1 + 0.5))

    def test_case_articles_and_punctuation_do_not_matter_but_whole_words_do(self) -> None:
        assert metrics.answer(made_row(), ["born in 1907!"]) == 1.0
        assert metrics.answer(made_row(), ["born in 19077"]) == 0.0
        assert metrics.support(made_row(), ["a LAMP was built by Ada Lund"]) == 0.5

    def test_f2_counts_spare_sentences(self) -> None:
        spare = metrics.f2(made_row(), [*GOLD, "Rain fell in Oslo.", "It is green."])
        assert spare == pytest.approx(5 * 0.5 * 1 / (4 * 0.5 + 1))

    def test_without_marked_sentences_there_is_no_chain(self) -> None:
        row = {"answers": ["7"], "documents": [{"id": "0", "text": "It is 7. Yes."}]}
        found = metrics.score(row, ["It is 7."], 3)
        assert found["support"] is found["chain"] is found["f2"] is None
        assert found["density"] == pytest.approx(100 / 3)

    @pytest.mark.parametrize(
        ("kept", "share"),
        [
            (["He left."], 1.0),
            (["Rain fell in Oslo. He left."], 0.0),
            ([GOLD[0], "She had 1,500 ships."], 0.5),
            (["Rain fell in Oslo."], 0.0),
            (["nothing of it"], None),
        ],
    )
    def test_a_pronoun_dangles_without_the_sentence_before(
        self, kept: list[str], share: float | None
    ) -> None:
        assert metrics.dangling(made_row(), kept) == share

    def test_cut_numbers_and_joined_names_are_broken(self) -> None:
        assert metrics.integrity(made_row(), ["1,500 ships in Oslo"]) == 1.0
        assert metrics.integrity(made_row(), ["500 ships in Oslo"]) == 0.5
        assert metrics.integrity(made_row(), ["Ada Oslo"]) == 0.0
        assert metrics.integrity(made_row(), ["green"]) is None

    def test_the_judge_leaves_out_what_no_text_answers(self) -> None:
        assert metrics.answerable(made_row())
        assert not metrics.answerable({**made_row(), "answers": ["no"]})
        assert not metrics.answerable({**made_row(), "answers": ["blue"]})

    def test_counts_as_the_neutral_judge_does(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "counter", lambda: words)
        found = worker.measure(Cell("lead", "toy", 0.5, "none", 4), FIRST, data, lambda: None)
        before, after = 26, 17
        assert found["questions"] == 2
        assert found["values"] == {"answer": [1.0, 1.0], "chain": [1.0, 1.0], "kept": [0.6538] * 2}
        assert found["overshoot"] == after - before / 2
        assert found["over_budget"] == 1.0


class TestTransforms:
    @pytest.mark.parametrize("place", [1, 2, 3])
    def test_gold_is_moved_and_nothing_else(self, place: int) -> None:
        row = made_row()
        row["documents"][0]["is_gold"] = False
        moved = transforms.resolve(f"gold_at_{place}")(row)
        assert moved["documents"][place - 1]["id"] == "2"
        assert [d["id"] for d in moved["documents"] if d["id"] != "2"] == ["0", "1"]
        assert [d["id"] for d in row["documents"]] == ["0", "1", "2"]

    def test_a_place_that_is_not_there(self) -> None:
        assert transforms.gold_at(made_row(), 4) is None

    def test_without_a_mark_the_answer_shows_the_gold(self) -> None:
        row = made_row()
        for document in row["documents"]:
            del document["is_gold"]
        assert transforms.gold_index(row) == 2

    def test_duplicates_have_other_texts_and_the_same_facts(self) -> None:
        row = made_row()
        changed = transforms.duplicates(row)
        assert changed == transforms.duplicates(row)
        copies = [d for d in changed["documents"] if d["id"].endswith("-copy")]
        assert {d["id"] for d in copies} == {"0-copy", "2-copy"}
        assert not {d["text"] for d in copies} & {d["text"] for d in row["documents"]}
        assert metrics.chain(changed, [d["text"] for d in copies]) == 1.0
        assert metrics.gold(changed) == metrics.gold(row)

    def test_unknown(self) -> None:
        with pytest.raises(ValueError, match="'gold_at_0'"):
            transforms.resolve("gold_at_0")


class TestMethods:
    def test_every_name_says_what_it_sees(self) -> None:
        for name, method in METHODS.items():
            assert get(name) is method
            assert method.name == name
            assert method.kind in ("own", "peer", "reference")

    def test_an_absent_peer_says_why(self) -> None:
        with pytest.raises(ImportError, match="hub"):
            METHODS["llmlingua2"].load(0)

    def test_titles_stand_in_the_text_and_the_budget_does_not_grow(self) -> None:
        seen = {}

        def inner(ratio: float, count: object) -> SimpleNamespace:
            def compress_documents(documents: list[Document], query: str) -> list[Document]:
                seen.update(budget=ratio * sum(words(d.page_content) for d in documents), documents=documents)
                return documents

            return SimpleNamespace(compress_documents=compress_documents)

        given = [
            Document(page_content="one two three four", metadata={"title": "Some page"}),
            Document("five"),
        ]
        titled(lambda seed: inner)(0)(0.4, words).compress_documents(given, "q")
        assert [d.page_content for d in seen["documents"]] == ["Some page.\none two three four", "five"]
        assert given[0].page_content == "one two three four"
        assert seen["budget"] == pytest.approx(0.4 * 5)
        assert int(seen["budget"]) == 2

    def test_a_title_that_ends_a_sentence(self) -> None:
        assert with_title(Document("one", metadata={"title": "Who?"})) == "Who?\none"

    @pytest.mark.parametrize("name", ["nobody", "semtoken+title"])
    def test_bad_names(self, name: str) -> None:
        with pytest.raises(ValueError, match=name.partition("+")[0]):
            get(name)


class TestConfig:
    TEXT = "{methods: [lead, random], sets: [a, b], ratios: [0.1, 0.2]}"

    def test_overrides(self) -> None:
        config = parse(
            self.TEXT, ["n=7", "sets=[c]", "interpreters.peer=/x/python", "transforms=[gold_at_5]"]
        )
        assert (config.n, config.sets, config.interpreters) == (7, ["c"], {"peer": "/x/python"})
        assert config.cells("lead")[1] == Cell("lead", "c", 0.2, "gold_at_5", 7)

    @pytest.mark.parametrize(
        ("override", "said"),
        [
            ("ratios=[1.5]", "1.5"),
            ("ratios=[]", r"\[\]"),
            ("n=0", "0"),
            ("sets=abc", "'abc'"),
            ("transforms=[gold_at_0]", "gold_at_0"),
            ("nonsense=1", "nonsense"),
            ("nonsense", "nonsense"),
        ],
    )
    def test_bad_values_are_named(self, override: str, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            parse(self.TEXT, [override])

    @pytest.mark.parametrize("path", sorted(Path(run.__file__).parent.glob("*.yaml")), ids=lambda p: p.stem)
    def test_shipped_configurations_name_methods_that_exist(self, path: Path) -> None:
        config = parse(path.read_text(encoding="utf-8"))
        assert [get(name).name for name in config.methods] == config.methods

    def test_interpreter_of_a_method_or_its_kind(self) -> None:
        config = Config(["lead"], ["a"], interpreters={"llmslim": "/one", "peer": "/two"})
        assert run.interpreter(config.interpreters, get("llmslim+title")) == "/one"
        assert run.interpreter(config.interpreters, get("vecr")) == "/two"
        assert run.interpreter(config.interpreters, get("lead")) not in ("/one", "/two")


class TestRun:
    def config(self, folder: Path) -> Config:
        return Config(["lead", "truncate"], ["toy"], [0.1, 0.2], n=3, out=str(folder / "out"))

    def worker(self, jobs: list) -> run.Start:
        def start(python: str, job: dict) -> int:
            jobs.append(job)
            made = [{**cell, "status": "ok"} for cell in job["cells"]]
            results.write(Path(job["out"]), job["method"], made)
            return 0

        return start

    def test_what_is_there_is_not_measured_again(self, tmp_path: Path) -> None:
        jobs: list[dict] = []
        config = self.config(tmp_path)
        found = run.run(config, start=self.worker(jobs))
        assert [(job["method"], len(job["cells"])) for job in jobs] == [("lead", 2), ("truncate", 2)]
        results.write(config.out_folder, "lead", [], without={results.key(found[0])})
        jobs.clear()
        assert run.run(config, start=self.worker(jobs)) == found
        assert [(job["method"], [c["ratio"] for c in job["cells"]]) for job in jobs] == [("lead", [0.1])]
        run.run(config, fresh=True, start=self.worker(jobs))
        assert len(jobs) == 3

    def test_a_worker_that_dies_is_a_result_and_tried_again(self, tmp_path: Path) -> None:
        said = run.run(self.config(tmp_path), start=lambda python, job: -9)
        assert {(r["status"], r["reason"]) for r in said} == {
            ("failed", "the worker ended with exit code -9")
        }
        assert {"versions", "machine", "query_aware", "titles"} <= set(said[0])
        jobs: list[dict] = []
        run.run(self.config(tmp_path), start=self.worker(jobs))
        assert len(jobs) == 2

    def test_a_good_result_is_not_taken_for_one_of_a_worker_that_dies(self, tmp_path: Path) -> None:
        config = self.config(tmp_path)
        run.run(config, start=self.worker([]))
        said = run.run(config, fresh=True, start=lambda python, job: -9)
        assert {r["status"] for r in said} == {"failed"}

    def test_a_missing_interpreter_is_a_result(self, tmp_path: Path) -> None:
        config = Config(["vecr"], ["toy"], [0.1], out=str(tmp_path), interpreters={"peer": "/no/python"})
        (said,) = run.run(config)
        assert "/no/python" in said["reason"]

    def test_a_worker_writes_figures_and_failures(
        self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def wordless(seed: int) -> None:
            raise AssertionError

        monkeypatch.setattr(worker, "counter", lambda: words)
        monkeypatch.setattr(sys, "path", list(sys.path))
        broken = Method("broken", "It fails.", "peer", wordless)
        said = {}
        for method in (FIRST, get("recomp"), broken):
            cells = [asdict(Cell(method.name, "toy", ratio, "none", 4)) for ratio in (0.5, 0.6)]
            folders = {"data": str(data), "out": str(tmp_path / "out")}
            job = json.dumps({"method": method.name, "n": 4, "cells": cells, **folders})
            monkeypatch.setattr(worker, "get", lambda name, method=method: method)
            monkeypatch.setattr(sys, "stdin", io.StringIO(job))
            worker.main()
            written = results.load(tmp_path / "out", {method.name})
            said |= {(method.name, r["ratio"]): r for r in written}
        assert said["lead", 0.5]["status"] == "ok"
        assert said["lead", 0.5]["cold_ms"] is not None
        assert said["lead", 0.6]["cold_ms"] is None
        assert "hub" in said["recomp", 0.5]["reason"]
        assert said["broken", 0.6]["reason"] == "AssertionError: wordless: raise AssertionError"
        assert results.failed(said.values())["broken"]["AssertionError: wordless: raise AssertionError"] == [
            "toy at 0.5",
            "toy at 0.6",
        ]


def marked(page: Path, name: str = "results") -> Path:
    """Write a page with marks."""
    page.parent.mkdir(exist_ok=True)
    page.write_text(f"# Mine\n<!-- {name} -->\nold\n<!-- /{name} -->\nend\n", encoding="utf-8")
    return page


def result(method: str, answers: list[float], ratio: float = 0.2, **more: object) -> results.Result:
    mean = sum(answers) / len(answers)
    names = ("answer", "support", "chain", "f2", "dangling", "integrity", "density")
    made = {
        "method": method,
        "set": "hotpotqa_dev200",
        "ratio": ratio,
        "transform": "none",
        "n": 4,
        "about": "A rule.",
        "kind": "peer",
        "query_aware": method != "lead",
        "titles": False,
        "seeds": 1,
        "versions": {"python": "3"},
        "machine": {"cpu": "toy", "cores": 2},
        "status": "ok",
        "questions": 4,
        "means": {**dict.fromkeys(names, mean), "kept": ratio},
        "overshoot": -0.5,
        "over_budget": 0.0,
        "values": {"answer": answers, "chain": answers, "kept": [ratio] * 4},
        "cold_ms": 9.0,
        "warm_ms": 3.0,
        "peak_mb": 50,
    }
    return {**made, **more}


@pytest.fixture
def table_of() -> list[results.Result]:
    return [
        *(result("semtoken", [1, 1, 0, 1], ratio) for ratio in (0.1, 0.2)),
        *(result("lead", [0, 0, 0, 1], ratio, overshoot=12.2) for ratio in (0.1, 0.2)),
        result("oracle", [1, 1, 1, 1]),
        result("vecr", [0], status="failed", reason="ImportError: No module named 'vecr'"),
    ]


class TestTables:
    def test_losers_and_those_that_did_not_run_are_in(
        self, table_of: list[results.Result], tmp_path: Path
    ) -> None:
        page, readme = marked(tmp_path / "docs" / "results-tables.md"), marked(tmp_path / "README.md")
        tables.render(table_of, tmp_path)
        page = page.read_text(encoding="utf-8")
        assert "| semtoken | yes | no | .75 [" in page
        assert "| lead | no | no | .25 [" in page
        assert "| vecr | ImportError: No module named 'vecr' | hotpotqa_dev200 at 0.2 |" in page
        front = readme.read_text(encoding="utf-8")
        assert front.startswith("# Mine\n")
        assert front.endswith("end\n")
        assert "old" not in front
        assert "| lead | no | .25 / .25 (+12) | .25 / .25 (+12) |" in front
        assert "vecr" in front

    def test_what_ran_on_fewer_questions_is_named_but_not_among_the_rows(
        self, table_of: list[results.Result]
    ) -> None:
        front = headline([*table_of, result("slow", [1, 1], n=2), result("lead", [1, 1], n=2)])
        assert "| slow |" not in front
        assert "On fewer questions, in docs/results.md: slow (2)." in front
        assert "| lead | no | .25 / .25 (+12) | .25 / .25 (+12) |" in front

    def test_the_readme_shows_the_better_form_of_each_method_and_the_page_both(
        self, table_of: list[results.Result], tmp_path: Path
    ) -> None:
        titled = [result("lead+title", [0, 0, 1, 1]), result("oracle+title", [0, 0, 0, 0])]
        front = summary([*table_of, *titled])
        assert "| lead+title |" in front
        assert "| oracle |" in front
        assert "| lead |" not in front
        assert "| oracle+title |" not in front
        page = marked(tmp_path / "docs" / "results.md", "headline")
        tables.render([*table_of, *titled], tmp_path)
        written = page.read_text(encoding="utf-8")
        assert "old" not in written
        assert all(f"| {method} |" in written for method in ("lead", "lead+title", "oracle", "oracle+title"))
        assert "Not run, reasons in [every set and budget](results-tables.md): vecr." in written

    def test_rendering_twice_changes_nothing_and_keeps_what_was_written_by_hand(
        self, table_of: list[results.Result], tmp_path: Path
    ) -> None:
        page = marked(tmp_path / "docs" / "results-tables.md")
        tables.render(table_of, tmp_path)
        page.write_text(page.read_text(encoding="utf-8") + "\nBy hand.\n", encoding="utf-8")
        before = page.read_text(encoding="utf-8")
        tables.render(table_of, tmp_path)
        assert page.read_text(encoding="utf-8") == before

    def test_a_readme_without_markers_stays(self, table_of: list[results.Result], tmp_path: Path) -> None:
        (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")
        tables.render(table_of, tmp_path)
        assert (tmp_path / "README.md").read_text(encoding="utf-8") == "# Mine\n"

    def test_changed_rows_have_their_own_table(self, table_of: list[results.Result]) -> None:
        moved = [
            result("lead", [1.0, 1.0, 1.0, 0.0], transform="gold_at_1"),
            result("lead", [0.0, 0.0, 0.0, 1.0], transform="gold_at_10"),
            result("lead", [0.0, 0.0, 1.0, 1.0], transform="duplicates"),
        ]
        page = tables.details([*table_of, *moved])
        assert "| method | gold_at_1 | gold_at_10 | spread | facts | facts of duplicates |" in page
        assert "| lead | .75 | .25 | .50 | .25 | .50 |" in page

    def test_better_than_ours_is_bold(self) -> None:
        ours, better = result("semtoken", [0.0] * 4), result("llmslim", [1.0] * 4)
        assert tables.minus(better, ours) == "**+1.00 [+1.00, +1.00]**"
        assert tables.minus(ours, better) == "-1.00 [-1.00, -1.00]"

    def test_interval_holds_the_mean(self) -> None:
        low, high = results.interval([1.0, 0.0, None, 1.0, 1.0])
        assert 0 <= low < 0.75 < high <= 1
        assert results.interval([None]) is None

    def test_plots(self, table_of: list[results.Result], tmp_path: Path) -> None:
        written = plots.draw(results.ran(table_of), tmp_path)
        assert {p.name for p in written} == {"hotpotqa_dev200.png"}
        assert "semtoken" in plots.figure("toy", results.ran(table_of)).legends[0].get_texts()[-1].get_text()
        assert all(p.stat().st_size for p in written)

    def test_no_two_methods_look_the_same(self) -> None:
        looks = plots.styles(sorted(METHODS))
        assert len({tuple(look.values()) for look in looks.values()}) == len(METHODS)
