"""The sets: where they are found, the sample, and fetching with its conversions."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import replace

import pytest

from evaluation.bench import run
from evaluation.data import convert, fetch, options, sample
from evaluation.data.from_yaml import from_yaml
from evaluation.data.sets import rows
from evaluation.data.sources import Source, digest, sources

SOURCES = sources()
SAMPLED = [source for source in SOURCES.values() if source.sampled]
TATQA = {
    "table": {"table": [["", "2019"], ["Sales", "$ 7"]]},
    "paragraphs": [
        {"uid": "p1", "order": 1, "text": "In millions."}, {"uid": "p2", "order": 2, "text": "No."},
    ],
    "questions": [
        {
            "uid": "q1", "question": "How much?", "answer": -7.5, "rel_paragraphs": ["2"],
            "answer_from": "table-text", "answer_type": "arithmetic", "scale": "", "derivation": "",
            "order": 1, "req_comparison": False,
        },
    ],
}  # fmt: skip
PUBMED = {
    "QUESTION": "Does it?", "CONTEXTS": ["One.", "Two."], "LABELS": ["METHODS", "RESULTS"], "YEAR": "2011",
    "final_decision": "no", "LONG_ANSWER": "It does not.",
}  # fmt: skip
PAPER = {"paper_id": "x1", "source": ["We net.", "It works.\n"], "target": ["A net."], "title": "Net"}


def encoded(*values: object) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


class TestOptions:
    def test_the_full_sets_are_taken_if_they_are_there(self, monkeypatch, tmp_path):
        monkeypatch.setattr(options, "SHARED", tmp_path)
        assert options.data_parser("").parse_args([]).data == tmp_path
        monkeypatch.setattr(options, "SHARED", tmp_path / "none")
        assert options.data_parser("").parse_args([]).data == options.SAMPLE
        assert options.data_parser("").parse_args(["--data", "x"]).data.name == "x"

    def test_what_writes_into_the_repository_never_takes_the_sample_by_itself(self, monkeypatch, tmp_path):
        monkeypatch.setattr(options, "SHARED", tmp_path / "none")
        assert options.data_parser("", sample=False).parse_args([]).data == tmp_path / "none"
        monkeypatch.setattr(sys, "argv", ["run", "--data", str(tmp_path / "none")])
        with pytest.raises(SystemExit, match="--sample"):
            run.main()

    def test_an_option_has_its_script_s_default_and_type(self):
        made = options.data_parser("", sets=("a", "b"), n=3)
        assert made.parse_args([]).sets == ("a", "b")
        assert made.parse_args(["--sets", "c", "--n", "4"]).sets == ["c"]
        assert made.parse_args(["--n", "4"]).n == 4
        with pytest.raises(KeyError):
            options.data_parser("", sort="a")

    def test_a_dataclass_is_read_from_yaml_and_completed(self):
        made = from_yaml(Source, "{about: x, licence: y, rows: 1, digest: z}", ["rows=2"], name="a")
        assert (made.name, made.rows) == ("a", 2)
        with pytest.raises(ValueError, match="nonsense"):
            from_yaml(Source, "{nonsense: 1}")
        with pytest.raises(ValueError, match="mapping"):
            from_yaml(Source, "[1]")


class TestSets:
    def test_a_set_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nobody"):
            rows(tmp_path, "nobody")

    def test_rows_that_share_documents_get_them(self, tmp_path):
        (tmp_path / "qa").mkdir()
        shared = [{"id": "a", "text": "One."}, {"id": "b", "text": "Two."}]
        asked = [
            {"id": 1, "documents": [{"id": "b", "ref": True}, {"id": "c", "text": "Own."}]},
            {"id": 2, "documents": [{"id": "*", "ref": True}], "gold_doc": "b"},
        ]
        for name, given in (("log.docs", shared), ("log.qa", asked)):
            lines = "".join(json.dumps(row) + "\n" for row in given)
            (tmp_path / "qa" / f"{name}.jsonl").write_text(lines)
        first, second = rows(tmp_path, "log.qa")
        assert first["documents"] == [shared[1], {"id": "c", "text": "Own."}]
        assert [(d["id"], d["is_gold"]) for d in second["documents"]] == [("a", False), ("b", True)]


class TestSample:
    @pytest.mark.parametrize("source", SAMPLED, ids=lambda s: s.name)
    def test_each_set_has_its_rows_and_its_licence(self, source):
        assert len(rows(options.SAMPLE, source.name)) == source.sampled
        assert source.licence
        line = f"| {source.name}.jsonl.gz | {source.sampled} | {source.about} | {source.licence} |"
        assert line in (options.SAMPLE / "README.md").read_text(encoding="utf-8")

    def test_nothing_else_is_in_it(self):
        there = {p.relative_to(options.SAMPLE).as_posix() for p in options.SAMPLE.rglob("*") if p.is_file()}
        assert there == {"README.md", *(f"{source.name}.jsonl.gz" for source in SAMPLED)}
        assert sum(p.stat().st_size for p in options.SAMPLE.rglob("*")) < 700_000

    @pytest.mark.skipif(not options.SHARED.is_dir(), reason="the full sets are not beside the repository")
    def test_it_is_made_of_the_full_sets_byte_for_byte(self, tmp_path):
        sample.sample(options.SHARED, tmp_path)
        for path in (p for p in options.SAMPLE.rglob("*") if p.is_file()):
            assert path.read_bytes() == (tmp_path / path.relative_to(options.SAMPLE)).read_bytes()

    @pytest.mark.skipif(not options.SHARED.is_dir(), reason="the full sets are not beside the repository")
    @pytest.mark.parametrize("source", SOURCES.values(), ids=lambda s: s.name)
    def test_the_full_sets_have_their_digests(self, source):
        given = rows(options.SHARED, source.name)
        assert len(given) == source.rows
        assert digest(given) == source.digest

    def test_the_table_of_the_sample_is_returned_and_no_result_kept(self, tmp_path):
        results = run.ROOT / "results"
        before = sorted(p.name for p in results.rglob("*"))
        overrides = ["methods=[truncate, lead]", "sets=[xquad_en, tatqa_dev400]", "n=3"]
        said = run.run_sample(overrides, start=self.worker)
        assert "| method | Q | xquad .2 | tatqa .2 |" in said
        assert "| lead | no | 1.00 | 1.00 |" in said
        assert sorted(p.name for p in results.rglob("*")) == before

    def worker(self, python: str, job: dict) -> int:
        from evaluation.results import write

        about = {"status": "ok", "query_aware": False, "overshoot": 0.0}
        made = [{**cell, **about, "means": {"answer": 1.0, "chain": None}} for cell in job["cells"]]
        write(run.Path(job["out"]), job["method"], made)
        assert job["data"] == str(options.SAMPLE)
        return 0


class TestConvert:
    def test_tatqa(self, monkeypatch, tmp_path):
        monkeypatch.setattr(convert, "TATQA_IDS", tmp_path / "ids")
        (tmp_path / "ids").write_text("q1\n")
        (row,) = convert.tatqa(encoded([TATQA]))
        assert row["answers"] == ["-7.5"]
        assert [d["text"] for d in row["documents"]] == [" | 2019\nSales | $ 7", "In millions.", "No."]
        assert [d["is_gold"] for d in row["documents"]] == [True, False, True]
        assert [d["title"] for d in row["documents"]] == ["table", "paragraph 1", "paragraph 2"]

    def test_the_drawn_questions_are_those_of_the_sample(self):
        ids = convert.TATQA_IDS.read_text(encoding="utf-8").split()
        assert len(ids) == len(set(ids)) == SOURCES["qa/tatqa_dev400"].rows
        assert ids[:10] == [row["id"] for row in rows(options.SAMPLE, "tatqa_dev400")]

    def test_pubmedqa_leaves_the_test_set_out(self):
        (row,) = convert.pubmedqa(encoded({"1": PUBMED, "2": PUBMED}, {"1": "no"}))
        assert (row["id"], row["answers"]) == ("2", ["no"])
        assert row["documents"][1] == {"id": "1", "title": "RESULTS", "text": "Two."}

    def test_scitldr(self):
        (row,) = convert.scitldr(encoded(PAPER))
        assert row["documents"][0]["text"] == "We net. It works.\n"

    @pytest.mark.parametrize(
        "name", ["qa/tatqa_dev400", "qa/pubmedqa_labelled_train250", "summ/scitldr_a_test"]
    )
    def test_rows_have_the_shape_of_the_sample(self, name, monkeypatch, tmp_path):
        monkeypatch.setattr(convert, "TATQA_IDS", tmp_path / "ids")
        (tmp_path / "ids").write_text("q1\n")
        given = {"tatqa": [[TATQA]], "pubmedqa": [{"1": PUBMED}, {}], "scitldr": [PAPER]}
        kind = SOURCES[name].convert
        (made,) = getattr(convert, kind)(encoded(*given[kind]))
        like = rows(options.SAMPLE, name)[0]
        assert shape(made) == shape(like)


def shape(row: dict) -> tuple:
    """Keys in their order, of the row, its first document and its further data."""
    return list(row), list(row["documents"][0]), list(row.get("meta", {}))


class TestFetch:
    SOURCE = replace(SOURCES["summ/scitldr_a_test"], digest=digest(convert.scitldr(encoded(PAPER))))

    def download(self, url: str) -> bytes:
        assert url.startswith("https://raw.githubusercontent.com/allenai/scitldr/")
        return encoded(PAPER)[0]

    def test_a_set_is_written_and_then_there(self, tmp_path):
        assert not fetch.complete(self.SOURCE, tmp_path)
        path = fetch.fetch(self.SOURCE, tmp_path, self.download)
        assert fetch.complete(self.SOURCE, tmp_path)
        before = path.read_bytes()
        assert fetch.fetch(self.SOURCE, tmp_path, self.download).read_bytes() == before
        assert json.loads(gzip.decompress(before))["id"] == "x1"

    def test_other_rows_than_they_must_be_are_not_written(self, tmp_path):
        wrong = replace(self.SOURCE, digest="0")
        with pytest.raises(ValueError, match=r"digest 0, got .* of 1 rows"):
            fetch.fetch(wrong, tmp_path, self.download)
        assert not list(tmp_path.iterdir())

    def test_a_set_without_a_public_file_says_what_it_was_made_of(self, tmp_path):
        with pytest.raises(LookupError, match=r"qa/hotpotqa_dev200 cannot be fetched.*HotpotQA"):
            fetch.fetch(SOURCES["qa/hotpotqa_dev200"], tmp_path, self.download)

    def test_every_url_names_a_commit_and_every_conversion_exists(self):
        for source in SOURCES.values():
            assert bool(source.urls) == bool(source.convert)
            assert not source.convert or callable(getattr(convert, source.convert))
            assert all(len(url.split("/")[5]) == 40 for url in source.urls)

    def test_a_named_set_that_cannot_be_had_ends_with_1(self, tmp_path, monkeypatch, capsys):
        def broken(url: str) -> bytes:
            raise OSError("no network")

        monkeypatch.setattr(fetch.fetch, "__defaults__", (broken,))
        for name, said in (("summ/scitldr_a_test", "no network"), ("qa/xquad_en", "cannot be fetched")):
            monkeypatch.setattr(sys, "argv", ["fetch", "--out", str(tmp_path), "--sets", name])
            with pytest.raises(SystemExit) as ended:
                fetch.main()
            assert ended.value.code == 1
            assert said in capsys.readouterr().err
