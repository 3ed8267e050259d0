"""Train an adapter, with which an encoder's token vectors suit late interaction."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

from semtoken_rag.encoders import adapter
from semtoken_rag.encoders.batching import group_into_batches
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.encoders.windows import Plan
from semtoken_rag.stages.segment import build_units
from semtoken_rag.train.examples import Example, groups
from semtoken_rag.train.loss import Target, listwise, recall, scores
from semtoken_rag.types import Tokens

log = logging.getLogger(__name__)
RATIOS = (0.1, 0.2)
TOGETHER = 4  # questions on the same chunks that share a forward pass
Factors: TypeAlias = dict[str, tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Hyperparameters of a training.

    Parameters
    ----------
    rank
        Rank of the update of each layer.
    learning_rate
        Peak learning rate; it warms up over the first twentieth of the steps and decays as a cosine.
    epochs
        Passes over the examples, at most.
    batch_size
        Lists of chunks per step, each with at most `TOGETHER` of its questions.
    checks
        Evaluations on the held-back examples per epoch.
    patience
        Evaluations without a better loss after which training stops.
    title_dropout
        Share of the lists whose chunks lose their titles, so that the encoder learns chunks without titles.
    chunk_dropout
        Share of the chunks without gold that are left out, drawn anew each time.
    seed
        Seed of the order of the examples and of the initial weights.
    runs
        Trainings with ``seed``, ``seed + 1``, ..., whose updates are averaged: arxiv.org/abs/2203.05482
    strengths
        Factors of the update that are tried on the held-back examples. The best is kept: at 1 the encoder
        overfits its examples (arxiv.org/abs/2109.01903).

    Raises
    ------
    ValueError
        If ``runs`` is less than 1, ``strengths`` is empty, or a dropout is outside of [0, 1].
    """

    rank: int = 40
    learning_rate: float = 5e-4
    epochs: int = 4
    batch_size: int = 8
    checks: int = 3
    patience: int = 3
    title_dropout: float = 0.15
    chunk_dropout: float = 0.4
    seed: int = 0
    runs: int = 1
    strengths: tuple[float, ...] = (0.6, 0.8, 1.0)

    def __post_init__(self) -> None:
        if self.runs < 1:
            raise ValueError(f"runs must be at least 1, got {self.runs!r}")
        if not self.strengths:
            raise ValueError(f"strengths must have at least one entry, got {self.strengths!r}")
        for name in ("title_dropout", "chunk_dropout"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)!r}")


@dataclass(frozen=True, slots=True)
class Check:
    """An evaluation on the held-back examples.

    Attributes
    ----------
    step
        Steps trained.
    loss
        Mean loss, lower = better.
    recall
        Ratio of the tokens to the share of the gold units among the best units that fit it.
    """

    step: int
    loss: float
    recall: dict[float, float]


class Trainer:
    """Trains an adapter for an encoder. `run` trains, `save` writes the best state.

    Parameters
    ----------
    encoder
        The encoder to adapt; its own weights never change.
    recipe
        See `Recipe`.
    """

    def __init__(self, encoder: TransformerEncoder, recipe: Recipe | None = None) -> None:
        self.encoder, self.recipe = encoder, recipe or Recipe()
        self.factors = self._fresh(self.recipe.seed)

    def run(
        self,
        examples: Sequence[Example],
        held_back: Sequence[Example],
        progress: Callable[[int, int, float], None] | None = None,
    ) -> list[Check]:
        """Train on ``examples``.

        Parameters
        ----------
        examples
            Examples to train on, not empty; see `semtoken_rag.train.examples.split`.
        held_back
            Other examples, not empty, on which the training is evaluated.
        progress
            Called after each step with the step, the number of steps, and a running mean of the loss. Every
            run starts at step 1.

        Returns
        -------
        list of Check
            The first was made before training, the last is of the state that `save` writes.

        Raises
        ------
        ValueError
            If one of the two is empty, or no held-back question has both wanted and other units.
        """
        if not examples or not held_back:
            raise ValueError(
                f"training needs examples on both sides, got {len(examples)} and {len(held_back)}"
            )
        changes, checks, steps = [], [], 0
        for seed in range(self.recipe.seed, self.recipe.seed + self.recipe.runs):
            factors = self._fresh(seed)
            seen = self._train(factors, seed, examples, held_back, progress)
            steps += min(seen, key=lambda check: check.loss).step
            changes.append(factors)
            checks += seen
        mean, tried = adapter.average(changes, self.recipe.rank), []
        for strength in self.recipe.strengths:
            factors = {name: (strength * up, down) for name, (up, down) in mean.items()}
            with _apply_factors(self.encoder.module, factors):
                tried.append((self.check(steps, held_back), factors))
            log.info("strength %s: %s", strength, tried[-1][0])
        best, self.factors = min(tried, key=lambda pair: pair[0].loss)
        return [*checks, best]

    def _fresh(self, seed: int) -> Factors:
        """Return initial factors, whose product is 0."""
        seeded = torch.Generator().manual_seed(seed)
        factors: Factors = {}
        for name, layer in adapter.targets(self.encoder.module).items():
            out, width = layer.weight.shape
            down = torch.randn(self.recipe.rank, width, generator=seeded) / math.sqrt(width)
            up = torch.zeros(out, self.recipe.rank)
            factors[name] = (up.to(self.encoder.device), down.to(self.encoder.device))
        return factors

    def _train(
        self,
        factors: Factors,
        seed: int,
        examples: Sequence[Example],
        held_back: Sequence[Example],
        progress: Callable[[int, int, float], None] | None,
    ) -> list[Check]:
        """Train ``factors`` in place and leave them at the best state; return the checks."""
        parameters = [p.requires_grad_() for pair in factors.values() for p in pair]
        dice = random.Random(seed)
        steps = self._steps(examples, dice)
        total = len(steps)
        every = max(1, total // (self.recipe.epochs * self.recipe.checks))
        optimizer, schedule = self._optimizer(parameters, total)
        with _apply_factors(self.encoder.module, factors):
            checks = [self.check(0, held_back)]
            best, mean = _Best(parameters, checks[0]), checks[0].loss
            for step, batch in enumerate(steps, 1):
                mean += 0.02 * (self._accumulate([self._augment(group, dice) for group in batch]) - mean)
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                if progress:
                    progress(step, total, mean)
                if step % every == 0 or step == total:
                    checks.append(self.check(step, held_back))
                    log.info("%s", checks[-1])
                    if best.update(checks[-1]) >= self.recipe.patience:
                        break
            best.restore()
        return checks

    def save(self, path: Path, base: str) -> None:
        """Write the adapter to ``path``; ``base`` is the name by which its encoder is loaded."""
        recipe = {name: str(getattr(self.recipe, name)) for name in Recipe.__dataclass_fields__}
        adapter.save(path, self.factors, {"base": base, **recipe})

    def check(self, step: int, examples: Sequence[Example]) -> Check:
        """Evaluate the present state on ``examples``; raise ValueError if none can be judged."""
        losses, found = [], []
        with torch.no_grad():
            for group in groups(examples, len(examples)):
                for score, target in self._scores(group):
                    losses.append(float(listwise(score, target.wanted)))
                    found.append([recall(score.float().cpu().numpy(), target, r) for r in RATIOS])
        if not losses:
            raise ValueError("none of the examples held back has both wanted and other units")
        return Check(step, float(np.mean(losses)), dict(zip(RATIOS, np.mean(found, 0).tolist(), strict=True)))

    def _optimizer(self, parameters: list[Any], total: int) -> tuple[Any, Any]:
        optimizer = torch.optim.AdamW(parameters, lr=self.recipe.learning_rate, weight_decay=0.01)
        rise = max(1, total // 20)

        def share(step: int) -> float:
            fall = max(0, step - rise) / max(1, total - rise)
            return min((step + 1) / rise, 0.5 + 0.5 * math.cos(math.pi * fall))

        return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)

    def _steps(self, examples: Sequence[Example], dice: random.Random) -> list[list[list[Example]]]:
        """Return the groups of questions of each step; every epoch has its own order."""
        made, size = [], self.recipe.batch_size
        for _ in range(self.recipe.epochs):
            found = groups(dice.sample(list(examples), len(examples)), TOGETHER)
            made += [found[at : at + size] for at in range(0, len(found), size)]
        return made

    def _augment(self, group: Sequence[Example], dice: random.Random) -> list[Example]:
        """Drop some chunks without gold, and sometimes the titles of all chunks."""
        gold = {chunk for example in group for chunk, _, _ in example.gold}
        others = [i for i in range(len(group[0].chunks)) if i not in gold]
        left = math.ceil((1 - self.recipe.chunk_dropout) * len(others))
        kept = sorted([*gold, *dice.sample(others, left)])
        titles = dice.random() >= self.recipe.title_dropout
        return [example.take_chunks(kept, titles=titles) for example in group]

    def _accumulate(self, batch: Sequence[Sequence[Example]]) -> float:
        """Add the gradients of a batch; return its mean loss."""
        total = 0.0
        for scored in filter(None, map(self._scores, batch)):
            losses = [listwise(score, target.wanted) for score, target in scored]
            loss = torch.stack(losses).mean() / len(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        return total

    def _scores(self, group: Sequence[Example]) -> list[tuple[torch.Tensor, Target]]:
        """Score the units for each question, except for questions of which all or no units are wanted."""
        chunks, questions = group[0].chunks, [example.question for example in group]
        n, titles = len(chunks), [chunk.title for chunk in chunks]
        plan = self.encoder.plan(
            [*(chunk.text for chunk in chunks), *questions], [*titles, *("" for _ in questions)]
        )
        bare = plan.assemble([np.zeros((len(w.ids), 1), np.float32) for w in plan.windows])
        tokens = Tokens.concatenate(bare[:n])  # units need only ids and offsets
        units = build_units(chunks, tokens)
        own, heads = self._forward(plan)
        every, title = torch.cat(own[:n]), torch.cat(heads[:n])
        found = []
        for example, asked, vectors in zip(group, plan.texts[n:], own[n:], strict=True):
            wanted = example.wanted(units)
            if wanted.any() and not wanted.all() and len(asked.ids):
                target = Target.of(asked.ids, tokens, units, wanted)
                found.append((scores(vectors, every, title, target), target))
        return found

    def _forward(self, plan: Plan) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Return the vectors of each text and of each title, with gradients."""
        rows: dict[int, torch.Tensor] = {}
        lengths = [len(window.ids) for window in plan.windows]
        for batch in group_into_batches(lengths, 2 * self.encoder.batch_tokens, mixed=True):
            out = self.encoder.run([plan.windows[i].ids for i in batch])
            rows.update(zip(batch, out, strict=True))
        parts, heads = plan.gather([rows[i] for i in range(len(plan.windows))])
        return [torch.cat(part) for part in parts], heads


class _Best:
    """The state with the lowest loss so far."""

    def __init__(self, parameters: Sequence[Any], check: Check) -> None:
        self.parameters, self.check, self.waited = parameters, check, 0
        self.state = [p.detach().clone() for p in parameters]

    def update(self, check: Check) -> int:
        """Keep the present state if it is better; return the number of checks since the best one."""
        self.waited += 1
        if check.loss < self.check.loss:
            self.check, self.waited = check, 0
            self.state = [p.detach().clone() for p in self.parameters]
        return self.waited

    def restore(self) -> None:
        """Restore the best state."""
        for parameter, value in zip(self.parameters, self.state, strict=True):
            parameter.detach().copy_(value)


@contextmanager
def _apply_factors(module: torch.nn.Module, factors: Factors) -> Iterator[None]:
    """Add up @ down @ x to the output of every target layer while the context is open.

    Meanwhile attention is eager, whose gradients are faster on a CPU than those of the fused kernel, and half
    precision, in which gradients vanish, becomes single precision.
    """
    linear = torch.nn.functional.linear

    def hook(up: Any, down: Any) -> Callable[..., Any]:
        return lambda _, inputs, output: output + linear(linear(inputs[0], down.to(output)), up.to(output))

    layers = adapter.targets(module)
    handles = [layers[name].register_forward_hook(hook(*pair)) for name, pair in factors.items()]
    model: Any = module
    attention, half = model.config._attn_implementation, model.dtype is torch.float16
    model.set_attn_implementation("eager")
    if half:
        model.float()
    try:
        yield
    finally:
        if half:
            model.half()
        model.set_attn_implementation(attention)
        for handle in handles:
            handle.remove()
