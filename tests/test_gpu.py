"""What only a GPU can show: the same answers as on a CPU, and what a full one really does."""

from __future__ import annotations

import logging

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from semtoken_rag import Chunk, SemToken
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.llm import (
    KV,
    ChunkKVCache,
    HeavyHitters,
    KVBudget,
    Medoid,
    SemTokenLLM,
    Settings,
    Soft,
    SpanRelevance,
    Text,
)
from semtoken_rag.testing import check_context
from semtoken_rag.train.examples import Example
from semtoken_rag.train.trainer import Recipe, Trainer
from tests.llm.readers import make
from tests.llm.samples import CHUNKS, PART, QUESTION, context, tokenizer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"),
]

ASKED = "when did the tower open ?"
TEXTS = [f"the tower opened in 1889 . {'it rained that day . ' * i}" for i in range(1, 24)]
MODES = {
    "text": Text(),
    "soft": Soft(),
    "soft, merged": Soft(merger=Medoid(4)),
    "kv": KV(),
    "kv, by relevance": KV(policy=SpanRelevance(), budget=KVBudget(ratio=0.5), every=2, offload=True),
    "kv, heavy hitters": KV(policy=HeavyHitters(last=8), budget=KVBudget(ratio=0.5), every=2),
}


@pytest.fixture(scope="module")
def folder(tiny_bert) -> str:
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    words = sorted({word for text in (ASKED, *TEXTS) for word in text.split()})
    return str(tiny_bert([*special, *words], hidden=64, layers=2))


@pytest.fixture
def crowded():
    """Leave a process almost no memory of the GPU for the time of a test."""

    def leave(bytes_left: int) -> None:
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + bytes_left) / total)

    yield leave
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


def closeness(left, right) -> float:
    """Lowest cosine between vectors of the same tokens."""
    return min(float((a.vectors * b.vectors).sum(1).min()) for a, b in zip(left, right, strict=True))


def test_a_gpu_is_taken_where_there_is_one(folder):
    encoder = TransformerEncoder(folder)
    assert (encoder.device.type, encoder.module.dtype) == ("cuda", torch.float16)
    assert encoder.batch_tokens == 16_384
    assert encoder.fingerprint == TransformerEncoder(folder, device="cpu").fingerprint


def test_vectors_are_those_of_the_cpu_but_for_rounding(folder):
    titles = ["", "tower"] * 12
    there = TransformerEncoder(folder).encode(TEXTS, titles[: len(TEXTS)])
    here = TransformerEncoder(folder, device="cpu").encode(TEXTS, titles[: len(TEXTS)])
    assert closeness(there, here) > 0.999
    for a, b in zip(there, here, strict=True):
        assert a.vectors.dtype == np.float32
        np.testing.assert_array_equal(a.ids, b.ids)
        np.testing.assert_allclose(np.linalg.norm(a.vectors, axis=1), 1, atol=1e-5)


def test_a_call_on_a_gpu_keeps_its_promises(folder):
    chunks = [Chunk(text, title="tower") for text in TEXTS]
    encoder = TransformerEncoder(folder)
    got = SemToken(encoder=encoder).compress(chunks, ASKED, max_tokens=60)
    check_context(got, chunks, 60, encoder.count)
    assert got.stats.fallback is None
    assert "1889" in got.text


def test_a_full_gpu_gets_smaller_batches_and_gives_the_same(folder, crowded, caplog):
    """No fault is injected: the memory is taken away, and the GPU itself says so."""
    encoder = TransformerEncoder(folder)
    texts = ["it rained that day . " * 40] * 200
    with caplog.at_level(logging.INFO):
        expected = encoder.encode(texts, [""] * len(texts))
        assert "no room" not in caplog.text
        crowded(4 << 20)
        got = encoder.encode(texts, [""] * len(texts))
    assert "the GPU has no room for a batch" in caplog.text
    assert closeness(got, expected) > 0.999


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "gemma3", "gptj"])
@pytest.mark.parametrize("mode", MODES)
def test_a_reader_answers_as_on_the_cpu(name, mode):
    answers = []
    for device in ("cpu", "cuda"):
        model = make(name).to(device)
        model.generation_config.eos_token_id = None
        reader = SemTokenLLM(model, _endless(), settings=Settings(max_new_tokens=12))
        answers.append(reader.generate(QUESTION, context(PART), mode=MODES[mode], chunks=CHUNKS))
    here, there = answers
    assert there.ids == here.ids
    assert there.stats.kv_bytes == here.stats.kv_bytes
    assert there.stats.host_bytes == here.stats.host_bytes


def test_stored_chunks_are_read_once_and_answer_as_on_the_cpu():
    answers = []
    for device in ("cpu", "cuda"):
        model = make("llama").to(device)
        model.generation_config.eos_token_id = None
        mode = KV(chunk_cache=ChunkKVCache(model, _endless()))
        reader = SemTokenLLM(model, _endless(), settings=Settings(max_new_tokens=12))
        for _ in range(2):
            answers.append(reader.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS).ids)
    assert answers[1:] == answers[:-1]


def test_a_reader_is_loaded_onto_the_gpu_in_half_precision(tmp_path):
    make("llama").save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    reader = SemTokenLLM.load(str(tmp_path))
    assert (reader.model.device.type, reader.model.dtype) == ("cuda", torch.bfloat16)
    assert reader.generate(QUESTION, context(PART)).text


def test_training_on_a_gpu_learns_what_it_learns_on_a_cpu(folder):
    lessons = [
        Example(
            ASKED,
            [Chunk("it rained that day . " * (1 + i)), Chunk("the tower opened in 1889 . it rained .")],
            [(1, 0, 26)],
        )
        for i in range(8)
    ]
    recipe = Recipe(rank=4, learning_rate=5e-3, epochs=4, batch_size=2, patience=99, strengths=(1.0,))
    losses = {}
    for device in ("cpu", "cuda"):
        trainer = Trainer(TransformerEncoder(folder, device=device), recipe)
        checks = trainer.run(lessons[:6], lessons[6:])
        losses[device] = (checks[0].loss, checks[-1].loss)
    np.testing.assert_allclose(losses["cuda"], losses["cpu"], rtol=0.05)
    assert trainer.encoder.module.dtype == torch.float16  # as it was before
    assert losses["cuda"][1] < 0.5 * losses["cuda"][0]


def _endless():
    """Tokenizer without an end, so that both sides answer at full length."""
    made = tokenizer()
    made.eos_token = None
    return made
