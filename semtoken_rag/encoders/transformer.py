"""Fingerprints from a transformer: any sentence-transformers model, batched, with windows for long texts."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from semtoken_rag._optional import require
from semtoken_rag.deadline import check
from semtoken_rag.encoders import adapter
from semtoken_rag.encoders.batching import group_into_batches, pad_length
from semtoken_rag.encoders.device import copy_to_cpu, place_or_fall_back, without_cudnn_attention
from semtoken_rag.encoders.tokenizer import TextTokenizer, Tokenized
from semtoken_rag.types import Encoding

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)
TITLE_SHARE = 4  # a title fills at most a quarter of a window


@dataclass(frozen=True, slots=True)
class Window:
    """One row of a batch: ``ids`` as the model sees them and the part of it that is kept."""

    text: int  # index of the text
    ids: list[int]
    title: slice  # title tokens inside ids
    own: slice  # text tokens inside ids whose vectors this window provides


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows of a batch of texts, and what is needed to put their vectors together again."""

    windows: list[Window]
    texts: list[Tokenized]
    heads: list[Tokenized]

    def gather(self, vectors: Sequence[Any]) -> tuple[list[list[Any]], list[Any]]:
        """Parts of each text and its title's vectors, from an array or tensor (length, d) a window."""
        parts: list[list[Any]] = [[] for _ in self.texts]
        heads: dict[int, Any] = {}
        for window, rows in zip(self.windows, vectors, strict=True):
            parts[window.text].append(rows[window.own])
            heads.setdefault(window.text, rows[window.title])
        return parts, [heads[i] for i in range(len(parts))]

    def assemble(self, vectors: Sequence[np.ndarray]) -> list[Encoding]:
        """One encoding a text, from the vectors (length, d) of each window."""
        parts, heads = self.gather(vectors)
        return [
            Encoding(
                ids=text.ids,
                offsets=text.offsets,
                vectors=part[0] if len(part) == 1 else np.concatenate(part),
                title_ids=head.ids,
                title_vectors=rows,
            )
            for text, part, head, rows in zip(self.texts, parts, self.heads, heads, strict=True)
        ]


class TransformerEncoder:
    """Contextual token vectors of a frozen sentence encoder (the paper's f_theta, section 3.2).

    Texts longer than the window are cut into overlapping windows; each token's vector comes from the window
    in which it is most central. The title stands in front of every window. All windows of a call are sorted
    by length and run in padded batches. On a CPU a window's vectors do not depend, to the last bit, on what
    else the call encodes: it is padded by its own length alone.

    Parameters
    ----------
    model
        Name on the Hugging Face hub, path of a folder, one of these with an adapter (`adapter.Adapted`), or a
        ``SentenceTransformer``, which stays where and as precise as it is.
    name
        Names the vectors in stats and stores; the model's own name where it is None.
    device
        Torch device of a model that is loaded here, in half precision on a GPU, in bfloat16 on a CPU that
        computes in it; None takes a GPU when there is one with room for the model. On a GPU, a batch for
        which there is no room is halved, and a single window runs on the CPU.
    window
        Tokens the model sees at once, special tokens included; capped by what the model can take.
    overlap
        Tokens that two neighbouring windows share.
    batch_tokens
        Most padded tokens of one batch; None takes 512 on a CPU, where padding costs most, and 16,384 on a
        GPU.

    Raises
    ------
    ImportError
        Where torch or transformers is missing; names the extra.
    ValueError
        Where the model cannot be loaded, the window is too small for its overlap, or a
        ``SentenceTransformer`` comes with a device.
    """

    def __init__(
        self,
        model: Any,
        *,
        name: str | None = None,
        device: str | None = None,
        window: int = 256,
        overlap: int = 64,
        batch_tokens: int | None = None,
    ) -> None:
        require("torch", extra="torch")
        found, module, tokenizer = _load(model)
        self.name = name or found
        self._weights = _digest(module)  # before they are rounded for a device
        if isinstance(model, str | Path | adapter.Adapted):
            self.module, self.device = place_or_fall_back(module, device, self.name)
        else:  # the caller's own, which is used as it is
            self.module, self.device = module.eval(), module.device
            if device is not None:
                raise ValueError(f"device is that of the model itself, {self.device}, got {device!r:.80}")
        on_gpu = self.device.type == "cuda"
        backend = _backend(tokenizer)
        self._tokenizer = TextTokenizer(backend)
        self._prefix, self._suffix = _special_ids(tokenizer)
        self._pad = tokenizer.pad_token_id or 0
        self._separator = backend.encode(".", add_special_tokens=False).ids
        longest = getattr(module.config, "max_position_embeddings", None) or window
        self.window, self.overlap = min(window, longest), overlap
        self.batch_tokens = batch_tokens or (16_384 if on_gpu else 512)
        room = self.window - self.window // TITLE_SHARE - len(self._prefix + self._suffix + self._separator)
        if not 0 <= overlap < room:
            raise ValueError(f"overlap must be in [0, {room}) for a window of {self.window}, got {overlap}")
        self._lock, self._process = threading.Lock(), os.getpid()
        self._spare: Any = None  # the module on the CPU, once the GPU had no room for a window

    @property
    def fingerprint(self) -> str:
        """All that the vectors depend on: name, weights and windows, not the device."""
        return f"{self.name}/{self._weights}/{self.window}/{self.overlap}"

    def count(self, text: str) -> int:
        """Tokens of ``text``, without special tokens."""
        return self._tokenizer.count(text)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text with its title in front as context.

        Parameters
        ----------
        texts, titles
            As many titles as texts; a title may be empty.

        Returns
        -------
        list of Encoding
            Vectors (n, d) float32 of unit length, in the order of ``texts``.
        """
        plan = self.plan(texts, titles)
        return plan.assemble(self.forward(plan.windows))

    def plan(self, texts: Sequence[str], titles: Sequence[str]) -> Plan:
        """Tokenize and cut into windows: everything that comes before the forward pass."""
        cut, n = self.window // TITLE_SHARE, len(texts)
        tokens = self._tokenizer([*texts, *titles])
        heads = [Tokenized(t.ids[:cut], t.offsets[:cut]) for t in tokens[n:]]
        windows = [
            window
            for i, (text, head) in enumerate(zip(tokens, heads, strict=False))
            for window in self._windows(i, text.ids.tolist(), head.ids.tolist())
        ]
        return Plan(windows, tokens[:n], heads)

    def _windows(self, text: int, ids: list[int], head: list[int]) -> list[Window]:
        """Cut one text into windows that share ``overlap`` tokens; each owns the tokens it sees best."""
        front = self._prefix + (head + self._separator if head else [])
        room = self.window - len(front) - len(self._suffix)
        step = room - self.overlap
        starts = list(range(0, max(len(ids) - self.overlap, 1), step))
        windows = []
        for start in starts:
            left = start if start == 0 else start + self.overlap // 2
            right = len(ids) if start == starts[-1] else start + step + self.overlap // 2
            windows.append(
                Window(
                    text=text,
                    ids=front + ids[start : start + room] + self._suffix,
                    title=slice(len(self._prefix), len(self._prefix) + len(head)),
                    own=slice(len(front) + left - start, len(front) + right - start),
                )
            )
        return windows

    def forward(self, windows: Sequence[Window]) -> list[np.ndarray]:
        """Return unit vectors (length, d) of every token of each window, special tokens included.

        Raises
        ------
        DeadlineExceeded
            Between two batches, where the call is out of time or cancelled, see `semtoken_rag.deadline`.
        """
        import torch

        if self._process != os.getpid():  # forked: the lock may be held, OpenMP's threads are the parent's
            self._lock, self._process = threading.Lock(), os.getpid()
            torch.set_num_threads(1)
        out: list[np.ndarray] = [np.empty(0)] * len(windows)
        with torch.inference_mode(), self._lock:
            for batch in self.group_into_batches(windows):
                check()
                rows = self._fitting([windows[i].ids for i in batch])
                for i, row in zip(batch, rows, strict=True):
                    out[i] = row[: len(windows[i].ids)]
        return out

    def _fitting(self, rows: list[list[int]]) -> list[np.ndarray]:
        """Run a batch, in as many parts as there is room for."""
        import torch

        try:
            return list(self.run(rows).cpu().numpy())
        except torch.cuda.OutOfMemoryError:
            log.info("the GPU has no room for a batch of %d windows", len(rows))
        torch.cuda.empty_cache()
        if len(rows) == 1:
            return list(self._run_spare(rows).numpy())
        half = len(rows) // 2
        return self._fitting(rows[:half]) + self._fitting(rows[half:])

    def _run_spare(self, rows: list[list[int]]) -> torch.Tensor:
        """Run a batch on the CPU; the next one is tried on the GPU again."""
        import torch

        if self._spare is None:
            log.warning("the GPU has no room for one window: it runs on the CPU")
            self._spare = copy_to_cpu(self.module)
        return self._run(self._spare, torch.device("cpu"), rows)

    def group_into_batches(self, windows: Sequence[Window]) -> list[list[int]]:
        """Group windows, longest first, into batches of at most ``batch_tokens``, or of a single window."""
        lengths = [len(w.ids) for w in windows]
        return group_into_batches(lengths, self.batch_tokens, mixed=self.device.type != "cpu")

    def run(self, rows: list[list[int]]) -> torch.Tensor:
        """Run one batch, longest first, padded: (b, at least the longest, d), each vector of length 1."""
        return self._run(self.module, self.device, rows)

    def _run(self, module: torch.nn.Module, device: torch.device, rows: list[list[int]]) -> torch.Tensor:
        import torch

        longest = min(pad_length(len(rows[0])), self.window)
        ids = torch.tensor([row + [self._pad] * (longest - len(row)) for row in rows])
        mask = torch.arange(longest) < torch.tensor([[len(row)] for row in rows])
        with without_cudnn_attention(device):
            hidden = module(input_ids=ids.to(device), attention_mask=mask.to(device)).last_hidden_state
        return torch.nn.functional.normalize(hidden.float(), dim=-1)


def _load(model: Any) -> tuple[str, Any, Any]:
    """Name, transformer module and tokenizer of whatever the caller names the model by."""
    if isinstance(model, adapter.Adapted):
        _, module, tokenizer = _load(model.base)
        return f"{model.path.stem}:{adapter.apply(module, model.path)}", module, tokenizer
    if isinstance(model, str | Path):
        return str(model), *_pretrained(str(model))
    try:  # a SentenceTransformer: its first module holds the transformer
        first = model[0]
        return (
            str(model.model_card_data.base_model or "sentence-transformer"),
            first.auto_model,
            model.tokenizer,
        )
    except (AttributeError, IndexError, TypeError, KeyError):
        raise ValueError(
            f"model must be a name, a path or a SentenceTransformer, got {model!r:.80}"
        ) from None


def _pretrained(model: str) -> tuple[Any, Any]:
    """Load module and tokenizer of a name or a path; never the code, nor the pickles, that come with it."""
    transformers = require("transformers", extra="torch")
    safe = {"trust_remote_code": False, "use_safetensors": True}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model, trust_remote_code=False)
        return transformers.AutoModel.from_pretrained(model, **safe), tokenizer
    except (OSError, ValueError) as error:
        raise ValueError(
            f"encoder {model!r:.80} is neither a folder nor a model that can be loaded here, "
            "from safetensors and without code of its own"
        ) from error


def _digest(module: Any, values: int = 64) -> str:
    """Hash of the first values of every weight, in half precision as on every device."""
    digest = hashlib.blake2b(digest_size=8)
    for weight in module.state_dict().values():
        if weight.is_floating_point():
            digest.update(weight.flatten()[:values].half().cpu().numpy().tobytes())
    return digest.hexdigest()


def _backend(tokenizer: Any) -> Any:
    """Return a private copy of the fast tokenizer, without truncation and padding."""
    tokenizers = require("tokenizers", extra="torch")
    backend = tokenizers.Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_truncation()
    backend.no_padding()
    return backend


def _special_ids(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Ids that the tokenizer puts before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    start = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
    return full[:start], full[start + len(bare) :]
