"""What is kept of a structured document says what the document says, whatever the budget."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, CompressedContext, SemToken
from semtoken_rag.testing import HashEncoder, check_context
from tests.contract.documents import HEADS, Document, documents

QUESTIONS = st.sampled_from(
    ["What does ward 103 cost?", "Which goods are covered?", "When may guests use the pool?", "id=104",
     "Wer ist haftbar?", "泳池什么时候可以使用？", "Where is the orchard?", "", "Was sagt Anna?"]
)  # fmt: skip
many = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module", params=["static", "hash", "characters", "pairs"])
def engine(request: pytest.FixtureRequest) -> SemToken:
    """Two encoders that count by themselves, and two readers; one rounds up, so that units must go again."""
    encoder = HashEncoder() if request.param == "hash" else "static"
    counter = {"characters": len, "pairs": lambda text: -(-len(text) // 2)}.get(request.param)
    return SemToken(encoder=encoder, token_counter=counter, on_error="raise")


@dataclass
class Kept:
    """Which characters of a document are passed on."""

    document: Document
    pieces: list[tuple[int, int]] = field(default_factory=list)

    def part(self, start: int, end: int) -> str:
        return "".join(self.document.text[max(a, start) : min(b, end)] for a, b in self.pieces)

    def whole(self, start: int, end: int) -> bool:
        return self.part(start, end).split() == self.document.text[start:end].split()

    def any(self, start: int, end: int) -> bool:
        return bool(self.part(start, end).strip())


def kept_of(context: CompressedContext, given_: list[Document]) -> list[Kept]:
    found = {c.index: [(p.start, p.end) for p in c.pieces] for c in context.chunks}
    return [Kept(document, found.get(i, [])) for i, document in enumerate(given_)]


def ancestors(document: Document, node: int) -> list[int]:
    chain = []
    while (node := document.nodes[node][2]) >= 0:
        chain.append(node)
    return chain


def check_chains(kept: Kept) -> None:
    needed = set()
    for number, (where, kind, _) in enumerate(kept.document.nodes):
        if kind not in HEADS and kept.any(*where):
            for each in ancestors(kept.document, number):
                head = kept.document.nodes[each][0]
                missing = kept.document.text[slice(*head)]
                assert kept.whole(*head), f"{kept.part(*where)!r} without {missing!r}"
                needed.add(each)
    for number, (where, kind, _) in enumerate(kept.document.nodes):
        if kind in HEADS and kept.any(*where):
            assert number in needed, f"{kept.part(*where)!r} without a child"


def check_cuts(kept: Kept) -> None:
    for (start, _), limit in kept.document.limits:
        for _, right in kept.pieces:
            assert not start < right <= limit, kept.document.text[start:right]
    for (_, end), place in kept.document.negations:
        for left, _ in kept.pieces:
            assert not place <= left < end, kept.document.text[left:end]
    for start, end in kept.document.atoms:
        assert not kept.any(start, end) or kept.whole(start, end), kept.part(start, end)
    for (start, end), kind, _ in kept.document.nodes:
        if kind in ("row", "entry", "line"):
            assert not kept.any(start, end) or kept.whole(start, end), kept.part(start, end)


def check_marks(context: CompressedContext, given_: list[Document]) -> None:
    for chunk in context.chunks:
        document = given_[chunk.index]
        sentences = [where for where, kind, _ in document.nodes if kind in ("sentence", "item")]
        for piece in chunk.pieces:
            said = document.text[piece.start : piece.end]
            if any(a < piece.start < b for a, b in sentences):
                assert piece.broken_start
            if any(a < piece.end < b and document.text[piece.end : b] not in ".。" for a, b in sentences):
                assert piece.broken_end
            assert not piece.broken_end or f"{said} …" in chunk.text
            assert not piece.broken_start or f"… {said}" in chunk.text


@many
@given(given_=st.lists(documents(), min_size=1, max_size=2), query=QUESTIONS, share=st.floats(0.02, 0.95))
def test_what_is_kept_says_what_the_document_says(engine, given_, query, share):
    chunks = [Chunk(document.text) for document in given_]
    total = engine.counter.count("\n".join(chunk.text for chunk in chunks))
    limit = max(1, int(share * total))
    context = engine.compress(chunks, query, max_tokens=limit)
    check_context(context, chunks, limit, engine.counter.count)
    for kept in kept_of(context, given_):
        check_chains(kept)
        check_cuts(kept)
    check_marks(context, given_)
    again = engine.compress([Chunk(document.text) for document in given_], query, max_tokens=limit)
    assert again.text == context.text
    assert [c.pieces for c in again.chunks] == [c.pieces for c in context.chunks]
