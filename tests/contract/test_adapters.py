"""One contract for all adapters: what users of any framework rely on, whatever its documents are called."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.stages.answerable import SIGNS
from semtoken_rag.stages.calibration import Calibration, version_of
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Encoding
from tests.support.adapters import ADAPTERS, Adapter, LlamaIndex, Passage
from tests.support.held import Held, until
from tests.support.samples import BREAD, PARIS, QUERY, ROME, TEXTS, words


class Broken(HashEncoder):
    """Fails at its work."""

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        raise RuntimeError("out of memory")


class Counting(HashEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        self.seen += texts
        return super().encode(texts, titles)


PASSAGES = [
    Passage(text, f"doc-{i}", title, 0.5, metadata={"page": i, "tags": ["x"]})
    for i, (title, text) in enumerate(TEXTS.items())
]
KINDS = [kind for adapter in ADAPTERS for kind in adapter.kinds]
TOTAL = sum(map(words, TEXTS.values()))


@pytest.fixture(params=ADAPTERS, ids=lambda adapter: type(adapter).__name__)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return request.param


def made(adapter: Adapter, **fields: Any) -> Any:
    """Return the query-time compressor, with the fast encoder and the word count, of the texts alone."""
    defaults = {"encoder": "static", "token_counter": words, "on_error": "raise", "overhead": 0}
    return adapter.kinds[0](**{**defaults, **fields})


def documents(adapter: Adapter, passages: Sequence[Passage] = PASSAGES) -> list[Any]:
    """Return documents of the framework, made anew."""
    return [adapter.document(copy.deepcopy(passage)) for passage in passages]


def compress(
    adapter: Adapter, passages: Sequence[Passage] = PASSAGES, query: str = QUERY, **fields: Any
) -> list[Passage]:
    """Return what is left of the passages."""
    out = adapter.run(made(adapter, **fields), documents(adapter, passages), query)
    return [adapter.read(document) for document in out]


def test_the_answer_is_kept_and_the_rest_shortened(adapter: Adapter) -> None:
    text = " ".join(p.text for p in compress(adapter, max_tokens=20))
    assert "The Eiffel Tower is 330 metres tall." in text
    assert "flour" not in text


@pytest.mark.parametrize("budget", [1, 2, 5, 9, 20, 40, 59, 1000])
def test_one_budget_for_all_documents(adapter: Adapter, budget: int) -> None:
    assert sum(words(p.text) for p in compress(adapter, max_tokens=budget)) <= budget


@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.5, 1.0])
def test_ratio_is_of_all_documents(adapter: Adapter, ratio: float) -> None:
    assert sum(words(p.text) for p in compress(adapter, ratio=ratio)) <= ratio * TOTAL


def test_budget_that_holds_everything_changes_no_text(adapter: Adapter) -> None:
    out = compress(adapter, max_tokens=1000)
    assert [replace(p, note=None) for p in out] == PASSAGES
    assert [[(n["start"], n["end"]) for n in p.note["pieces"]] for p in out] == [
        [(0, len(p.text))] for p in PASSAGES
    ]


def test_default_ratio_gives_way_to_max_tokens(adapter: Adapter) -> None:
    assert made(adapter).ratio == 0.4
    assert made(adapter, max_tokens=9).ratio is None
    assert made(adapter, max_tokens=9, ratio=0.3).ratio == 0.3
    again = adapter.kinds[0].model_validate(made(adapter, max_tokens=9).model_dump())
    assert (again.ratio, again.max_tokens) == (None, 9)


def test_ids_metadata_scores_and_order_are_kept(adapter: Adapter) -> None:
    out = compress(adapter, ratio=0.6, config=Config(order="source"))
    assert len(out) > 1
    kept = {p.id for p in out}
    given = [p for p in PASSAGES if p.id in kept]
    assert [replace(p, text="", note=None) for p in out] == [replace(p, text="") for p in given]


@pytest.mark.parametrize("given", [PASSAGES[:2], PASSAGES[1::-1]])
@pytest.mark.parametrize("config", [None, Config(), Config(gap=" ~ "), Config(order="relevance")])
def test_the_best_comes_first_behind_a_retriever(
    adapter: Adapter, given: list[Passage], config: Config | None
) -> None:
    out = compress(adapter, given, ratio=0.8, config=config)
    assert [p.title for p in out] == ["Paris", "Bread"]


def test_an_order_that_is_named_holds(adapter: Adapter) -> None:
    for order, titles in (("best-last", ["Bread", "Paris"]), ("source", ["Bread", "Paris"])):
        out = compress(adapter, PASSAGES[1::-1], ratio=0.8, config=Config(order=order))
        assert [p.title for p in out] == titles
    out = compress(adapter, PASSAGES[:2], ratio=0.8, config=Config(order="best-last"))
    assert [p.title for p in out] == ["Bread", "Paris"]


def test_without_a_question_the_order_is_that_of_the_source(adapter: Adapter) -> None:
    out = compress(adapter, PASSAGES[::-1], query="", ratio=0.8)
    assert [p.title for p in out] == ["Rome", "Bread", "Paris"]


@pytest.mark.parametrize("deadline", [None, 1e-4])
def test_the_order_holds_for_the_fallback_too(adapter: Adapter, deadline: float | None) -> None:
    """The second of the two is the best for the question; without the encoder it would come first or last."""
    fields = {"ratio": 0.6, "on_error": "fallback", "encoder": HashEncoder(), "deadline": deadline}
    found = compress(adapter, **fields)
    turned = compress(adapter, **fields, config=Config(order="best-last"))
    assert [p.title for p in found] == [p.title for p in turned][::-1]


@pytest.mark.parametrize("overhead", [0, 1, 4])
@pytest.mark.parametrize("budget", [8, 12, 30, 79, 83])
def test_each_kept_document_pays_its_overhead(adapter: Adapter, overhead: int, budget: int) -> None:
    out = compress(adapter, max_tokens=budget, overhead=overhead)
    assert sum(words(p.text) + overhead for p in out) <= budget
    if budget >= TOTAL + 3 * overhead:
        assert [p.text for p in out] == list(TEXTS.values())


def test_a_ratio_is_of_the_documents_with_their_overhead(adapter: Adapter) -> None:
    out = compress(adapter, ratio=0.5, overhead=10)
    assert 0 < sum(words(p.text) + 10 for p in out) <= 0.5 * (TOTAL + 30)
    assert sum(words(p.text) for p in compress(adapter, ratio=0.5)) <= 0.5 * TOTAL


@pytest.mark.parametrize("overhead", [-1, True, 2.5, "much", None])
@pytest.mark.parametrize("kind", KINDS)
def test_overhead_is_a_number_of_tokens_or_auto(kind: type, overhead: Any) -> None:
    with pytest.raises(ValueError, match="overhead"):
        kind(overhead=overhead)
    assert kind(overhead="auto").overhead == "auto"


@pytest.mark.parametrize(
    "name", ["no-such", "", "/no/such/file.onnx", "./mine.safetensors", "models/mine.onnx"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_no_encoder_has_is_refused_when_it_is_given(kind: type, name: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"encoder must be one of 'auto', .*'static', "):
        kind(encoder=name)
    assert time.perf_counter() - start < 1


TARIFF = "The base fee is 19 euros a month. Support answers by mail. Invoices are sent in March."


def test_headings_in_the_metadata_name_what_is_kept(adapter: Adapter) -> None:
    given = [
        Passage(TARIFF, f"{plan}", metadata={"Header 1": "Tariffs", "Header 2": plan})
        for plan in ("Student", "Harbour")
    ]
    (out,) = compress(adapter, given, "What is the base fee of Harbour?", max_tokens=12)
    assert out.text == "Tariffs > Harbour\nThe base fee is 19 euros a month."
    assert words(out.text) <= 12
    (piece,) = out.note["pieces"]
    assert TARIFF[piece["start"] : piece["end"]] == "The base fee is 19 euros a month."


def test_headings_are_shown_once_however_often_it_is_compressed(adapter: Adapter) -> None:
    given = documents(adapter, [Passage(TARIFF, "a", metadata={"header_path": "/Tariffs/Harbour/"})])
    c, asked = made(adapter, max_tokens=16), "What is the base fee of Harbour?"
    once = adapter.run(c, given, asked)
    first = adapter.read(once[0]).text
    assert first.startswith("Tariffs > Harbour\n")
    for budget in (20, 11):  # all of it, and less
        (twice,) = adapter.run(c.model_copy(update={"max_tokens": budget}), once, asked)
        text = adapter.read(twice).text
        assert text.count("Harbour") == 1
        assert text.startswith("Tariffs > Harbour\nThe base fee")
        for piece in adapter.read(twice).note["pieces"]:
            assert first[piece["start"] : piece["end"]] in text


def test_titles_stand_before_what_is_kept(adapter: Adapter) -> None:
    (out,) = compress(adapter, max_tokens=10, titles=True)
    assert out.text == "Paris\nThe Eiffel Tower is 330 metres tall."
    by_config = compress(adapter, max_tokens=10, config=Config(titles=True))
    assert [p.text for p in by_config] == [out.text]
    (bare,) = compress(adapter, max_tokens=10)
    assert "Paris\n" not in bare.text


def test_the_threads_reach_the_encoder(adapter: Adapter) -> None:
    pytest.importorskip("onnxruntime")
    assert made(adapter, encoder="auto", threads=1)._engine().encoder.threads == 1
    with pytest.raises(ValueError, match="threads"):
        made(adapter, threads=0)


def test_the_language_reaches_the_engine(adapter: Adapter) -> None:
    c = made(adapter, language="de", config=Config(gap=" ~ "))
    assert c._engine()._setup.config.language == "de"
    assert c._engine()._setup.config.gap == " ~ "
    assert made(adapter, config=Config(language="fr"))._engine()._setup.config.language == "fr"
    with pytest.raises(ValueError, match="language"):
        made(adapter, language=7)


@pytest.mark.parametrize("fault", [None, b"bytes", 7, ["a list"]])
@pytest.mark.parametrize("on_error", ["fallback", "raise"])
def test_one_bad_document_is_left_out_and_named(
    adapter: Adapter, fault: Any, on_error: str, caplog: pytest.LogCaptureFixture
) -> None:
    given = [adapter.broken(fault, "row-7"), *documents(adapter), None]
    c = made(adapter, max_tokens=20, on_error=on_error)
    out = adapter.run(c, given, QUERY)
    assert out == adapter.run(c, documents(adapter), QUERY)
    assert asyncio.run(adapter.arun(c, given, QUERY)) == out
    assert f"document 0 (id 'row-7'): its text must be a str, got {type(fault).__name__}" in caplog.text
    assert "document 4: its text must be a str, got NoneType" in caplog.text
    measured = made(adapter, max_tokens=20, overhead="auto", on_error=on_error)
    assert adapter.run(measured, given, QUERY) == adapter.run(measured, documents(adapter), QUERY)


def test_bad_documents_alone_give_nothing(adapter: Adapter) -> None:
    c = made(adapter)
    assert adapter.run(c, [adapter.broken(None, "a"), None], QUERY) == []
    assert asyncio.run(adapter.arun(c, [adapter.broken(None, "a"), None], QUERY)) == []


def test_inputs_are_untouched(adapter: Adapter) -> None:
    given = documents(adapter)
    before = copy.deepcopy(given)
    out = adapter.run(made(adapter, max_tokens=15), given, QUERY)
    assert given == before
    assert out
    assert all(o is not g for o in out for g in given)


def metadata(document: Any) -> dict[str, Any]:
    """Return a document's own metadata, which Haystack calls ``meta``."""
    return document.meta if hasattr(document, "meta") else document.metadata


@pytest.mark.parametrize("budget", [12, 1000])
def test_what_is_written_to_a_result_is_in_no_input(adapter: Adapter, budget: int) -> None:
    given, lock = documents(adapter), threading.Lock()
    for document in given:
        metadata(document).update(deep=[{"tags": ["a"]}])
    if not isinstance(adapter, LlamaIndex):
        metadata(given[0])["lock"] = lock  # cannot be copied
    out = adapter.run(made(adapter, max_tokens=budget), given, QUERY)
    assert out
    for document in out:
        metadata(document)["tags"].append("seen")
        metadata(document)["deep"][0]["tags"].clear()
    assert all(metadata(d)["tags"] == ["x"] and metadata(d)["deep"] == [{"tags": ["a"]}] for d in given)


@pytest.mark.parametrize("count", [len, lambda text: text.count("\n")], ids=["characters", "lines"])
@pytest.mark.parametrize(
    ("fields", "joint"),
    [
        ({}, "\n\n"),
        ({"config": Config(separator="\n---\n")}, "\n---\n"),
        ({"separator": "\n==\n", "config": Config(separator="\n---\n")}, "\n==\n"),
    ],
)
def test_the_budget_covers_the_separators(
    adapter: Adapter, count: Any, fields: dict[str, Any], joint: str
) -> None:
    texts = [f"The tower opened in {1889 + i}.\nIt has {i} lifts.\nIt rained." for i in range(8)]
    given = [Passage(text, str(i), "t") for i, text in enumerate(texts)]
    for ratio in (0.3, 0.5, 0.7):
        out = compress(adapter, given, token_counter=count, ratio=ratio, **fields)
        assert count(joint.join(p.text for p in out)) <= ratio * sum(map(count, texts))
        assert out


def test_note_is_json_and_its_pieces_are_the_source(adapter: Adapter) -> None:
    out = compress(adapter, max_tokens=25)
    assert out
    for p in out:
        source = TEXTS[p.title]
        note = json.loads(json.dumps(p.note))
        assert set(note) == {"pieces", "tokens_before", "tokens_after"}
        assert note["tokens_before"] == words(source)
        assert note["tokens_after"] == words(p.text)
        assert note["pieces"]
        last = 0
        for piece in note["pieces"]:
            assert set(piece) == {"start", "end", "granularity", "score", "probability"}
            assert piece["granularity"] in ("fine", "coarse")
            assert last <= piece["start"] < piece["end"] <= len(source)
            assert source[piece["start"] : piece["end"]] in p.text
            last = piece["end"]


def test_offsets_into_the_document_that_was_split(adapter: Adapter) -> None:
    source = f"{BREAD}\n\n{PARIS}\n\n{ROME}"
    passages = [replace(p, start=source.index(p.text)) for p in PASSAGES]
    out = compress(adapter, passages, ratio=0.5)
    assert any(p.start for p in out)
    for p in out:
        for piece in p.note["pieces"]:
            assert piece["source_start"] == piece["start"] + p.start
            assert source[piece["source_start"] : piece["source_end"]] in p.text


def test_compressed_twice_gives_no_offsets_into_the_source(adapter: Adapter) -> None:
    given = documents(adapter, [replace(PASSAGES[0], start=10)])
    first = adapter.run(made(adapter, ratio=0.7), given, QUERY)
    assert "source_start" in adapter.read(first[0]).note["pieces"][0]
    second = adapter.run(made(adapter, ratio=1.0), first, QUERY)
    assert "source_start" not in adapter.read(second[0]).note["pieces"][0]


def test_async_equals_sync(adapter: Adapter) -> None:
    c = made(adapter, max_tokens=20)
    expected = adapter.run(c, documents(adapter), QUERY)
    assert asyncio.run(adapter.arun(c, documents(adapter), QUERY)) == expected


def test_a_list_that_changes_meanwhile_does_not_matter(adapter: Adapter) -> None:
    encoder, given = Held(), documents(adapter)
    c = made(adapter, max_tokens=20, encoder=encoder)

    async def main() -> list[Any]:
        asked = asyncio.create_task(adapter.arun(c, given, QUERY))
        await asyncio.to_thread(until, lambda: encoder.entered)
        given.clear()
        encoder.go.set()
        return await asked

    assert asyncio.run(main()) == adapter.run(made(adapter, max_tokens=20), documents(adapter), QUERY)


def test_32_concurrent_calls_equal_sequential_ones(adapter: Adapter) -> None:
    c, given = made(adapter, ratio=0.3), documents(adapter)
    jobs = [(given[i % 3 :] + given[: i % 2], f"{QUERY} {i}" if i % 4 else "") for i in range(32)]

    async def together() -> list[list[Any]]:
        return await asyncio.gather(*(adapter.arun(c, docs, query) for docs, query in jobs))

    fresh = made(adapter, ratio=0.3)
    assert asyncio.run(together()) == [adapter.run(fresh, docs, query) for docs, query in jobs]


def test_async_leaves_the_loop_free(adapter: Adapter) -> None:
    """The count waits for the loop: were it on the loop's own thread, it would never get its sign."""
    sign = threading.Event()
    signed = []

    def waiting(text: str) -> int:
        signed.append(sign.wait(timeout=20))
        return words(text)

    async def main() -> None:
        c = made(adapter, max_tokens=9, token_counter=waiting)
        task = asyncio.create_task(adapter.arun(c, documents(adapter), QUERY))
        await asyncio.sleep(0.05)
        sign.set()
        await task

    asyncio.run(main())
    assert signed
    assert all(signed)


def test_empty_list_and_blank_documents(adapter: Adapter) -> None:
    c = made(adapter, max_tokens=10)
    assert adapter.run(c, [], QUERY) == []
    assert asyncio.run(adapter.arun(c, [], QUERY)) == []
    blank = [Passage("", "a"), Passage(" \n ", "b")]
    assert [p.text for p in compress(adapter, blank, max_tokens=10)] == ["", " \n "]  # it all fits
    assert [p.title for p in compress(adapter, [*blank, *PASSAGES], max_tokens=10)] == ["Paris"]


@pytest.mark.parametrize("query", ["", "  \n"])
def test_blank_query_compresses_without_one(adapter: Adapter, query: str) -> None:
    out = compress(adapter, query=query, ratio=0.5)
    assert 0 < sum(words(p.text) for p in out) <= 0.5 * TOTAL
    assert out == compress(adapter, query="", ratio=0.5)


def test_odd_title_does_no_harm(adapter: Adapter) -> None:
    out = compress(adapter, [replace(PASSAGES[0], title=7, score=None)], max_tokens=10)
    assert [p.title for p in out] == [7]


def test_another_key_may_hold_the_title(adapter: Adapter) -> None:
    """Which of two like sentences is meant, the title alone tells."""
    like = [Passage("It is 330 metres tall.", "a"), Passage("It is 480 metres tall.", "b")]
    named = [replace(p, metadata={"heading": h}) for p, h in zip(like, ("Oslo", "Eiffel Tower"), strict=True)]
    out = compress(adapter, named, max_tokens=5, title_key="heading")
    assert [p.id for p in out] == ["b"]


def test_ten_thousand_tiny_documents(adapter: Adapter) -> None:
    many = [Passage(f"Note {i} is short.", str(i)) for i in range(9_999)]
    many.insert(5_000, Passage("The Eiffel Tower is 330 metres tall.", "answer"))
    out = compress(adapter, many, max_tokens=100)
    assert "answer" in {p.id for p in out}
    assert sum(words(p.text) for p in out) <= 100


def test_pickle_and_copies(adapter: Adapter) -> None:
    c = made(adapter, max_tokens=20)
    expected = adapter.run(c, documents(adapter), QUERY)
    for other in (pickle.loads(pickle.dumps(c)), copy.copy(c), copy.deepcopy(c), c.model_copy(deep=True)):
        assert other.model_dump() == c.model_dump()
        assert adapter.run(other, documents(adapter), QUERY) == expected


def test_what_cannot_be_pickled_is_an_error(adapter: Adapter) -> None:
    with pytest.raises((pickle.PicklingError, AttributeError), match=r"lambda|token_counter"):
        pickle.dumps(made(adapter, token_counter=lambda text: len(text)))


def test_copy_with_another_counter_does_not_use_the_old_one(adapter: Adapter) -> None:
    c = made(adapter, max_tokens=20)
    adapter.run(c, documents(adapter), QUERY)
    changed = c.model_copy(update={"token_counter": len, "max_tokens": 40})  # 40 words would be more
    out = adapter.run(changed, documents(adapter), QUERY)
    assert 0 < sum(len(adapter.read(d).text) for d in out) <= 40


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"ratio": 0}, "0"),
        ({"ratio": 1.5}, "1.5"),
        ({"ratio": float("nan")}, "nan"),
        ({"max_tokens": 0}, "0"),
        ({"max_tokens": -7}, "-7"),
        ({"min_tokens": -3}, "-3"),
        ({"keep": 0}, "0"),
        ({"keep": 1}, "1"),
        ({"keep": 1.5}, "1.5"),
        ({"keep": float("nan")}, "nan"),
        ({"keep": True}, "True"),
        ({"min_relevance": 0.0}, "0.0"),
        ({"min_relevance": 1}, "1"),
        ({"min_relevance": float("nan")}, "nan"),
        ({"abstain": "all"}, "all"),
        ({"on_error": "ignore"}, "ignore"),
        ({"config": 3}, "3"),
        ({"ratio": None}, "None"),
        ({"budget": 512}, "512"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_bad_fields_are_value_errors_that_show_the_value(
    kind: type, fields: dict[str, Any], shown: str
) -> None:
    with pytest.raises(ValueError, match=shown) as caught:
        kind(**fields)
    assert next(iter(fields)) in str(caught.value)


def test_min_tokens_passes_short_calls_through(adapter: Adapter) -> None:
    out = compress(adapter, ratio=0.1, min_tokens=1000)
    by_config = compress(adapter, ratio=0.1, config=Config(min_tokens=1000))
    assert [p.text for p in out] == [p.text for p in by_config] == [PARIS, BREAD, ROME]


def test_after_a_failure_the_originals_are_cut_to_the_budget(adapter: Adapter) -> None:
    out = compress(adapter, max_tokens=20, encoder=Broken(), on_error="fallback")
    assert 0 < sum(words(p.text) for p in out) <= 20
    assert out[0].text.startswith("Paris is the capital of France.")
    for p in out:
        assert all(TEXTS[p.title][n["start"] : n["end"]] in p.text for n in p.note["pieces"])


def test_a_failure_is_raised_where_asked(adapter: Adapter) -> None:
    c = made(adapter, max_tokens=20, encoder=Broken(), on_error="raise")
    with pytest.raises(RuntimeError, match="out of memory"):
        adapter.run(c, documents(adapter), QUERY)
    with pytest.raises(RuntimeError, match="out of memory"):
        asyncio.run(adapter.arun(c, documents(adapter), QUERY))


def test_a_store_saves_the_encoding_of_what_was_seen_before(adapter: Adapter) -> None:
    encoder = Counting()
    c = made(adapter, max_tokens=20, encoder=encoder, store="memory://")
    first = adapter.run(c, documents(adapter), QUERY)
    assert set(TEXTS.values()) <= set(encoder.seen)
    encoder.seen.clear()
    assert adapter.run(c, documents(adapter), QUERY) == first
    assert encoder.seen == [QUERY]
    with pytest.raises(ValueError, match="ftp://host"):
        adapter.run(made(adapter, store="ftp://host"), documents(adapter), QUERY)


@pytest.mark.parametrize("field", ["encoder", "token_counter", "strategy", "store"])
@pytest.mark.parametrize("kind", KINDS)
def test_json_holds_settings_or_says_which_it_cannot(kind: type, field: str) -> None:
    plain = kind(max_tokens=9, encoder="static", config=Config(order="edges", protect=("x",)))
    written = plain.model_dump_json()
    assert kind.model_validate_json(written).model_dump_json() == written
    assert kind.model_validate_json(written).config == plain.config
    with pytest.raises(ValueError, match=rf"{field} must be a str or None.*got <object"):
        kind(**{field: object()}).model_dump_json()
    with pytest.raises(ValueError, match="segmenter"):
        kind(config=Config(segmenter=lambda text: [])).model_dump_json()


NEVER, ALWAYS = 1e-6, 0.999999  # chances below and above all that a call can have


def test_keep_lets_go_of_what_a_promise_does_not_take(adapter: Adapter) -> None:
    """The chances may change with each fit, so only what holds of any is shown."""
    engine = SemToken(encoder="static", token_counter=words)
    chunks = [Chunk(p.text, title=p.title, id=p.id, score=p.score) for p in PASSAGES]
    for keep in (0.5, 0.8):
        c = made(adapter, ratio=1.0, keep=keep)
        out = adapter.run(c, documents(adapter), QUERY)
        left = engine.compress(chunks, QUERY, ratio=1.0, keep=keep).chunks
        assert sorted(adapter.read(d).text for d in out) == sorted(kept.text for kept in left)
        assert asyncio.run(adapter.arun(c, documents(adapter), QUERY)) == out
        for bound in ({"max_tokens": 20}, {"ratio": 0.3}, {}):
            held = compress(adapter, keep=keep, **bound)
            assert sum(words(p.text) for p in held) <= bound.get(
                "max_tokens", bound.get("ratio", 0.4) * TOTAL
            )
    assert made(adapter, keep=0.5).ratio == 0.4
    assert made(adapter, keep=0.5, max_tokens=9).ratio is None


@pytest.mark.parametrize("fields", [{"max_tokens": 20}, {"ratio": 1.0}], ids=["cut", "fits"])
@pytest.mark.parametrize("by_config", [False, True])
def test_abstaining_gives_no_documents(adapter: Adapter, fields: dict[str, Any], by_config: bool) -> None:
    def of(chance: float, **more: Any) -> Any:
        least = {"config": Config(min_relevance=chance)} if by_config else {"min_relevance": chance}
        return made(adapter, **fields, **least, **more)

    given = documents(adapter)
    assert adapter.run(of(ALWAYS), given, QUERY) == []
    assert asyncio.run(adapter.arun(of(ALWAYS), given, QUERY)) == []
    unasked = adapter.run(made(adapter, **fields), given, QUERY)
    assert unasked
    assert adapter.run(of(NEVER, abstain="best"), given, QUERY) == unasked
    for blank in ("", " \n"):
        assert (
            adapter.run(of(ALWAYS), given, blank) == adapter.run(made(adapter, **fields), given, blank) != []
        )


@pytest.mark.parametrize("order", [None, "best-last", "source"])
def test_abstaining_gives_the_best_document_with_a_note(adapter: Adapter, order: str | None) -> None:
    fields = {"ratio": 0.8, "min_relevance": ALWAYS, "abstain": "best", "config": Config(order=order)}
    given = [PASSAGES[1], PASSAGES[0], PASSAGES[2]]
    (best,) = compress(adapter, given, **fields)
    assert best.title == "Paris"
    note = json.loads(json.dumps(best.note))
    assert note.pop("abstained") is True
    assert 0 <= note.pop("answerable") < ALWAYS
    (same,) = [p for p in compress(adapter, given, ratio=0.8) if p.title == "Paris"]
    assert (best.text, note) == (same.text, same.note)
    (again,) = adapter.run(made(adapter, ratio=1.0), documents(adapter, [best]), QUERY)
    assert "abstained" not in adapter.read(again).note


def test_abstaining_from_what_fits_leaves_the_retrievers_first(adapter: Adapter) -> None:
    (first,) = compress(adapter, ratio=1.0, min_relevance=ALWAYS, abstain="best")
    assert first.text == PASSAGES[0].text
    assert first.note["abstained"]


def test_min_relevance_needs_a_calibration(adapter: Adapter) -> None:
    for name, fields in {"calibration": {"encoder": HashEncoder()}, "strategy": {"strategy": "lead"}}.items():
        c = made(adapter, min_relevance=0.5, **fields)
        with pytest.raises(ValueError, match=rf"min_relevance=0\.5 needs a {name}"):
            adapter.run(c, documents(adapter), QUERY)


@pytest.fixture
def even(tmp_path: Path) -> Config:
    """Settings with a calibration of the `HashEncoder`: an answer has the chance of a half, always."""
    name, file = HashEncoder().name, tmp_path / "mine.json"
    Calibration(name, version_of(name), np.zeros(99), (0.0, 1.0), (0.0,) * (len(SIGNS) + 1)).save(file)
    return Config(calibration=file)


def test_a_calibration_of_ones_own_is_read(adapter: Adapter, even: Config) -> None:
    fields = {"encoder": HashEncoder(), "config": even, "max_tokens": 20}
    assert compress(adapter, min_relevance=0.6, **fields) == []
    assert compress(adapter, min_relevance=0.4, **fields) == compress(adapter, **fields) != []


@pytest.mark.parametrize("late", [False, True])
def test_a_fallback_never_abstains(adapter: Adapter, even: Config, late: bool) -> None:
    """Nor does that of the static table, which is calibrated, after a deadline."""
    fields = {"on_error": "fallback", "min_relevance": ALWAYS, "max_tokens": 20, "config": even}
    encoder, deadline = (HashEncoder(), 1e-4) if late else (Broken(), None)
    assert compress(adapter, encoder=encoder, deadline=deadline, **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_json_holds_what_is_asked_of_the_chances(kind: type) -> None:
    config = Config(calibration="mine.json", min_relevance=0.2)
    plain = kind(keep=0.9, min_relevance=0.3, abstain="best", max_tokens=9, config=config)
    again = kind.model_validate_json(plain.model_dump_json())
    assert (again.keep, again.min_relevance, again.abstain) == (0.9, 0.3, "best")
    assert (again.max_tokens, again.ratio, again.config) == (9, None, config)
    from_path = kind(config=Config(calibration=Path("mine.json")))
    assert kind.model_validate_json(from_path.model_dump_json()).config == Config(calibration="mine.json")
    assert (kind().keep, kind().min_relevance, kind().abstain) == (None, None, "empty")
