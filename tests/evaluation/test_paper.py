from __future__ import annotations

import gzip
import json
import re
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("tqdm")
from hypothesis import given
from hypothesis import strategies as st

from evaluation import results as bench
from evaluation.data import public, sets
from evaluation.paper import (
    measure_charts,
    measure_reader,
    measure_retention,
    measure_speed,
    measure_summaries,
    published,
    retention_tables,
    tables,
)
from evaluation.paper.jobs import ENOUGH, Cell, Job, key, parse, shipped
from evaluation.paper.numbers import Results
from evaluation.paper.resources import Resources
from evaluation.paper.run import file_of, known, ran, run
from evaluation.paper.systems import SYSTEMS, AnyWord, Compressor, Remembering, Whole
from evaluation.readers import arms
from semtoken_rag import Chunk
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Tokens
from tests.llm.readers import make, reader
from tests.llm.samples import CHUNKS, QUESTION, tokenizer

CELL = Cell("tiny", "toy", 2, 0, "semtoken", 0.5)
WORDS = ["tower", "bread", "day", "the", "of"]


def job(kind: str, arms: dict[str, list[float]], **more: object) -> Job:
    return Job("one", kind, "A job.", arms, {"toy": 2}, readers=("tiny",), **more)


def row(number: int = 0, **more: object) -> dict[str, object]:
    documents = [{"id": i, "title": c.title, "text": c.text} for i, c in enumerate(CHUNKS)]
    return {"id": number, "question": QUESTION, "answers": ["1889"], "documents": documents, **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sets of two rows."""
    long = " ".join(c.text for c in CHUNKS) + " "
    made = {
        "qa/toy": [row(0), row(1), row(2, answers=["yes"])],
        "lm/toy": [{"id": 0, "title": "", "text": long * 25}],
    }
    for name, rows in made.items():
        path = tmp_path / f"{name}.jsonl.gz"
        path.parent.mkdir(exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(r) + "\n" for r in rows)
    return tmp_path


@pytest.fixture
def resources(folder: Path) -> Resources:
    """A reader with random weights, and pseudo-random fingerprints."""
    encoders = {s.encoder: HashEncoder() for s in SYSTEMS.values()}
    return Resources(folder, encoders, {"tiny": reader(make("llama"))})


class TestJobs:
    @pytest.mark.parametrize("made", shipped(), ids=lambda j: j.name)
    def test_every_arm_of_a_shipped_job_can_be_run(self, made: Job) -> None:
        known_arms = {
            "keep": set(SYSTEMS),
            "continue": {*SYSTEMS, *arms.LM},
            "answer": {*SYSTEMS, *(a.name for a in arms.QA)},
            "summarise": {"full", *SYSTEMS},
            "picture": set(measure_charts.ARMS),
            "speed": {f"{way}, {kernel}" for way in measure_speed.WAYS for kernel in ("eager", "sdpa")},
        }
        assert set(made.arms) <= known_arms[made.kind]
        assert set(made.public) <= set(public.PUBLIC)

    def test_the_papers_sets_are_named_in_the_jobs(self) -> None:
        named = {name for made in shipped() for name in made.public}
        assert {
            "wikitext103",
            "pg19",
            "triviaqa",
            "narrativeqa",
            "booksum",
            "longbench-hotpotqa",
            "chartqa",
        } <= named

    def test_public_cells_take_the_sets_of_the_hub_where_there_are_any(self) -> None:
        made = job("keep", {"paper": [0.2]}, public={"booksum": 9})
        assert [(c.set, c.n) for c in made.cells(public=True, most=4)] == [("hub:booksum", 4)]
        assert [(c.set, c.n) for c in made.cells()] == [("toy", 2)]
        assert [c.set for c in job("keep", {"paper": [0.2]}).cells(public=True)] == ["toy"]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{kind: guess, about: x, arms: {a: [.1]}, sets: {b: 1}}", "'guess'"),
            ("{kind: keep, about: x, arms: {a: [1.5]}, sets: {b: 1}}", "1.5"),
            ("{kind: keep, about: x, arms: {}, sets: {b: 1}}", "arms"),
            ("{kind: keep, about: x, arms: {a: [.1]}, sets: {b: 0}}", "0"),
            ("{kind: keep, about: x, arms: {a: [.1]}, sets: {b: 1}, nonsense: 1}", "nonsense"),
        ],
    )
    def test_bad_values_are_named(self, text: str, said: str) -> None:
        with pytest.raises(ValueError, match=re.escape(said)):
            parse("one", text)


class TestRun:
    def test_what_has_a_result_is_not_measured_again_and_a_failure_is(self, tmp_path: Path) -> None:
        made, asked = job("keep", {"paper": [0.2, 0.4]}), []

        def measured(cell: Cell) -> dict[str, list[float]]:
            asked.append(cell.ratio)
            if cell.ratio == 0.4 and len(asked) < 3:
                raise RuntimeError("not now")
            return {"answer": [1.0]}

        cells = made.cells()
        run(made, cells, tmp_path, measured)
        assert [r["status"] for r in known(made, tmp_path)] == ["ok", "failed"]
        assert known(made, tmp_path)[1]["reason"] == "RuntimeError: not now"
        run(made, cells, tmp_path, measured)
        run(made, cells, tmp_path, measured)
        assert asked == [0.2, 0.4, 0.4]
        run(made, cells, tmp_path, measured, fresh=True)
        assert asked == [0.2, 0.4, 0.4, 0.2, 0.4]

    def test_results_of_other_cells_stay_and_are_not_shown(self, tmp_path: Path) -> None:
        made = job("keep", {"paper": [0.2]})
        run(made, made.cells(most=1), tmp_path, lambda cell: {"answer": [0.0]})
        run(made, made.cells(), tmp_path, lambda cell: {"answer": [1.0, 1.0]})
        assert [r["n"] for r in known(made, tmp_path)] == [1, 2]
        assert [key(r) for r in ran(made, made.cells(), tmp_path)] == [key(c) for c in made.cells()]

    def test_the_bench_does_not_read_them(self, tmp_path: Path) -> None:
        made = job("keep", {"paper": [0.2]})
        run(made, made.cells(), tmp_path, lambda cell: {"answer": [1.0]})
        assert file_of(made, tmp_path).exists()
        assert bench.load(tmp_path) == []


class TestSystems:
    def test_a_text_is_encoded_once(self) -> None:
        seen: list[str] = []

        class Counting(HashEncoder):
            def encode(self, texts: list[str], titles: list[str]) -> list:
                seen.extend(texts)
                return super().encode(texts, titles)

        encoder = Remembering(Counting())
        first = encoder.encode(["one", "two", "one"], ["", "", "title"])
        second = encoder.encode(["two", "three"], ["", ""])
        assert seen == ["one", "two", "one", "three"]
        assert second[0] is first[1]

    @pytest.mark.parametrize("name", SYSTEMS)
    def test_every_system_holds_the_budget(self, name: str) -> None:
        made = Compressor(name, HashEncoder(), lambda text: len(text.split()))
        found = made.compress(CHUNKS, QUESTION, max_tokens=9)
        assert 0 < found.stats.tokens_after <= 9

    @pytest.mark.parametrize("name", ["paper", "entropy-pruned", "vq-tok", "tofu-tok", "bpe-chunk"])
    def test_systems_without_marks_pay_for_none(self, name: str) -> None:
        words = [f"w{i}" for i in range(60)]
        made = Compressor(name, HashEncoder(), lambda text: len(text.split()))
        found = made.compress([Chunk(" ".join(words))], QUESTION, max_tokens=30)
        assert found.stats.tokens_after >= 28
        assert {*found.text.split()} <= {*words}

    def test_what_a_system_may_not_see_it_does_not_get(self) -> None:
        count = len
        seen, query = Compressor("no titles", HashEncoder(), count).given(CHUNKS, QUESTION)
        assert {c.title for c in seen} == {""}
        assert query == QUESTION
        assert Compressor("no question", HashEncoder(), count).given(CHUNKS, QUESTION)[1] is None
        assert Compressor("semtoken", HashEncoder(), count).given(CHUNKS, QUESTION) == (
            list(CHUNKS),
            QUESTION,
        )

    def test_without_spans_nothing_is_cut(self) -> None:
        spans = Whole()("a b c", None, (2, 5), (1, 3))
        assert (spans.chars.tolist(), spans.tokens.tolist()) == ([[2, 5]], [[1, 3]])
        text = "It rained on the old tower all day. " * 3
        made = Compressor("no cut: whole units", HashEncoder(), lambda t: len(t.split()))
        assert made.compress([Chunk(text)], "tower?", max_tokens=3).text == ""

    def test_cut_at_any_word_a_span_is_a_word(self) -> None:
        text = "It is, by now, 3.5 kg."
        tokens = Tokens.concatenate(HashEncoder().encode([text], [""]))
        spans = AnyWord(("by now",))(text, tokens, (0, len(text)), (0, len(tokens.ids)))
        assert [text[a:b] for a, b in spans.chars.tolist()] == ["It", "is,", "by now,", "3.5", "kg."]
        assert spans.may_start.all()
        assert spans.may_end.all()

    def test_unknown(self) -> None:
        with pytest.raises(ValueError, match="'nobody'"):
            Compressor("nobody", HashEncoder(), len)


class TestSummary:
    def test_rouge_l_by_hand(self) -> None:
        assert measure_summaries.rouge_l("the cat sat on the mat", "the cat lay on a mat") == pytest.approx(
            8 / 12
        )
        assert measure_summaries.rouge_l("one two", "three") == 0.0
        assert measure_summaries.rouge_l("one", "") == 0.0

    @given(st.lists(st.sampled_from(WORDS)), st.lists(st.sampled_from(WORDS)))
    def test_rouge_l_is_symmetric_and_one_for_the_same_text(self, left: list[str], right: list[str]) -> None:
        a, b = " ".join(left), " ".join(right)
        assert measure_summaries.rouge_l(a, b) == measure_summaries.rouge_l(b, a)
        assert 0 <= measure_summaries.rouge_l(a, b) <= 1
        assert (measure_summaries.rouge_l(a, a) == 1.0) == bool(left)

    def test_function_words_do_not_count(self) -> None:
        assert measure_summaries.content("The tower was not of Paris, in 1889") == {"tower", "paris", "1889"}
        assert measure_summaries.recall("The tower of Paris", "a tower") == 0.5
        assert measure_summaries.recall("of the", "of the") == 0.0

    def test_the_best_reference_counts(self) -> None:
        assert measure_summaries.best(measure_summaries.recall, ["bread", "tower"], "a tower") == 1.0


class TestShortened:
    def test_gold_first_in_source_order_and_the_last_one_cut(self) -> None:
        documents = [
            {"id": 0, "text": "Cats sleep a lot."},
            {"id": 1, "text": "Bread is cheap there.", "is_gold": True},
            {"id": 2, "text": "Dogs bark at night."},
        ]
        cut = measure_reader.shortened(row(documents=documents), tokenizer(), 7)["documents"]
        assert [d["text"] for d in cut] == ["Cats sleep", "Bread is cheap there."]
        assert measure_reader.shortened(row(), tokenizer(), 0) == row()

    def test_a_set_without_a_row_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no row"):
            measure_reader.columns([])


class TestMeasures:
    def test_following(self, resources: Resources) -> None:
        arms = {"full": [1.0], "last": [0.5], "semtoken": [0.5], "entropy-pruned": [0.5], "kv": [0.5]}
        made = job("continue", arms, contexts=(60,))
        found = {c.arm: measure_reader.measure_continuation(made, c, resources) for c in made.cells()}
        assert {len(v["nats"]) for v in found.values()} == {2}
        assert found["full"]["tokens"] == [60.0, 60.0]
        assert all(
            0 < t <= 30 for arm in ("last", "semtoken", "entropy-pruned") for t in found[arm]["tokens"]
        )
        assert found["kv"]["kv_mb"][0] < found["full"]["kv_mb"][0]
        assert found["semtoken"]["nats"] != found["entropy-pruned"]["nats"]

    def test_answering(self, resources: Resources) -> None:
        made = job("answer", {"full": [1.0], "lead": [0.5], "semtoken": [0.5], "paper": [0.5], "kv": [0.5]})
        found = {c.arm: measure_reader.measure_answers(made, c, resources) for c in made.cells()}
        assert {len(v["nats"]) for v in found.values()} == {2}  # the row that no text answers is left out
        assert all(
            found[arm]["tokens"][0] < found["full"]["tokens"][0] for arm in ("lead", "semtoken", "paper")
        )
        assert all(v in (0.0, 1.0) for f in found.values() for v in f["em"])

    def test_summarising(self, resources: Resources) -> None:
        made = job("summarise", {"full": [1.0], "semtoken": [0.5]}, tokens=5)
        found = {c.arm: measure_summaries.measure(made, c, resources) for c in made.cells()}
        assert found["full"]["recall"] == found["full"]["kept"] == [1.0, 1.0]
        assert found["semtoken"]["kept"][0] <= 0.5
        assert all(0 <= v <= 1 for v in found["semtoken"]["rouge_l"])

    def test_keeping(self, resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(measure_retention, "counter", lambda: lambda text: len(text.split()))
        made = job("keep", {"semtoken": [1.0], "paper": [0.3]})
        whole, part = (measure_retention.measure(made, c, resources) for c in made.cells())
        assert whole["answer"] == whole["kept"] == whole["whole"] == [1.0, 1.0]
        assert whole["chain"] == [None, None]
        assert all(0 < k <= 0.3 for k in part["kept"])

    def test_timing(self, resources: Resources) -> None:
        arms = {f"{way}, {kernel}": [0.5] for way in measure_speed.WAYS for kernel in ("eager", "sdpa")}
        made = job("speed", arms, contexts=(128,), tokens=2)
        found = {c.arm: measure_speed.measure(made, c, resources) for c in made.cells()}
        assert {v["tokens"][0] for v in found.values()} == {64.0}
        assert found["text + h2o, sdpa"]["kv_mb"][0] < found["text, sdpa"]["kv_mb"][0]

    def test_picturing(self, resources: Resources) -> None:
        image = measure_charts.Image.new("RGB", (56, 56), "white")
        image.paste("black", (0, 0, 20, 20))
        (resources.folder / "drawn").mkdir()
        image.save(resources.folder / "drawn" / "one.png")
        for arm in measure_charts.ARMS:
            cell = Cell("", "drawn", 3, 0, arm, 0.5)
            found = measure_charts.measure(job("picture", {arm: [0.5]}), cell, resources)
            assert found["kept"][0] <= 0.5
            assert found["drawn"][0] > 0.9, arm

    @pytest.mark.skipif(measure_speed.torch.cuda.is_available(), reason="there is a GPU")
    def test_a_shape_without_a_gpu_says_so(self, resources: Resources) -> None:
        made = job("speed", {"full, sdpa": [1.0]})
        with pytest.raises(RuntimeError, match="no GPU"):
            measure_speed.measure(made, Cell("gpt-j-6b", "-", 1, 64, "full, sdpa", 1.0), resources)

    def test_one_run_from_cells_to_the_page(self, resources: Resources, tmp_path: Path) -> None:
        made = parse("lm", "{kind: continue, about: x, readers: [tiny], contexts: [60], sets: {toy: 2}, "
                           "arms: {full: [1], semtoken: [.5]}}")  # fmt: skip
        run(
            made,
            made.cells(),
            tmp_path,
            partial(measure_reader.measure_continuation, made, resources=resources),
        )
        page = tmp_path / "paper.md"
        page.write_text("Before.\n<!-- table 1 -->\nstale\n<!-- /table 1 -->\nAfter.\n", encoding="utf-8")
        tables.render(page, Results({"lm": ran(made, made.cells(), tmp_path)}))
        said = page.read_text(encoding="utf-8")
        assert said.startswith("Before.\n")
        assert said.endswith("After.\n")
        assert "stale" not in said
        assert "| BPE | 100 | 100 | 61.2 | " in said
        assert "toy, 60 tokens, n = 2" in said


def result(arm: str, ratio: float, reader: str = "", name: str = "one", **values: list[float]) -> dict:
    cell = {"reader": reader, "set": name, "n": 2, "context": 0, "arm": arm, "ratio": ratio}
    return {**cell, "status": "ok", "clock": "wall", "values": values}


class TestTables:
    def test_perplexity_is_of_all_tokens_together(self) -> None:
        made = Results({"lm": [result("full", 1.0, nats=[1.0, 3.0])]})
        assert made.perplexity("lm", arm="full") == pytest.approx(2.718281828**2)
        assert made.perplexity("lm", arm="paper") is None

    def test_an_empty_page_holds_what_the_paper_says(self) -> None:
        nothing = Results({})
        for name, made in tables.TABLES.items():
            assert isinstance(made(nothing), str), name
        said = tables.main(nothing)
        assert "| SemToken: Algorithm 1 as printed | 41 | - | 30.4 | - | 1.5 | - | 17.0 | - | 59.9 |" in said

    def test_ablation_names_what_costs_nothing(self) -> None:
        cells = [
            result("semtoken", 0.1, answer=[1.0] * 8, chain=[1.0] * 8, ms=[2.0] * 8),
            result("no bridge", 0.1, answer=[1.0] * 8, chain=[0.0] * 8, ms=[2.0] * 8),
            result("no density", 0.1, answer=[1.0] * 8, chain=[1.0] * 8, ms=[2.0] * 8),
            result("no question", 0.1, answer=[0.0] * 8, chain=[0.0] * 8, ms=[2.0] * 8),
            result(
                "no question, no density: source order", 0.1, answer=[1.0] * 8, chain=[1.0] * 8, ms=[1.0] * 8
            ),
        ]
        said = retention_tables.ablation(Results({"ablation": cells}))
        lines = {line.split(" | ")[0]: line for line in said.splitlines() if line.startswith("| ")}
        assert "1.000 | -1.000 [-1.000, -1.000]" not in lines["| the default"]
        assert "-1.000 [-1.000, -1.000]" in lines["| no bridge"]
        assert "18.3, 38.5, 62.8" in lines["| no density"]
        assert "+1.000 [+1.000, +1.000] to `no question`" in lines["| no question, no density: source order"]
        free = said.splitlines()[-1]
        assert "`no density`" in free
        assert "`no question, no density: source order`" in free
        assert "`no bridge`" not in free
        assert "`no question`," not in free

    def test_ablation_has_the_nats_of_what_a_reader_does_alone(self) -> None:
        cells = [result("semtoken", 0.41, nats=[1.0] * 4), result("kv", 0.41, nats=[1.0] * 4)]
        cells += [result("span", 0.41, nats=[1.5] * 4)]
        said = retention_tables.ablation(Results({"ablation_lm": cells}))
        assert "| +0.500 [+0.500, +0.500] to `kv` | - | - | - | - | - |" in said
        assert "| the default | full | 17, 30.4, 65.4 | 2.7 | - |" in said

    def test_a_set_of_few_rows_has_the_reason(self) -> None:
        cells = {"qa": [result("full", 1.0, nats=[1.0] * 4)]}
        assert Results(cells).rows("qa") == "one, n = 4"
        assert Results(cells, {"qa": {"one": "all that it has"}}).rows("qa") == "one, n = 4 (all that it has)"

    @pytest.mark.parametrize("made", shipped(), ids=lambda j: j.name)
    def test_a_shipped_job_has_thirty_rows_of_a_set_or_says_why_not(self, made: Job) -> None:
        assert {name for name, n in made.sets.items() if n < ENOUGH} == set(made.few)

    def test_speed_ups_are_against_the_whole_context(self) -> None:
        full = {"tokens": [100.0], "ms_per_token": [30.0], "prefill_s": [4.0], "kv_mb": [8.0]}
        short = {"tokens": [41.0], "ms_per_token": [20.0], "prefill_s": [1.0], "kv_mb": [3.0]}
        cells = [
            result("full, eager", 1.0, "smollm2", **full),
            result("text, sdpa", 0.41, "smollm2", **short),
        ]
        said = tables.accelerators(Results({"speed": cells}))
        row = "| SemToken + FlashAttention2 | 43 | 41 | 22.5 | 20.0 | 2.7 | 1.50 | 1.5 | 3.0 | 1.0 | 4.00 |"
        assert row in said

    def test_the_printed_tables_agree_with_each_other(self) -> None:
        lm = published.TASKS["WikiText-103, PPL"]
        for arm, main in published.MAIN.items():
            assert float(lm[arm].quality) == main.ppl
            assert lm[arm].saved == main.saved
        assert published.ABLATION["full"][0] == published.MAIN["semtoken"].ppl
        assert published.MODELS["LLaMA-2-7B"][0][1:] == (61.2, 4.1, 17.3)


class TestPublic:
    def test_wikitext_lines_become_articles(self) -> None:
        lines = [
            "",
            " = One = \n",
            " First . \n",
            " = = Part = = \n",
            " More . \n",
            " = Two = \n",
            " Last . \n",
        ]
        found = list(public.articles({"text": line} for line in lines))
        assert [(a["title"], a["text"]) for a in found] == [
            ("One", " First . \n = = Part = = \n More . \n"),
            ("Two", " Last . \n"),
        ]

    @given(st.text(alphabet="ab \n", max_size=60))
    def test_passages_hold_the_whole_text(self, text: str) -> None:
        parts = public.passages(text * 80)
        assert "".join(p["text"] for p in parts).split() == (text * 80).split()
        assert all("\n" not in p["text"][public.PASSAGE :].rstrip("\n") for p in parts)

    def test_questions_of_every_set_have_the_rows_of_ours(self) -> None:
        given_rows = {
            "triviaqa": {
                "question_id": "q", "question": "Where?", "answer": {"value": "Paris", "aliases": ["City"]},
                "entity_pages": {"title": ["France"], "wiki_context": ["Paris is there."]},
            },
            "narrativeqa": {
                "question": {"text": "Where?"}, "answers": [{"text": "Paris"}],
                "document": {"summary": {"title": "A tale"}, "text": "They went to Paris."},
            },
            "longbench-hotpotqa": {
                "_id": "q", "input": "Where?", "answers": ["Paris"],
                "context": "Passage 1:\nFrance\nParis is there.\n\nPassage 2:\nItaly\nRome is there.\n",
            },
            "longbench-qasper": {"_id": "q", "input": "Where?", "answers": ["Paris"], "context": "In Paris."},
            "booksum": {"chapter": "Long text.", "summary_text": "Short."},
            "arxivsum": {"article": "Long text.", "abstract": "Short."},
            "chartqa": {"query": "How many?", "label": ["3"], "image": None},
        }  # fmt: skip
        for name, made in given_rows.items():
            (found,) = public.PUBLIC[name].read([made])
            assert found["question"].endswith(("?", "."))
            assert found["answers"]
            assert all(d["text"].strip() for d in found["documents"])
        (cited,) = public.longbench([given_rows["longbench-hotpotqa"]])
        assert [d["title"] for d in cited["documents"]] == ["France", "Italy"]
        (book,) = public.books([{"url": "u", "short_book_title": "A tale", "text": "Once."}])
        assert book["title"] == "A tale"

    def test_the_hub_is_read_as_far_as_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []

        def load_dataset(path: str, name: str | None, **more: object) -> object:
            asked.append((path, name, more))
            return ({"chapter": f"Text {i}.", "summary_text": "Short."} for i in range(10**9))

        monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
        found = sets.rows(Path("nowhere"), "hub:booksum")
        assert len(found) == public.MOST
        assert asked == [("kmfoda/booksum", None, {"split": "test", "streaming": True})]

    def test_without_the_package_or_with_a_wrong_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "datasets", None)
        with pytest.raises(ImportError, match="hub"):
            public.rows("booksum")
        with pytest.raises(ValueError, match="'nobody'"):
            public.rows("nobody")
