"""What a training changes of an encoder: factors of low rank beside its weights, or all weights."""

from __future__ import annotations

import copy
import math
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import torch

from semtoken_rag.encoders import adapter
from semtoken_rag.encoders.onnx_export import export
from semtoken_rag.encoders.registry import adapted_model, model_source
from semtoken_rag.encoders.transformer import TransformerEncoder, load_model

Factors: TypeAlias = dict[str, tuple[torch.Tensor, torch.Tensor]]


class Change(ABC):
    """A change of an encoder's module; the encoder's own weights stay as they are."""

    @property
    @abstractmethod
    def parameters(self) -> list[torch.Tensor]:
        """The tensors that are trained, in a fixed order."""

    @abstractmethod
    def applied(self, encoder: TransformerEncoder) -> Any:
        """Return a context in which the encoder computes, with gradients, as the change makes it."""

    @abstractmethod
    def scaled(self, strength: float) -> Change:
        """Return the change times ``strength``: 0 is none, 1 the whole."""

    @abstractmethod
    def save(self, path: Path, about: Mapping[str, str]) -> None:
        """Write the change to a file that can be an encoder; ``about`` names its ``base``."""

    @abstractmethod
    def mean(self, others: Sequence[Any]) -> Change:
        """Return the mean of this change and others of its kind."""


class LowRank(Change):
    """Two factors for each linear layer, whose product is added to its weight (arxiv.org/abs/2106.09685).

    Parameters
    ----------
    factors
        By layer name: up (out, r) and down (r, in).
    rank
        The r.
    """

    def __init__(self, factors: Factors, rank: int) -> None:
        self.factors, self.rank = factors, rank

    @classmethod
    def fresh(cls, encoder: TransformerEncoder, rank: int, seed: int) -> LowRank:
        """Return initial factors, whose product is 0.

        Parameters
        ----------
        encoder
            The encoder to change.
        rank
            The r.
        seed
            Seed of the factors down.

        Returns
        -------
        LowRank
            The change, which is none yet.
        """
        seeded = torch.Generator().manual_seed(seed)
        factors: Factors = {}
        for name, layer in adapter.targets(encoder.module).items():
            out, width = layer.weight.shape
            down = torch.randn(rank, width, generator=seeded) / math.sqrt(width)
            up = torch.zeros(out, rank)
            factors[name] = (up.to(encoder.device), down.to(encoder.device))
        return cls(factors, rank)

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All factors."""
        return [factor for pair in self.factors.values() for factor in pair]

    def scaled(self, strength: float) -> LowRank:
        """Scale one of the two factors."""
        return LowRank({name: (strength * up, down) for name, (up, down) in self.factors.items()}, self.rank)

    def save(self, path: Path, about: Mapping[str, str]) -> None:
        """Write an adapter, or if the file's name ends in ``.onnx`` its base with the adapter in it."""
        if path.suffix != ".onnx":
            adapter.save(path, self.factors, about)
            return
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "adapter.safetensors"
            adapter.save(part, self.factors, about)
            _, module, tokenizer = load_model(adapted_model(part))
        export(module, tokenizer, path, name=path.stem)

    def mean(self, others: Sequence[LowRank]) -> LowRank:
        """Return the nearest factors of the same rank."""
        factors = adapter.average([self.factors, *(other.factors for other in others)], self.rank)
        return LowRank(factors, self.rank)

    @contextmanager
    def applied(self, encoder: TransformerEncoder) -> Iterator[None]:
        """Add up @ down @ x to the output of every target layer while the context is open.

        Meanwhile half precision, in which gradients vanish, becomes single precision.
        """
        linear = torch.nn.functional.linear

        def hook(up: Any, down: Any) -> Callable[..., Any]:
            return lambda _, inputs, output: (
                output + linear(linear(inputs[0], down.to(output)), up.to(output))
            )

        module: Any = encoder.module
        layers = adapter.targets(module)
        handles = [layers[name].register_forward_hook(hook(*pair)) for name, pair in self.factors.items()]
        half = module.dtype is torch.float16
        if half:
            module.float()
        try:
            with _eager_attention(module):
                yield
        finally:
            if half:
                module.half()
            for handle in handles:
                handle.remove()


class WholeWeights(Change):
    """A copy of the module in single precision, all of whose weights are trained.

    Parameters
    ----------
    module
        The copy.
    origin
        The weights that it began with, by name.
    """

    def __init__(self, module: torch.nn.Module, origin: dict[str, torch.Tensor]) -> None:
        self.module, self.origin = module, origin

    @classmethod
    def fresh(cls, encoder: TransformerEncoder) -> WholeWeights:
        """Return an unchanged copy of an encoder's module."""
        module = copy.deepcopy(encoder.module).float()
        for name, parameter in module.named_parameters():
            parameter.requires_grad_("pooler" not in name)
        return cls(module, {name: p.detach().clone() for name, p in module.named_parameters()})

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All weights that token vectors pass through."""
        return [p for name, p in self.module.named_parameters() if "pooler" not in name]

    def scaled(self, strength: float) -> WholeWeights:
        """Return the weights that lie so far on the way from the first to the present ones."""
        return self._with({n: torch.lerp(self.origin[n], p, strength) for n, p in self._named()})

    def save(self, path: Path, about: Mapping[str, str]) -> None:
        """Write an ``.onnx`` file."""
        if path.suffix != ".onnx":
            raise ValueError(f"all weights can be written as .onnx alone, got {str(path)!r}")
        _, _, tokenizer = load_model(model_source(about["base"]))
        export(self.module, tokenizer, path, name=path.stem)

    def mean(self, others: Sequence[WholeWeights]) -> WholeWeights:
        """Return the mean of the weights."""
        every = [dict(change._named()) for change in (self, *others)]
        return self._with({name: torch.stack([e[name] for e in every]).mean(0) for name in every[0]})

    def _named(self) -> Iterator[tuple[str, torch.Tensor]]:
        return ((name, p.detach()) for name, p in self.module.named_parameters())

    def _with(self, weights: dict[str, torch.Tensor]) -> WholeWeights:
        module = copy.deepcopy(self.module)
        module.load_state_dict(weights, strict=False)
        return WholeWeights(module, self.origin)

    @contextmanager
    def applied(self, encoder: TransformerEncoder) -> Iterator[None]:
        """Let the encoder compute with the copy while the context is open."""
        before, encoder.module = encoder.module, self.module
        try:
            with _eager_attention(self.module):
                yield
        finally:
            encoder.module = before


@contextmanager
def _eager_attention(module: Any) -> Iterator[None]:
    """Switch the fused kernel off, whose gradients are slower on a CPU."""
    attention = module.config._attn_implementation
    module.set_attn_implementation("eager")
    try:
        yield
    finally:
        module.set_attn_implementation(attention)
