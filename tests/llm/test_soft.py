from __future__ import annotations

import base64
import io
import json

import pytest
import torch

from semtoken_rag.llm.excerpts import kept_excerpts
from semtoken_rag.llm.merge import Drop, Medoid, merge_tokens
from semtoken_rag.llm.prompt import Template, tokenize
from semtoken_rag.llm.soft import SoftPrompt, soft_prompt
from tests.llm.samples import ALL, CHUNKS, NOTHING, PART, QUESTION, context, tokenizer


def both(model, *, keep=PART, chunks=None, titles=True, chat=False, **setting):
    """Soft prompt and the ids of the text path."""
    reader = tokenizer(chat)
    shown = kept_excerpts(context(keep), chunks, titles=titles)
    prompt = Template.of(reader).build(QUESTION, shown, tokenizer=reader)
    ids = torch.from_numpy(tokenize(prompt, reader).ids)[None]
    return soft_prompt(model, reader, prompt=prompt, excerpts=shown, **setting), ids


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("keep", [PART, ALL, NOTHING])
@pytest.mark.parametrize("chunks", [None, CHUNKS])
def test_dropping_equals_the_text_path(model, chat, keep, chunks):
    soft, ids = both(model, keep=keep, chunks=chunks, chat=chat)
    with torch.no_grad():
        expected = model(ids).logits
        found = model(
            inputs_embeds=soft.inputs_embeds,
            attention_mask=soft.attention_mask,
            position_ids=soft.position_ids,
        ).logits
    assert soft.merged == 0
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_dropping_generates_the_text_paths_tokens(model):
    soft, ids = both(model)
    setting = {"max_new_tokens": 10, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    expected = model.generate(ids, attention_mask=torch.ones_like(ids), **setting)[0, ids.shape[1] :]
    found = model.generate(inputs_embeds=soft.inputs_embeds, attention_mask=soft.attention_mask, **setting)[0]
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("merger", [Medoid(4), Medoid(1)])
@pytest.mark.parametrize("positions", ["packed", "source"])
def test_real_tokens_are_the_readers_own(model, merger, positions):
    """Without what stands for the gaps, the embeddings are those of the text path, in its order."""
    soft, ids = both(model, chunks=CHUNKS, merger=merger, positions=positions)
    own = model.get_input_embeddings()(ids)[0]
    rows = soft.inputs_embeds[0]
    left, at = [], 0
    for row in own:
        while not torch.equal(rows[at], row):
            left.append(at)
            at += 1
        at += 1
    left += range(at, len(rows))
    assert len(left) == soft.merged == len(rows) - len(own)
    gaps = [4 + 1, 4 + 1, 9 + 1]  # words and stops of the sentences left out; the last two of one chunk
    assert soft.merged == sum(-(-n // merger.run) for n in gaps)


def test_a_medoid_is_a_real_token_of_its_run(llama):
    soft, _ = both(llama, chunks=CHUNKS, merger=Medoid(4))
    table = llama.get_input_embeddings().weight
    assert all((table == row).all(1).any() for row in soft.inputs_embeds[0])


def test_of_two_tokens_the_medoid_is_the_first():
    """They are as close to each other, whatever the rounding of a device says."""
    pairs = torch.randn(500, 2, 384, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Medoid(2).merge(pairs, torch.ones(500, 2, dtype=torch.bool)), pairs[:, 0])


def test_a_gaps_tokens_stand_between_its_neighbours(llama):
    """With runs of one token, nothing is lost: the tokens of the whole chunk, in its order."""
    soft, _ = both(llama, keep=[PART[0], [], []], titles=False, merger=Medoid(1))
    reader = tokenizer()
    text = f"[Tower] {CHUNKS[0].text}\n\nQuestion: {QUESTION}\nAnswer:"
    expected = llama.get_input_embeddings()(torch.tensor(reader(text).input_ids))
    torch.testing.assert_close(soft.inputs_embeds[0], expected)


def test_source_positions_leave_the_gaps_free(llama):
    dropped, _ = both(llama, keep=[PART[0], [], []], positions="source")
    whole, _ = both(llama, keep=[[(0, len(CHUNKS[0].text))], [], []])
    assert dropped.position_ids[0, -1] == whole.position_ids[0, -1]
    assert (dropped.position_ids.diff() >= 1).all()
    assert int((dropped.position_ids.diff() > 1).sum()) == 1


def test_a_payload_is_the_embeddings(llama):
    soft, _ = both(llama, merger=Medoid(4))
    payload = soft.payload()
    assert payload["prompt_embeds"].shape == soft.inputs_embeds.shape[1:]
    torch.testing.assert_close(payload["prompt_embeds"][None], soft.inputs_embeds)


def test_a_request_holds_what_vllm_documents(llama):
    """Completions: base64 of what `torch.save` writes of a tensor (sequence, hidden) in one of three types.

    Chat completions: a part of type ``prompt_embeds`` with the same in ``data``.
    See https://docs.vllm.ai/en/stable/features/prompt_embeds/.
    """
    soft, _ = both(llama, merger=Medoid(4))
    body = json.loads(json.dumps({"model": "org/model", "prompt": "", "max_tokens": 8} | soft.request()))
    assert set(soft.request()) == {"prompt_embeds"}
    written = base64.b64decode(body["prompt_embeds"], validate=True)
    found = torch.load(io.BytesIO(written), weights_only=True, map_location="cpu")
    assert found.dtype in (torch.float32, torch.float16, torch.bfloat16)
    assert found.ndim == 2
    assert found.layout == torch.strided
    assert not found.requires_grad
    torch.testing.assert_close(found[None], soft.inputs_embeds)
    assert len(written) < found.nbytes + 4096  # nothing but the tensor


@pytest.mark.parametrize("make", [SoftPrompt.payload, SoftPrompt.request])
def test_a_payload_cannot_skip_positions(llama, make):
    soft, _ = both(llama, positions="source")
    with pytest.raises(ValueError, match="packed"):
        make(soft)


def test_other_positions_are_refused(llama):
    with pytest.raises(ValueError, match="positions"):
        both(llama, positions="middle")


def test_equal_tokens_merge_to_themselves():
    row = torch.randn(6, generator=torch.Generator().manual_seed(0))
    merged, middle = merge_tokens(row.expand(7, -1), Medoid(4))
    torch.testing.assert_close(merged, row.expand(2, -1))
    assert middle.tolist() == [1, 5]


def test_a_medoid_is_the_most_central():
    rows = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    assert merge_tokens(rows, Medoid(3))[0].tolist() == [rows[1].tolist()]


def test_nothing_stands_for_nothing():
    assert merge_tokens(torch.zeros(5, 3), Drop())[0].shape == (0, 3)
    assert merge_tokens(torch.zeros(0, 3), Medoid(4))[0].shape == (0, 3)


def test_a_merger_of_another_size_is_refused():
    class Narrow:
        run = 2

        def merge(self, runs, mask):
            return runs[:, 0, :2]

    with pytest.raises(ValueError, match="shape"):
        merge_tokens(torch.zeros(4, 3), Narrow())
