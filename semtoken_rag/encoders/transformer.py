"""An encoder that runs any sentence-transformers model, in batches, with windows for long texts."""

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
    """One row of a batch.

    Attributes
    ----------
    text
        Index of the text.
    ids
        Token ids of the row, special tokens included.
    title
        Range of the title's tokens in ``ids``.
    own
        Range in ``ids`` of the text tokens whose vectors come from this window.
    """

    text: int
    ids: list[int]
    title: slice
    own: slice


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows of a batch of texts, and what is needed to put their vectors together.

    Attributes
    ----------
    windows
        In the order of the texts.
    texts, heads
        Tokens of each text and of its title.
    """

    windows: list[Window]
    texts: list[Tokenized]
    heads: list[Tokenized]

    def gather(self, vectors: Sequence[Any]) -> tuple[list[list[Any]], list[Any]]:
        """Sort vectors by text.

        Parameters
        ----------
        vectors
            An array or tensor (length, d) for each window.

        Returns
        -------
        parts
            The parts of each text, in order.
        heads
            The vectors (t, d) of each title.
        """
        parts: list[list[Any]] = [[] for _ in self.texts]
        heads: dict[int, Any] = {}
        for window, rows in zip(self.windows, vectors, strict=True):
            parts[window.text].append(rows[window.own])
            heads.setdefault(window.text, rows[window.title])
        return parts, [heads[i] for i in range(len(parts))]

    def assemble(self, vectors: Sequence[np.ndarray]) -> list[Encoding]:
        """Return the encoding of each text, from the vectors (length, d) of each window."""
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
    """Encode with a frozen transformer: contextual token vectors (the paper's f_theta, section 3.2).

    A text longer than the window is cut into overlapping windows, and each token's vector comes from the
    window in which it is most central. The title stands in front of every window. The windows of a call are
    sorted by length and run in padded batches. On a CPU the vectors of a window do not depend, to the last
    bit, on what else the call encodes, since a window is padded by its own length alone.

    Parameters
    ----------
    model
        Name on the Hugging Face hub, path of a folder, an
        `semtoken_rag.encoders.adapter.AdaptedModel`, or a ``SentenceTransformer``, which keeps its device and
        its precision.
    name
        Name of the vectors in stats and stores; None takes the model's own.
    device
        Torch device of a model that is loaded here. None takes a GPU if there is one with room for the model,
        else the CPU. Precision is half on a GPU, bfloat16 on a CPU that computes in it, else single. If a GPU
        has no room for a batch, the batch is halved, and a single window runs on the CPU.
    window
        Tokens that the model sees at once, special tokens included; capped by what the model can take.
    overlap
        Tokens that two neighbouring windows share.
    batch_tokens
        Limit on the padded tokens of a batch. None takes 512 on a CPU, which padding costs most, and 16,384
        on a GPU.

    Raises
    ------
    ImportError
        If torch or transformers is missing; the message names the extra.
    ValueError
        If the model cannot be loaded, the window is too small for its overlap, or a ``SentenceTransformer``
        comes with a device.
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
        self._weights = _digest(module)  # before the weights are rounded for a device
        if isinstance(model, str | Path | adapter.AdaptedModel):
            self.module, self.device = place_or_fall_back(module, device, self.name)
        else:  # the caller's own module, used as it is
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
        self._cpu_module: Any = None  # made when the GPU has no room for a window

    @property
    def fingerprint(self) -> str:
        """All that the vectors depend on, for the keys of a store: name, weights, windows, not the device."""
        return f"{self.name}/{self._weights}/{self.window}/{self.overlap}"

    def count(self, text: str) -> int:
        """Return the number of tokens of ``text``, without special tokens."""
        return self._tokenizer.count(text)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text with its title in front as context; see `Encoder.encode`.

        Parameters
        ----------
        texts
            May be longer than the window.
        titles
            As many as ``texts``; a title may be empty, and fills at most a quarter of a window.

        Returns
        -------
        list of Encoding
            Vectors (n, d) float32 of unit length, in the order of ``texts``.

        Raises
        ------
        DeadlineExceeded
            See `forward`.
        """
        plan = self.plan(texts, titles)
        return plan.assemble(self.forward(plan.windows))

    def plan(self, texts: Sequence[str], titles: Sequence[str]) -> Plan:
        """Tokenize texts and cut them into windows: all that comes before the forward pass."""
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
        """Cut the tokens of one text into windows; each owns the tokens that are most central in it."""
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
        """Run the model on windows, batch by batch.

        Parameters
        ----------
        windows
            Those of a `Plan`, in any order.

        Returns
        -------
        list of (length, d) float32
            Vectors of unit length of all tokens of each window, special tokens included.

        Raises
        ------
        DeadlineExceeded
            Between two batches, if the call is out of time or cancelled, see `semtoken_rag.deadline`.
        """
        import torch

        if self._process != os.getpid():  # forked: the lock may be held, and OpenMP's threads are not here
            self._lock, self._process = threading.Lock(), os.getpid()
            torch.set_num_threads(1)
        out: list[np.ndarray] = [np.empty(0)] * len(windows)
        with torch.inference_mode(), self._lock:
            for batch in self.group_into_batches(windows):
                check()
                rows = self._run_in_parts([windows[i].ids for i in batch])
                for i, row in zip(batch, rows, strict=True):
                    out[i] = row[: len(windows[i].ids)]
        return out

    def _run_in_parts(self, rows: list[list[int]]) -> list[np.ndarray]:
        """Run a batch, halved as long as the GPU has no room for it."""
        import torch

        try:
            return list(self.run(rows).cpu().numpy())
        except torch.cuda.OutOfMemoryError:
            log.info("the GPU has no room for a batch of %d windows", len(rows))
        torch.cuda.empty_cache()
        if len(rows) == 1:
            return list(self._run_on_cpu(rows).numpy())
        half = len(rows) // 2
        return self._run_in_parts(rows[:half]) + self._run_in_parts(rows[half:])

    def _run_on_cpu(self, rows: list[list[int]]) -> torch.Tensor:
        """Run a batch on the CPU; the next batch is tried on the GPU again."""
        import torch

        if self._cpu_module is None:
            log.warning("the GPU has no room for one window: it runs on the CPU")
            self._cpu_module = copy_to_cpu(self.module)
        return self._run(self._cpu_module, torch.device("cpu"), rows)

    def group_into_batches(self, windows: Sequence[Window]) -> list[list[int]]:
        """Group windows, longest first, into batches of at most ``batch_tokens``; return their indices."""
        lengths = [len(w.ids) for w in windows]
        return group_into_batches(lengths, self.batch_tokens, mixed=self.device.type != "cpu")

    def run(self, rows: list[list[int]]) -> torch.Tensor:
        """Run one batch of rows, longest first: (b, padded length, d) float32, vectors of unit length."""
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
    """Return name, transformer module and tokenizer of a model, see `TransformerEncoder`."""
    if isinstance(model, adapter.AdaptedModel):
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
    """Load module and tokenizer from a name or a path, never code or pickles that come with them."""
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
    """Hash the first values of every weight, in half precision."""
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
    """Return the ids that the tokenizer puts before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    start = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
    return full[:start], full[start + len(bare) :]
