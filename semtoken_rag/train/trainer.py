"""Train an adapter, with which an encoder's token vectors suit late interaction."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from semtoken_rag.encoders.batching import group_into_batches
from semtoken_rag.encoders.device import is_faster_in_bfloat16
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.encoders.windows import Plan
from semtoken_rag.stages.segment import build_units
from semtoken_rag.train.augment import Augmentation
from semtoken_rag.train.changes import Change, LowRank, WholeWeights
from semtoken_rag.train.checkpoint import Checkpoint
from semtoken_rag.train.examples import Example, groups
from semtoken_rag.train.loss import Target, listwise, recall, scores
from semtoken_rag.types import Encoding, Tokens

log = logging.getLogger(__name__)
RATIOS = (0.1, 0.2)
AUGMENTATION = Augmentation(title_dropout=0.15, chunk_dropout=0.4)
BATCH_TOKENS = 1024  # padded, of one pass
TOGETHER = 4  # questions on the same chunks that share a forward pass


@dataclass(frozen=True, slots=True)
class Recipe:
    """Hyperparameters of a training.

    Parameters
    ----------
    rank
        Rank of the update of each layer; None trains all weights.
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
    augmentation
        How a list of chunks is changed, anew each time that it is seen.
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
        If ``runs`` is less than 1, or ``strengths`` is empty.
    """

    rank: int | None = 40
    learning_rate: float = 5e-4
    epochs: int = 4
    batch_size: int = 8
    checks: int = 3
    patience: int = 3
    augmentation: Augmentation = AUGMENTATION
    seed: int = 0
    runs: int = 1
    strengths: tuple[float, ...] = (0.6, 0.8, 1.0)

    def __post_init__(self) -> None:
        if self.runs < 1:
            raise ValueError(f"runs must be at least 1, got {self.runs!r}")
        if not self.strengths:
            raise ValueError(f"strengths must have at least one entry, got {self.strengths!r}")


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

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Check:
        """Return an evaluation whose ratios became text."""
        return cls(found["step"], found["loss"], {float(r): share for r, share in found["recall"].items()})


class Trainer:
    """Trains a change of an encoder. `run` trains, `save` writes the best state.

    Parameters
    ----------
    encoder
        The encoder to train; its own weights never change.
    recipe
        See `Recipe`.

    Attributes
    ----------
    change
        The change that `run` found best; before, none.
    """

    def __init__(self, encoder: TransformerEncoder, recipe: Recipe | None = None) -> None:
        self.encoder, self.recipe = encoder, recipe or Recipe()
        self.change = self._fresh(self.recipe.seed)

    def run(
        self,
        examples: Sequence[Example],
        held_back: Sequence[Example],
        progress: Callable[[int, int, float], None] | None = None,
        state: Path | None = None,
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
        state
            Folder for what an interrupted training goes on from, written every three minutes. The result
            is that of a training that was not interrupted. None keeps nothing.

        Returns
        -------
        list of Check
            The first was made before training, the last is of the state that `save` writes.

        Raises
        ------
        ValueError
            If one of the two is empty, no held-back question has both wanted and other units, or ``state`` is
            that of another training.
        """
        if not examples or not held_back:
            raise ValueError(
                f"training needs examples on both sides, got {len(examples)} and {len(held_back)}"
            )
        changes: list[Any] = []
        checks, steps = [], 0
        for seed in range(self.recipe.seed, self.recipe.seed + self.recipe.runs):
            change = self._fresh(seed)
            about = f"{self.recipe}, {len(examples)} and {len(held_back)} examples, seed {seed}"
            saved = Checkpoint(state and state / f"{seed}.safetensors", about)
            seen = self._train(change, seed, examples, held_back, progress, saved)
            steps += min(seen, key=lambda check: check.loss).step
            changes.append(change)
            checks += seen
        mean, tried = changes[0].mean(changes[1:]), []
        for strength in self.recipe.strengths:
            change = mean.scaled(strength)
            with change.applied(self.encoder):
                tried.append((self.check(steps, held_back), change))
            log.info("strength %s: %s", strength, tried[-1][0])
        best, self.change = min(tried, key=lambda pair: pair[0].loss)
        return [*checks, best]

    def _fresh(self, seed: int) -> Change:
        if self.recipe.rank is None:
            return WholeWeights.fresh(self.encoder)
        return LowRank.fresh(self.encoder, self.recipe.rank, seed)

    def _train(
        self,
        change: Change,
        seed: int,
        examples: Sequence[Example],
        held_back: Sequence[Example],
        progress: Callable[[int, int, float], None] | None,
        saved: Checkpoint,
    ) -> list[Check]:
        """Train ``change`` in place and leave it at the best state; return the checks."""
        parameters = [p.requires_grad_() for p in change.parameters]
        steps = self._steps(examples, random.Random(seed))
        total = len(steps)
        augment = self.recipe.augmentation
        every = max(1, total // (self.recipe.epochs * self.recipe.checks))
        optimizer, schedule = self._optimizer(parameters, total)
        with change.applied(self.encoder):
            known = saved.load(parameters, optimizer, schedule)
            if known is None:
                checks = [self.check(0, held_back)]
                best, mean, begun = _Best(parameters, checks), checks[0].loss, 0
            else:
                state, more = known
                checks = [Check.from_json(each) for each in more["checks"]]
                best, mean, begun = _Best(parameters, checks, state), more["mean"], more["step"]
            for step, batch in enumerate(steps[begun:], begun + 1):
                if best.waited >= self.recipe.patience:
                    break
                dice = random.Random(f"{seed}/{step}")
                changed = [augment(group, dice, self.encoder.count) for group in batch]
                mean += 0.02 * (self._accumulate(changed) - mean)
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                if progress:
                    progress(step, total, mean)
                if step % every == 0 or step == total:
                    checks.append(self.check(step, held_back))
                    log.info("%s", checks[-1])
                    best.update()
                if saved.is_due() or step == total:
                    more = {"step": step, "mean": mean, "checks": [asdict(check) for check in checks]}
                    saved.save(parameters, best.state, optimizer, schedule, more)
            best.restore()
        return checks

    def save(self, path: Path, base: str) -> None:
        """Write what was trained, as an encoder.

        Parameters
        ----------
        path
            An ``.onnx`` file, or of a change of low rank a ``.safetensors`` file of the change alone.
        base
            The name by which the encoder that was trained is loaded.

        Raises
        ------
        ValueError
            If the change needs another kind of file, or the encoder cannot be written as ONNX.
        """
        recipe = {name: str(getattr(self.recipe, name)) for name in Recipe.__dataclass_fields__}
        self.change.save(path, {"base": base, **recipe})

    def check(self, step: int, examples: Sequence[Example]) -> Check:
        """Evaluate the present state on ``examples``; raise ValueError if none can be judged."""
        losses, found = [], []
        with torch.no_grad():
            for group in groups(examples, len(examples)):
                for score, target in self._scores([group])[0]:
                    losses.append(float(listwise(score, target.wanted)))
                    values = score.float().cpu().numpy()
                    found.append([recall(values, target.wanted, target.cost, r) for r in RATIOS])
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

    def _accumulate(self, batch: Sequence[Sequence[Example]]) -> float:
        """Add the gradients of a batch; return its mean loss."""
        losses = [
            torch.stack([listwise(score, target.wanted) for score, target in scored]).mean()
            for scored in self._scores(batch)
            if scored
        ]
        if not losses:
            return 0.0
        loss = torch.stack(losses).sum() / len(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _scores(self, batch: Sequence[Sequence[Example]]) -> list[list[tuple[torch.Tensor, Target]]]:
        """Score the units for each question of each group, in one pass of the encoder.

        Questions of which all or no units are wanted are left out.
        """
        texts = [[c.text for c in group[0].chunks] + [e.question for e in group] for group in batch]
        heads = [[c.title for c in group[0].chunks] + [""] * len(group) for group in batch]
        plan = self.encoder.plan([*chain.from_iterable(texts)], [*chain.from_iterable(heads)])
        bare = plan.assemble([np.zeros((len(w.ids), 1), np.float32) for w in plan.windows])
        own, titles = self._forward(plan)
        found, at = [], 0
        for group, each in zip(batch, texts, strict=True):
            here = slice(at, at + len(each))
            found.append(_scored(group, bare[here], own[here], titles[here]))
            at = here.stop
        return found

    def _fast_products(self) -> torch.autocast:
        """Return a context in which single precision is multiplied in bfloat16 where that is faster."""
        kind = self.encoder.device.type
        faster = kind == "cuda" or (kind == "cpu" and is_faster_in_bfloat16())
        return torch.autocast(kind, torch.bfloat16, enabled=self.recipe.rank is None and faster)

    def _forward(self, plan: Plan) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Return the vectors of each text and of each title, with gradients."""
        rows: dict[int, torch.Tensor] = {}
        lengths = [len(window.ids) for window in plan.windows]
        for batch in group_into_batches(lengths, BATCH_TOKENS, mixed=True):
            with self._fast_products():
                out = self.encoder.run([plan.windows[i].ids for i in batch])
            rows.update(zip(batch, out, strict=True))
        parts, heads = plan.gather([rows[i] for i in range(len(plan.windows))])
        return [torch.cat(part) for part in parts], heads


def _scored(
    group: Sequence[Example],
    bare: Sequence[Encoding],
    own: Sequence[torch.Tensor],
    titles: Sequence[torch.Tensor],
) -> list[tuple[torch.Tensor, Target]]:
    """Score the units of a group's chunks, whose texts are followed by its questions."""
    n = len(group[0].chunks)
    tokens = Tokens.concatenate(bare[:n])  # units need only ids and offsets
    units = build_units(group[0].chunks, tokens)
    every, title = torch.cat(list(own[:n])), torch.cat(list(titles[:n]))
    found = []
    for example, asked, vectors in zip(group, bare[n:], own[n:], strict=True):
        wanted = example.wanted(units)
        if wanted.any() and not wanted.all() and len(asked.ids):
            target = Target.of(asked.ids, tokens, units, wanted)
            found.append((scores(vectors, every, title, target), target))
    return found


class _Best:
    """The state with the lowest loss among those of the checks, which grow meanwhile."""

    def __init__(
        self, parameters: Sequence[Any], checks: list[Check], state: list[torch.Tensor] | None = None
    ) -> None:
        self.parameters, self.checks = parameters, checks
        self.state = state or [p.detach().clone() for p in parameters]

    @property
    def waited(self) -> int:
        """Checks since the best one."""
        losses = [check.loss for check in self.checks]
        return len(losses) - 1 - losses.index(min(losses))

    def update(self) -> None:
        """Keep the present state if the last check is the best."""
        if self.waited == 0:
            self.state = [p.detach().clone() for p in self.parameters]

    def restore(self) -> None:
        """Restore the best state."""
        for parameter, value in zip(self.parameters, self.state, strict=True):
            parameter.detach().copy_(value)
