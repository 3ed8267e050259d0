"""A ``MultiVectorEncoder`` of sentence-transformers (ColBERT, PyLate) as an encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semtoken_rag.encoders.transformer import TransformerEncoder, digest
from semtoken_rag.types import Encoding

if TYPE_CHECKING:
    import torch


class MultiVectorTransformer(TransformerEncoder):
    """Encode with a model of late interaction: its prompts, its transformer and its projection.

    The prompt for documents stands in front of every chunk, that for queries in front of the question. What
    the model does besides is left out, since every token of the text needs its vector: the list of words that
    it skips, its pooling of tokens, and the tokens by which it expands a query.

    Parameters
    ----------
    model
        A ``MultiVectorEncoder``, which keeps its device and its precision.
    threads
        Of torch on a CPU, see `TransformerEncoder`.
    window
        Tokens that the model sees at once, special tokens and prompt included; capped by what it can take.
    overlap
        Tokens that two neighbouring windows share.

    Raises
    ------
    ValueError
        If the model has no transformer in front, or the window is too small for its overlap.
    """

    def __init__(
        self, model: Any, *, threads: int | None = None, window: int = 256, overlap: int = 64
    ) -> None:
        import torch
        from sentence_transformers.multi_vector_encoder.modules import BaseTokenPooling, MultiVectorMask

        told, self._asked = (_prompt(model, task) for task in ("document", "query"))
        super().__init__(model, threads=threads, window=window, overlap=overlap, prompt=told)
        _, *after = model
        self._after = [each for each in after if not isinstance(each, MultiVectorMask | BaseTokenPooling)]
        self._weights += f"/{digest(torch.nn.ModuleList(self._after))}/{told}"

    def encode_question(self, question: str) -> Encoding:
        """Encode a question behind the prompt for queries."""
        plan = self.plan([question], [""], prefix=[*self._first, *self._asked])
        return plan.assemble(self.forward(plan.windows))[0]

    def project(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the vectors (b, n, d) that the model's projection makes of the last hidden states."""
        features = {"token_embeddings": hidden.to(self.device), "attention_mask": mask.to(self.device)}
        for module in self._after:
            features = module(features)
        return features["token_embeddings"]


def _prompt(model: Any, task: str) -> list[int]:
    text = (getattr(model, "prompts", None) or {}).get(task)
    ids: list[int] = model.tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
    return ids
