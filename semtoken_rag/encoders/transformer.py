"""An encoder that runs any sentence-transformers model, in batches, with windows for long texts."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from semtoken_rag._internal.checks import check_positive
from semtoken_rag._internal.optional import require
from semtoken_rag.deadline import check
from semtoken_rag.encoders import adapter
from semtoken_rag.encoders.batching import group_into_batches, pad_length
from semtoken_rag.encoders.cores import usable_cores
from semtoken_rag.encoders.device import (
    copy_to_cpu,
    place_or_fall_back,
    torch_threads,
    without_cudnn_attention,
)
from semtoken_rag.encoders.hub import loading
from semtoken_rag.encoders.windows import Window, WindowedEncoder, bare_tokenizer

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


class TransformerEncoder(WindowedEncoder):
    """Encode with a frozen transformer: contextual token vectors (the paper's f_theta, section 3.2).

    A text longer than the window is cut into overlapping windows, and each token's vector comes from the
    window in which it is most central. The title stands in front of every window. The windows of a call are
    sorted by length and run in padded batches. On a CPU the vectors of a window do not depend, to the last
    bit, on what else the call encodes, since a window is padded by its own length alone.

    Parameters
    ----------
    model
        Name on the Hugging Face hub, path of a folder or of an ``.onnx`` file of ``semtoken train``, an
        `semtoken_rag.encoders.adapter.AdaptedModel`, or a ``SentenceTransformer``, which keeps its device and
        its precision.
    name
        Name of the vectors in stats and stores; None takes the model's own.
    device
        Torch device of a model that is loaded here. None takes a GPU if there is one with room for the model,
        else the CPU. Precision is half on a GPU, bfloat16 on a CPU that computes in it, else single. If a GPU
        has no room for a batch, the batch is halved, and a single window runs on the CPU.
    threads
        Threads of torch on a CPU while this encoder runs, at least 1, and never more than the cores that the
        process may use. None takes torch's own number, within those cores.
    window
        Tokens that the model sees at once, special tokens included; capped by what the model can take.
    overlap
        Tokens that two neighbouring windows share.
    batch_tokens
        Limit on the padded tokens of a batch. None takes 512 on a CPU, which padding costs most, and 16,384
        on a GPU.
    prompt
        Token ids that stand in front of every text.

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
        threads: int | None = None,
        window: int = 256,
        overlap: int = 64,
        batch_tokens: int | None = None,
        prompt: Sequence[int] = (),
    ) -> None:
        if threads is not None:
            check_positive("threads", threads)
        found, module, tokenizer = load_model(model)
        longest = getattr(module.config, "max_position_embeddings", None) or window
        super().__init__(
            name or found,
            digest(module),  # before the weights are rounded for a device
            bare_tokenizer(tokenizer.backend_tokenizer),
            window=min(window, longest),
            overlap=overlap,
            prompt=prompt,
        )
        if isinstance(model, str | Path | adapter.AdaptedModel):
            self.module, self.device = place_or_fall_back(module, device, self.name)
        else:  # the caller's own module, used as it is
            self.module, self.device = module, module.device
            import torch

            if isinstance(module, torch.nn.Module):  # else it is a model of another backend
                module.eval()
            if device is not None:
                raise ValueError(f"device is that of the model itself, {self.device}, got {device!r:.80}")
        on_gpu = self.device.type == "cuda"
        self.threads, self._cores = threads, usable_cores()
        self._pad = tokenizer.pad_token_id or 0
        self.batch_tokens = batch_tokens or (16_384 if on_gpu else 512)
        self._lock, self._process = threading.Lock(), os.getpid()
        self._cpu_module: Any = None  # made when the GPU has no room for a window

    def forward(self, windows: Sequence[Window]) -> list[np.ndarray]:
        """Run the model on windows, batch by batch; see `WindowedEncoder.forward`."""
        import torch

        if self._process != os.getpid():  # forked: the lock may be held, and OpenMP's threads are not here
            self._lock, self._process = threading.Lock(), os.getpid()
            torch.set_num_threads(1)
            self.threads = None
        out: list[np.ndarray] = [np.empty(0)] * len(windows)
        with torch.inference_mode(), self._lock, torch_threads(self.threads, self._cores):
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
        mask = mask.to(device)
        with without_cudnn_attention(device):
            hidden = module(input_ids=ids.to(device), attention_mask=mask).last_hidden_state
        return torch.nn.functional.normalize(self.project(hidden, mask).float(), dim=-1)

    def project(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the vectors (b, n, d) of the last hidden states, of which ``mask`` says where tokens are."""
        return hidden


def load_model(model: Any) -> tuple[str, Any, Any]:
    """Load a model.

    Parameters
    ----------
    model
        See `TransformerEncoder`.

    Returns
    -------
    name, module, tokenizer
        Of transformers; the module has the precision of its weights.

    Raises
    ------
    ValueError
        If the model cannot be loaded.
    """
    if isinstance(model, adapter.AdaptedModel):
        _, module, tokenizer = load_model(model.base)
        return f"{model.path.stem}:{adapter.apply(module, model.path)}", module, tokenizer
    if isinstance(model, str | Path) and str(model).endswith(".onnx"):
        from semtoken_rag.encoders.onnx_import import load_bert

        return load_bert(Path(model))
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
    require("torch", extra="torch")
    transformers = require("transformers", extra="torch")
    with loading(model) as where:
        options = {**where, "trust_remote_code": False}
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(model, **options)
            return transformers.AutoModel.from_pretrained(model, use_safetensors=True, **options), tokenizer
        except (OSError, ValueError) as error:
            cached = "; the hub cannot be reached, only its cache was read" if where else ""
            raise ValueError(
                f"encoder {model!r:.80} is neither a folder nor a model that can be loaded here, "
                f"from safetensors and without code of its own{cached}"
            ) from error


def digest(module: Any, values: int = 64) -> str:
    """Hash the first values of every weight, in half precision; without weights, what it makes of a row."""
    import torch

    made = hashlib.blake2b(digest_size=8)
    if isinstance(module, torch.nn.Module):
        weights = [
            each.flatten()[:values] for each in module.state_dict().values() if each.is_floating_point()
        ]
    else:
        row = torch.ones((1, 3), dtype=torch.int64)
        weights = [module(input_ids=row, attention_mask=row).last_hidden_state]
    for weight in weights:
        made.update(weight.half().cpu().numpy().tobytes())
    return made.hexdigest()
