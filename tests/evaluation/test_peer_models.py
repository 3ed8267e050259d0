"""The peers' causal language model, unpacked from its package."""

from __future__ import annotations

import os

import pytest

from evaluation import peer_models

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
import transformers

from semtoken_rag.llm import SemTokenLLM


def test_the_unpacked_model_is_the_packaged_one(packaged_reader, tmp_path, monkeypatch):
    monkeypatch.setattr(SemTokenLLM, "load", lambda *_, **__: packaged_reader)
    monkeypatch.setattr(peer_models, "FOLDER", tmp_path / "model")
    for name in ("PEERS_CAUSAL_LM", "PEERS_SPACY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    peer_models.provide()
    loaded = packaged_reader.model.cpu()
    plain = transformers.AutoModelForCausalLM.from_pretrained(
        os.environ["PEERS_CAUSAL_LM"], dtype=torch.float32
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(peer_models.FOLDER)
    ids = tokenizer("The tower opened in", return_tensors="pt").input_ids
    with torch.inference_mode():
        assert torch.allclose(loaded(ids).logits, plain(ids).logits, atol=1e-4)
