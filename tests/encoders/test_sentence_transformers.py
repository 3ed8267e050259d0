"""Models of sentence-transformers as encoders: other backends, and models of late interaction."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from semtoken_rag import SemToken
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.encoders.transformer import TransformerEncoder

torch = pytest.importorskip("torch")
sentence_transformers = pytest.importorskip("sentence_transformers")

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[Q]",
    "[D]",
    "the",
    "tower",
    "opened",
    "when",
    "?",
    ".",
]
TEXT, QUESTION = "The tower opened.", "When the tower opened?"


@pytest.fixture(scope="module")
def folder(tiny_bert) -> str:
    return str(tiny_bert(WORDS, hidden=8, layers=2))


class OtherBackend:
    """What sentence-transformers loads for ONNX and OpenVINO: no module of torch, but called like one."""

    def __init__(self, module):
        self._module, self.config, self.device = module.float(), module.config, torch.device("cpu")

    def __call__(self, input_ids, attention_mask):
        return self._module(input_ids=input_ids, attention_mask=attention_mask)


def test_a_model_of_another_backend_is_called_as_it_is(folder):
    exact = TransformerEncoder(folder, device="cpu")

    class Wrapped(list):
        tokenizer = sentence_transformers.SentenceTransformer(folder, device="cpu").tokenizer
        model_card_data = SimpleNamespace(base_model="tiny")

    encoder = resolve_encoder(Wrapped([SimpleNamespace(auto_model=OtherBackend(exact.module))]))
    found, expected = encoder.encode([TEXT], ["the"]), exact.encode([TEXT], ["the"])
    np.testing.assert_array_equal(found[0].vectors, expected[0].vectors)
    assert encoder.fingerprint.startswith("tiny/")
    other = resolve_encoder(Wrapped([SimpleNamespace(auto_model=OtherBackend(exact.module))]))
    assert other.fingerprint == encoder.fingerprint
    context = SemToken(encoder=encoder).compress([TEXT, "It rained."], QUESTION, max_tokens=4)
    assert context.stats.fallback is None


@pytest.fixture(scope="module")
def colbert(folder):
    """Make a checkpoint as a training of late interaction saves it, with random weights."""
    kind = getattr(sentence_transformers, "MultiVectorEncoder", None)
    if kind is None:
        pytest.skip("this version of sentence-transformers has no models of late interaction")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(folder, device="cpu", prompts={"query": "[Q] ", "document": "[D] "})


def test_documents_have_the_vectors_of_the_model_itself(colbert):
    [found] = resolve_encoder(colbert).encode([TEXT], [""])
    vectors = colbert.encode_document([TEXT], convert_to_numpy=True)[0]  # ... the tower opened . [SEP]
    assert found.vectors.shape == (4, 128)
    np.testing.assert_allclose(found.vectors, vectors[-5:-1], atol=1e-6)


def test_a_question_has_the_vectors_of_the_model_itself(colbert):
    found = resolve_encoder(colbert).encode_question(QUESTION)
    vectors = colbert.encode_query([QUESTION], convert_to_numpy=True)[0]
    np.testing.assert_allclose(found.vectors, vectors[-6:-1], atol=1e-6)
    assert [QUESTION[a:b] for a, b in found.offsets] == ["When", "the", "tower", "opened", "?"]


def test_words_that_the_model_skips_and_pools_have_vectors_here(colbert):
    from sentence_transformers.multi_vector_encoder.modules import HierarchicalTokenPooling, MultiVectorMask

    kind = type(colbert)
    transformer, projection, *_ = colbert
    model = kind(
        modules=[transformer, projection, MultiVectorMask(skiplist_words=["."]), HierarchicalTokenPooling()],
        device="cpu",
        prompts=colbert.prompts,
    )
    [found] = resolve_encoder(model).encode([TEXT], [""])
    assert len(found.vectors) == len(found.ids) == 4
    [exact] = resolve_encoder(colbert).encode([TEXT], [""])
    np.testing.assert_allclose(found.vectors, exact.vectors, atol=1e-6)


def test_a_call_uses_both_prompts_and_the_weights_count_in_the_key(colbert, folder):
    context = SemToken(encoder=colbert).compress([TEXT, "It rained."], QUESTION, max_tokens=4)
    assert context.stats.fallback is None
    kind = type(colbert)
    other = kind(modules=list(colbert), device="cpu", prompts={"query": "[Q] ", "document": ""})
    assert resolve_encoder(other).fingerprint != resolve_encoder(colbert).fingerprint
    with torch.random.fork_rng():
        torch.manual_seed(1)
        fresh = kind(folder, device="cpu", prompts=colbert.prompts)  # with another projection
    assert resolve_encoder(fresh).fingerprint != resolve_encoder(colbert).fingerprint
