"""What only LlamaIndex has: its node types, events, serialisation, query engines and ingestion."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload, LlamaDebugHandler
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import MarkdownNodeParser, SentenceSplitter
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import (
    Document,
    ImageNode,
    IndexNode,
    MediaResource,
    MetadataMode,
    Node,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores.utils import node_to_metadata_dict
from pydantic import Field

from llama_index.postprocessor.semtoken import (
    CompressionEndEvent,
    CompressionStartEvent,
    SemTokenIngestion,
    SemTokenPostprocessor,
)
from semtoken_rag import Config
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.testing import HashEncoder
from tests.support.samples import BREAD, PARIS, QUERY, ROME, TEXTS, words

FAST: dict[str, Any] = {"encoder": "static", "token_counter": words, "on_error": "raise"}


def nodes() -> list[NodeWithScore]:
    """Three nodes with ids and scores, made anew for each test."""
    return [
        NodeWithScore(node=TextNode(text=text, id_=f"node-{i}", metadata={"title": title}), score=0.5)
        for i, (title, text) in enumerate(TEXTS.items())
    ]


def postprocessor(**fields: Any) -> SemTokenPostprocessor:
    """Build one with the fast encoder and the word count."""
    return SemTokenPostprocessor(**{**FAST, **fields})


def kept(given: list[NodeWithScore], **fields: Any) -> list[Any]:
    """Return the nodes that are left of ``given``."""
    return [n.node for n in postprocessor(**fields).postprocess_nodes(given, query_str=QUERY)]


class Fixed(BaseRetriever):
    """Returns the same nodes for any query."""

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return nodes()


class Events(BaseEventHandler):
    """Collects our events."""

    seen: list[Any] = Field(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "Events"

    def handle(self, event: Any, **_: Any) -> None:
        if isinstance(event, CompressionStartEvent | CompressionEndEvent):
            self.seen.append(event)


@pytest.fixture
def events() -> Iterator[list[Any]]:
    root, handler = get_dispatcher(), Events()
    root.add_event_handler(handler)
    yield handler.seen
    root.event_handlers.remove(handler)


def test_query_as_bundle_as_text_both_or_none() -> None:
    p = postprocessor(max_tokens=20)
    out = p.postprocess_nodes(nodes(), QueryBundle(QUERY))
    assert out == p.postprocess_nodes(nodes(), query_str=QUERY)
    assert asyncio.run(p.apostprocess_nodes(nodes(), QueryBundle(QUERY))) == out
    with pytest.raises(ValueError, match="both query_str and query_bundle"):
        p.postprocess_nodes(nodes(), QueryBundle(QUERY), QUERY)
    assert p.postprocess_nodes(nodes()) == p.postprocess_nodes(nodes(), query_str="")
    assert 0 < sum(words(n.text) for n in p.postprocess_nodes(nodes())) <= 20


def test_metadata_is_never_part_of_the_text() -> None:
    given = nodes()
    given[0].node.metadata["secret"] = "hidden"
    out = kept(given, max_tokens=1000)
    assert out[0].text == PARIS
    assert out[0].metadata["semtoken"]["tokens_before"] == words(PARIS)


def test_our_key_is_hidden_from_reader_and_embedding() -> None:
    given = nodes()
    given[0].node.excluded_llm_metadata_keys = ["page", "semtoken"]
    out = kept(given, ratio=0.5)
    assert out[0].node_id == "node-0"
    assert out[0].excluded_llm_metadata_keys == ["page", "semtoken"]
    assert out[0].excluded_embed_metadata_keys == ["semtoken"]
    for node in out:
        for mode in (MetadataMode.LLM, MetadataMode.EMBED):
            assert "semtoken" not in node.get_content(metadata_mode=mode)
            assert node.metadata["title"] in node.get_content(metadata_mode=mode)


def test_relationships_embedding_and_range_are_kept() -> None:
    given = nodes()[:1]
    node = given[0].node
    node.relationships = {
        NodeRelationship.SOURCE: RelatedNodeInfo(node_id="source"),
        NodeRelationship.NEXT: RelatedNodeInfo(node_id="next"),
    }
    node.embedding = [0.25, 0.5]
    node.start_char_idx, node.end_char_idx = 7, 7 + len(PARIS)
    (out,) = kept(given, max_tokens=8)
    assert out.text != PARIS
    assert out.relationships == node.relationships
    assert out.relationships is not node.relationships
    assert (out.embedding, out.get_node_info()) == (node.embedding, node.get_node_info())
    assert out.source_node.node_id == "source"


def test_replaced_text_has_no_offsets_into_the_source() -> None:
    """As after MetadataReplacementPostProcessor, which leaves the range of the sentence it replaced."""
    node = TextNode(text=PARIS, start_char_idx=0, end_char_idx=31)
    (out,) = kept([NodeWithScore(node=node)], max_tokens=8)
    assert "source_start" not in out.metadata["semtoken"]["pieces"][0]


def test_offsets_after_a_splitter() -> None:
    source = Document(text=f"{BREAD}\n\n{ROME}\n\n{PARIS}", id_="source")
    split = SentenceSplitter(chunk_size=40, chunk_overlap=0).get_nodes_from_documents([source])
    out = kept([NodeWithScore(node=node) for node in split], ratio=0.4)
    assert any(node.start_char_idx > 0 for node in out)
    for node in out:
        assert node.ref_doc_id == "source"
        for piece in node.metadata["semtoken"]["pieces"]:
            assert source.text[piece["source_start"] : piece["source_end"]] in node.text


def test_images_and_nodes_without_text_pass_untouched() -> None:
    image = NodeWithScore(
        node=ImageNode(text="A caption of the Eiffel Tower.", image_path="tower.png"), score=1
    )
    audio = NodeWithScore(node=Node(audio_resource=MediaResource(url="http://localhost/a.mp3")))
    first, *rest = nodes()
    given, names = [image, first, audio, *rest], [image.node_id, audio.node_id, "node-0"]
    cut = {"max_tokens": 8, "overhead": 0}
    last = postprocessor(**cut, config=Config(order="best-last")).postprocess_nodes(given, query_str=QUERY)
    assert [n.node_id for n in last] == names
    out = postprocessor(**cut).postprocess_nodes(given, query_str=QUERY)
    assert [n.node_id for n in out] == ["node-0", *names[:2]]
    assert out[1] is image
    assert out[2] is audio
    whole = postprocessor(max_tokens=1000).postprocess_nodes(given, query_str=QUERY)
    assert [n.node_id for n in whole] == [n.node_id for n in given]  # what fits stays as it was given
    assert "semtoken" not in image.metadata
    alone = [image, audio]
    assert postprocessor().postprocess_nodes(alone, query_str=QUERY) == alone
    assert asyncio.run(postprocessor().apostprocess_nodes(alone, query_str=QUERY)) == alone


@pytest.mark.parametrize("config", [None, Config(order="relevance")])
def test_by_relevance_images_come_last(config: Config | None) -> None:
    image = NodeWithScore(node=ImageNode(image_path="tower.png"))
    out = postprocessor(config=config, ratio=0.8).postprocess_nodes([image, *nodes()], query_str=QUERY)
    assert out[0].node_id == "node-0"
    assert out[-1] is image


def test_index_nodes_keep_their_type_and_their_object() -> None:
    class Uncopyable:
        def __deepcopy__(self, memo: Any) -> Any:
            raise TypeError("cannot be copied")

    held = Uncopyable()
    (out,) = kept([NodeWithScore(node=IndexNode(text=PARIS, index_id="paris", obj=held))], max_tokens=8)
    assert isinstance(out, IndexNode)
    assert "330 metres" in out.text
    assert (out.index_id, out.obj) == ("paris", held)


@pytest.mark.parametrize("kind", [Node, Document])
def test_nodes_of_the_newer_type(kind: type[Node]) -> None:
    picture = MediaResource(url="http://localhost/tower.png")
    text = MediaResource(text=PARIS, mimetype="text/markdown")
    node = kind(text_resource=text, image_resource=picture, id_="new")
    (out,) = kept([NodeWithScore(node=node)], max_tokens=8)
    assert type(out) is kind
    assert "330 metres" in out.get_content()
    assert words(out.get_content()) <= 8
    assert (out.text_resource.mimetype, out.image_resource) == ("text/markdown", picture)
    assert node.text_resource.text == PARIS


def test_class_names_and_dicts() -> None:
    for kind in (SemTokenPostprocessor, SemTokenIngestion):
        c = kind(max_tokens=9, encoder="static", config=Config(order="edges"))
        assert c.to_dict()["class_name"] == kind.class_name() == kind.__name__
        assert kind.from_dict(c.to_dict()).to_dict() == c.to_dict()
        written = c.to_json()
        assert json.loads(written)["config"] == {"order": "edges"}
        assert kind.from_json(written).to_dict() == c.to_dict()


def test_dicts_hold_objects_and_json_refuses_them() -> None:
    given: dict[str, Any] = {"encoder": HashEncoder(), "strategy": SemTokenStrategy(), "token_counter": words}
    again = SemTokenPostprocessor.from_dict(SemTokenPostprocessor(**given).to_dict())
    assert {name: getattr(again, name) for name in given} == given
    for name, value in given.items():
        with pytest.raises(ValueError, match=f"{name} must be a str or None"):
            SemTokenPostprocessor(**{name: value}).to_json()


def test_assignment_is_checked_and_makes_a_new_engine() -> None:
    p = postprocessor(max_tokens=20)
    before = p.postprocess_nodes(nodes(), query_str=QUERY)
    p.token_counter = len
    assert sum(len(n.text) for n in p.postprocess_nodes(nodes(), query_str=QUERY)) <= 20
    p.token_counter = words
    assert p.postprocess_nodes(nodes(), query_str=QUERY) == before
    for name, value in {
        "max_tokens": 0,
        "ratio": 7,
        "on_error": "ignore",
        "config": 3,
        "min_tokens": -1,
    }.items():
        with pytest.raises(ValueError, match=str(value)):
            setattr(p, name, value)
    with pytest.raises(ValueError, match="None for both"):
        p.max_tokens = None
    assert p.postprocess_nodes(nodes(), query_str=QUERY) == before


@pytest.mark.parametrize(
    ("name", "value", "anew"),
    [
        ("encoder", HashEncoder(), True),
        ("strategy", "lead", True),
        ("token_counter", len, True),
        ("on_error", "fallback", True),
        ("min_tokens", 7, True),
        ("store", "memory://", True),
        ("config", Config(min_chunk_tokens=1), True),
        ("titles", True, True),
        ("language", "de", True),
        ("min_relevance", 0.5, True),
        ("abstain", "best", False),
        ("keep", 0.5, False),
        ("overhead", 3, False),
        ("ratio", 0.2, False),
        ("title_key", "heading", False),
        ("callback_manager", CallbackManager(), False),
    ],
)
def test_which_fields_the_engine_is_made_from(name: str, value: Any, anew: bool) -> None:
    p = postprocessor()
    engine = p._engine()
    setattr(p, name, value)
    assert (p._engine() is not engine) == anew


@pytest.mark.parametrize("asynchronous", [False, True])
def test_events(events: list[Any], asynchronous: bool) -> None:
    p = postprocessor(max_tokens=20)
    if asynchronous:
        out = asyncio.run(p.apostprocess_nodes(nodes(), query_str=QUERY))
    else:
        out = p.postprocess_nodes(nodes(), query_str=QUERY)
    start, end = events
    assert (start.class_name(), end.class_name()) == ("CompressionStartEvent", "CompressionEndEvent")
    assert (start.query, start.max_tokens, start.ratio) == (QUERY, 20, None)
    assert (start.nodes, end.nodes) == (nodes(), out)
    shown = [n.node.get_content(metadata_mode=MetadataMode.LLM) for n in nodes()]
    assert end.tokens_before == sum(map(words, shown))
    assert end.skipped == []
    assert 0 < end.tokens_after <= end.budget == 20
    assert end.encoder
    assert end.fallback is None
    assert end.seconds
    assert start.span_id == end.span_id is not None
    json.dumps(end.model_dump(exclude={"timestamp"}))


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("abstain", ["empty", "best"])
def test_events_tell_that_the_nodes_do_not_answer(
    events: list[Any], asynchronous: bool, abstain: str
) -> None:
    p = postprocessor(max_tokens=30, keep=0.5, min_relevance=0.999999, abstain=abstain)
    if asynchronous:
        out = asyncio.run(p.apostprocess_nodes(nodes(), query_str=QUERY))
    else:
        out = p.postprocess_nodes(nodes(), query_str=QUERY)
    assert [n.node_id for n in out] == ([] if abstain == "empty" else ["node-0"])
    start, end = events
    assert start.keep == 0.5
    assert end.nodes == out
    assert end.abstained is True
    assert 0 <= end.answerable < 0.999999
    assert 0 <= end.confidence <= 1
    assert end.cut_by in ("keep", "max_tokens")
    shown = [n.node.get_content(metadata_mode=MetadataMode.LLM) for n in out]
    assert end.tokens_after == sum(map(words, shown))
    json.dumps(end.model_dump(exclude={"timestamp"}))


def test_what_has_no_text_passes_where_the_rest_does_not_answer() -> None:
    image = NodeWithScore(node=ImageNode(text="The tower.", image_path="tower.png"))
    assert postprocessor(min_relevance=0.999999).postprocess_nodes([image, *nodes()], query_str=QUERY) == [
        image
    ]


def test_ingestion_never_abstains() -> None:
    given = [n.node for n in nodes()]
    strict = SemTokenIngestion(ratio=0.5, keep=0.5, min_relevance=0.999999, **FAST)
    plain = SemTokenIngestion(ratio=0.5, **FAST)(given)
    assert strict(given) == asyncio.run(strict.acall(given)) == plain != []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_one_span_a_call(asynchronous: bool) -> None:
    root, spans = get_dispatcher(), SimpleSpanHandler()
    root.add_span_handler(spans)
    try:
        p = postprocessor(max_tokens=20)
        if asynchronous:
            asyncio.run(p.apostprocess_nodes(nodes(), query_str=QUERY))
        else:
            p.postprocess_nodes(nodes(), query_str=QUERY)
    finally:
        root.span_handlers.remove(spans)
    names = [span.id_.split("-")[0] for span in spans.completed_spans]
    assert names == [f"SemTokenPostprocessor._{'a' if asynchronous else ''}postprocess_nodes"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_legacy_callback(asynchronous: bool) -> None:
    debug = LlamaDebugHandler(print_trace_on_end=False)
    p = postprocessor(max_tokens=20, callback_manager=CallbackManager([debug]))
    if asynchronous:
        out = asyncio.run(p.apostprocess_nodes(nodes(), query_str=QUERY))
    else:
        out = p.postprocess_nodes(nodes(), query_str=QUERY)
    ((start, end),) = debug.get_event_pairs(CBEventType.RERANKING)
    assert start.payload[EventPayload.NODES] == nodes()
    assert start.payload[EventPayload.QUERY_STR] == QUERY
    assert start.payload[EventPayload.MODEL_NAME] == "static"
    assert start.payload[EventPayload.TOP_K] == 3
    assert end.payload == {EventPayload.NODES: out}


def test_in_a_query_engine_sync_and_async() -> None:
    p = postprocessor(max_tokens=20)
    expected = p.postprocess_nodes(nodes(), query_str=QUERY)
    engine = RetrieverQueryEngine.from_args(Fixed(), llm=MockLLM(), node_postprocessors=[p])
    for response in (engine.query(QUERY), asyncio.run(engine.aquery(QUERY))):
        assert response.source_nodes == expected
        assert "The Eiffel Tower is 330 metres tall." in response.response  # MockLLM answers with its prompt
        assert "flour" not in response.response
        assert "semtoken" not in response.response


@pytest.mark.parametrize("asynchronous", [False, True])
def test_in_an_ingestion_pipeline(asynchronous: bool) -> None:
    documents = [Document(text=text, metadata={"title": title}) for title, text in TEXTS.items()]
    splitter = SentenceSplitter(chunk_size=40, chunk_overlap=0)
    pipeline = IngestionPipeline(transformations=[splitter, SemTokenIngestion(ratio=0.5, **FAST)])
    out = (
        asyncio.run(pipeline.arun(documents=documents)) if asynchronous else pipeline.run(documents=documents)
    )
    assert 0 < sum(words(node.text) for node in out) <= 0.5 * sum(map(words, TEXTS.values()))
    sources = {document.id_: document.text for document in documents}
    for node in out:
        for piece in node.metadata["semtoken"]["pieces"]:
            assert sources[node.ref_doc_id][piece["source_start"] : piece["source_end"]] in node.text
    assert pipeline.run(documents=documents) == out  # from the pipeline's cache
    assert [document.text for document in documents] == list(TEXTS.values())


def test_ingestion_equals_a_query_without_words() -> None:
    out = SemTokenIngestion(ratio=0.5, **FAST)([n.node for n in nodes()])
    asked = postprocessor(ratio=0.5, overhead=0).postprocess_nodes(nodes(), query_str="")
    assert out == [n.node for n in asked]
    turned = SemTokenIngestion(ratio=0.8, **FAST)([n.node for n in nodes()][::-1])
    assert [node.node_id for node in turned] == ["node-2", "node-1", "node-0"]
    assert SemTokenIngestion()([]) == []


def harbours() -> list[NodeWithScore]:
    """Seven nodes whose metadata are longer than their texts."""
    places = ("Arvik", "Borg", "Dale", "Eid", "Fosen", "Gran", "Hof")
    return [
        NodeWithScore(
            node=TextNode(
                text=f"The harbour of {place} closes at {12 + i} o'clock. Its crane lifts {i + 2} tonnes.",
                metadata={"file_path": f"/data/harbours/{place}.txt", "office": "Coast and Ports", "row": i},
            ),
            score=1 - i / 10,
        )
        for i, place in enumerate(places)
    ]


@pytest.mark.parametrize("budget", [15, 40, 60, 100, 200, 400])
@pytest.mark.parametrize(
    "template", [None, "[{metadata_str}] {content}", "{content}\n\nFrom: {metadata_str} ."]
)
@pytest.mark.parametrize("count", [words, len, None], ids=["words", "characters", "tokens"])
def test_the_budget_covers_what_the_reader_is_shown(budget: int, template: str | None, count: Any) -> None:
    given = harbours()
    for each in given:
        if template:
            each.node.text_template = template
    p = postprocessor(max_tokens=budget, token_counter=count)
    asked = "When does the harbour of Dale close?"
    found = p.postprocess_nodes(given, query_str=asked)
    counter = p._engine().counter.count
    shown = "\n\n".join(n.node.get_content(metadata_mode=MetadataMode.LLM) for n in found)
    assert (counter(shown) if found else 0) <= budget
    assert asyncio.run(p.apostprocess_nodes(given, query_str=asked)) == found
    if budget >= 100 and count is words:
        assert any("14 o'clock" in n.text for n in found)


def test_overhead_by_default_and_as_said() -> None:
    node = NodeWithScore(node=TextNode(text="It rained.", metadata={"page": 7}))
    assert SemTokenPostprocessor().overhead == "auto"
    assert SemTokenIngestion().overhead == 0
    count = {"token_counter": len, "overhead": "auto"}
    assert postprocessor(**count)._take([node]).chunks[0].overhead == len("page: 7\n\n") + 2
    assert postprocessor(overhead=5)._take([node]).chunks[0].overhead == 5
    assert postprocessor(overhead=0)._take([node]).chunks[0].overhead == 0
    node.node.excluded_llm_metadata_keys = ["page"]
    assert postprocessor(**count)._take([node]).chunks[0].overhead == 2
    node.node.metadata, node.node.text = {}, ""
    assert postprocessor(**count)._take([node]).chunks[0].overhead == 2
    again = SemTokenPostprocessor.from_dict(postprocessor(overhead=5).to_dict())
    assert again.overhead == 5


def test_headings_of_llama_indexs_own_parser() -> None:
    page = "# Ferries\n\n## Halm\n\nBikes ride for 4 crowns."
    page += "\n\n## Lund\n\nBikes ride for 9 crowns. Dogs stay out."
    split = MarkdownNodeParser().get_nodes_from_documents([Document(text=page)])
    given = [NodeWithScore(node=node) for node in split]
    p = postprocessor(max_tokens=14, overhead=0)
    (out, *_) = p.postprocess_nodes(given, query_str="What do bikes cost to Lund?")
    assert out.text.startswith("Ferries\n")  # the text has its own heading, and lacks the one above
    assert "Lund" in out.text
    assert "9 crowns" in out.text
    assert "Halm" not in out.text


def test_events_name_the_nodes_left_out(events: list[Any]) -> None:
    broken = NodeWithScore(node=TextNode.model_construct(text=None, id_="empty", metadata={}))
    p = postprocessor(max_tokens=20)
    out = p.postprocess_nodes([broken, *nodes(), None], query_str=QUERY)
    assert out == p.postprocess_nodes(nodes(), query_str=QUERY)
    start, end, _, other = events
    assert end.skipped == [
        "document 0 (id 'empty'): its text must be a str, got NoneType",
        "document 4: its text must be a str, got NoneType",
    ]
    assert other.skipped == []
    assert len(start.nodes) == 4
    json.dumps(end.model_dump(exclude={"timestamp"}))


def test_ingestion_leaves_out_what_has_no_text() -> None:
    broken = TextNode.model_construct(text=b"bytes", id_="b", metadata={})
    given = [n.node for n in nodes()]
    step = SemTokenIngestion(ratio=0.5, **FAST)
    assert step([broken, *given]) == asyncio.run(step.acall([broken, *given])) == step(given)


def test_a_flat_note_is_for_stores_of_flat_metadata() -> None:
    given = [n.node for n in nodes()]
    (flat, *_) = SemTokenIngestion(ratio=0.5, flat_note=True, **FAST)(given)
    (deep, *_) = SemTokenIngestion(ratio=0.5, **FAST)(given)
    assert json.loads(flat.metadata["semtoken"]) == deep.metadata["semtoken"]
    assert node_to_metadata_dict(flat, flat_metadata=True)["semtoken"] == flat.metadata["semtoken"]
    with pytest.raises(ValueError, match="semtoken"):
        node_to_metadata_dict(deep, flat_metadata=True)
    (again,) = kept([NodeWithScore(node=flat)], max_tokens=1000)
    assert set(again.metadata["semtoken"]) == {"pieces", "tokens_before", "tokens_after"}


def test_annotate_leaves_the_nodes_and_fills_the_store() -> None:
    store = MemoryStore()
    given = [n.node for n in nodes()]
    step = SemTokenIngestion(mode="annotate", store=store, **FAST)
    assert step(given) == asyncio.run(step.acall(given)) == given
    assert len(list(store.yield_keys())) == 3
    out = postprocessor(max_tokens=20, store=store).postprocess_nodes(nodes(), query_str=QUERY)
    assert "330 metres" in out[0].text
    assert len(list(store.yield_keys())) == 3
    with pytest.raises(ValueError, match="store=None"):
        SemTokenIngestion(mode="annotate", **FAST)(given)
    with pytest.raises(ValueError, match="describe"):
        SemTokenIngestion(mode="describe")


@pytest.mark.parametrize(
    "query", ["Who opened the mill?", "When does the bus to Orn leave?", "What does the lock cost?"]
)
def test_the_sources_of_a_citation_engine_slice_the_documents(query: str) -> None:
    sources = {
        "Mill": "The mill was opened by Ada Holm. It grinds rye. The wheel turns slowly. A cat lives there.",
        "Bus": "The bus to Orn leaves at 06:50. It has twelve seats. Dogs are free. It stops at the dam.",
        "Lock": "The lock costs four euros. It opens at dawn. The keeper lives beside it. Swans nest there.",
    }
    index = VectorStoreIndex.from_documents(
        [Document(text=text, metadata={"title": title}) for title, text in sources.items()],
        embed_model=MockEmbedding(embed_dim=8),
    )
    engine = CitationQueryEngine.from_args(
        index, llm=MockLLM(), similarity_top_k=3, node_postprocessors=[postprocessor(ratio=0.5)]
    )
    found = engine.query(query).source_nodes
    assert found
    for node in (each.node for each in found):
        source = sources[node.metadata["title"]]
        for piece in node.metadata["semtoken"]["pieces"]:
            assert source[piece["source_start"] : piece["source_end"]] in node.get_content()
