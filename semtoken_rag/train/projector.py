"""Experimental: a merger trained so that the frozen reader answers as it does from the whole context."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from semtoken_rag.context import CompressedContext
from semtoken_rag.llm.checks import check_length
from semtoken_rag.llm.excerpts import Excerpt, kept_excerpts
from semtoken_rag.llm.generate import SemTokenLLM
from semtoken_rag.llm.merge import RUN, Medoid, Merger
from semtoken_rag.llm.model import hidden_size, takes
from semtoken_rag.llm.prompt import tokenize
from semtoken_rag.llm.soft import check_soft, soft_prompt
from semtoken_rag.types import Chunk


class Projector(torch.nn.Module):
    """A medoid plus a trained correction; untrained it is the medoid.

    Parameters
    ----------
    hidden
        Size of the reader's input embeddings.
    run
        Tokens that one embedding stands for.
    width
        Size of the hidden layer.
    """

    def __init__(self, hidden: int, *, run: int = RUN, width: int = 256) -> None:
        super().__init__()
        self.hidden, self.run, self.width = hidden, run, width
        self.norm = torch.nn.LayerNorm(hidden)
        self.look = torch.nn.Linear(hidden, 1)
        self.down = torch.nn.Linear(2 * hidden, width)
        self.up = torch.nn.Linear(width, hidden)
        torch.nn.init.zeros_(self.up.weight)
        torch.nn.init.zeros_(self.up.bias)

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Merge runs of tokens.

        Parameters
        ----------
        runs
            Input embeddings of the reader, (r, run, d).
        mask
            False at padding, (r, run) bool.

        Returns
        -------
        (r, d)
            One embedding per run.

        Raises
        ------
        ValueError
            If the embeddings have another size than the projector.
        """
        if runs.shape[-1] != self.hidden:
            raise ValueError(f"the projector is made for size {self.hidden}, got {runs.shape[-1]}")
        base = Medoid(self.run).merge(runs, mask)
        seen = self.norm(runs.float())  # (r, run, d)
        weights = self.look(seen)[..., 0].masked_fill(~mask, -torch.inf).softmax(-1)
        pooled = torch.einsum("rn,rnd->rd", weights, seen)
        both = torch.cat([pooled, self.norm(base.float())], -1)
        scale = base.float().norm(dim=-1, keepdim=True)  # what is added is a share of a token's own length
        added: torch.Tensor = self.up(torch.nn.functional.gelu(self.down(both))) * scale
        return (base.float() + added).to(runs.dtype)

    def save(self, path: Path) -> None:
        """Write the weights as safetensors."""
        about = {name: str(getattr(self, name)) for name in ("hidden", "run", "width")}
        save_file({k: v.detach().cpu().contiguous() for k, v in self.state_dict().items()}, path, about)

    @classmethod
    def load(cls, path: Path) -> Projector:
        """Read what `save` wrote."""
        with safe_open(path, framework="pt") as file:
            about = file.metadata()
            made = cls(int(about["hidden"]), run=int(about["run"]), width=int(about["width"]))
            made.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118  (no dict)
        return made.eval()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question, its chunks, what a compressor kept of them, and an answer to compare the readings on."""

    question: str
    context: CompressedContext
    chunks: Sequence[Chunk]
    answer: str


def divergence(
    llm: SemTokenLLM, lesson: Lesson, *, merger: Merger, positions: str = "packed"
) -> torch.Tensor:
    """Return how far the answers from the compressed and from the whole context are apart.

    Parameters
    ----------
    llm
        The reader.
    lesson
        Question, context, chunks and answer.
    merger
        What stands for left-out tokens.
    positions
        As for `semtoken_rag.llm.modes.Soft`.

    Returns
    -------
    scalar
        Kullback-Leibler divergence in nats per token of the answer.

    Raises
    ------
    ValueError
        If a prompt is longer than the reader's positions, or the reader takes no embeddings.
    """
    model, tokenizer = llm.model, llm.tokenizer
    check_soft(model)
    everything = [Excerpt(chunk.title, chunk.text) for chunk in lesson.chunks]
    kept = kept_excerpts(lesson.context, lesson.chunks, titles=llm.settings.titles)
    full, short = (llm.template.build(lesson.question, x, tokenizer=tokenizer) for x in (everything, kept))
    answer = lesson.answer if llm.template.chat else f" {lesson.answer}"
    embed = model.get_input_embeddings()
    target = torch.tensor([tokenizer(answer, add_special_tokens=False).input_ids])
    target = target.to(embed.weight.device)
    ids = torch.from_numpy(tokenize(full, tokenizer).ids).to(target.device)[None]
    check_length(model, last=ids.shape[1] - 1, new=target.shape[1])
    last = {"logits_to_keep": target.shape[1] + 1} if takes(model, "logits_to_keep") else {}
    with torch.no_grad():
        taught = _after(model(torch.cat([ids, target], 1), use_cache=False, **last).logits, target)
    soft = soft_prompt(model, tokenizer, prompt=short, excerpts=kept, merger=merger, positions=positions)
    embeds = torch.cat([soft.inputs_embeds, embed(target)], 1)
    later = soft.position_ids[:, -1:] + 1 + torch.arange(target.shape[1], device=target.device)
    positions_of_all = torch.cat([soft.position_ids, later], 1)
    check_length(model, last=int(positions_of_all[0, -1]), new=0)
    out = model(inputs_embeds=embeds, position_ids=positions_of_all, use_cache=False, **last)
    learnt = _after(out.logits, target)
    return torch.nn.functional.kl_div(learnt, taught, log_target=True, reduction="batchmean")


def distil(
    llm: SemTokenLLM,
    projector: Projector,
    *,
    lessons: Sequence[Lesson],
    steps: int = 200,
    learning_rate: float = 1e-3,
    progress: Callable[[int, int, float], None] | None = None,
) -> list[float]:
    """Train a projector in place; the reader's weights never change.

    Parameters
    ----------
    llm
        The reader.
    projector
        The projector that is trained for it.
    lessons
        One per step, over and over.
    steps
        Number of training steps.
    learning_rate
        Of AdamW.
    progress
        Called after each step with its number, the number of steps and the loss.

    Returns
    -------
    list of float
        The loss before each step, in nats per token.

    Raises
    ------
    ValueError
        If there are no lessons, or the projector has another size than the reader.
    """
    if not lessons:
        raise ValueError("training needs lessons, got none")
    if projector.hidden != (size := hidden_size(llm.model)):
        raise ValueError(f"the projector is made for size {projector.hidden}, the reader's is {size}")
    needed = [p for p in llm.model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(projector.parameters(), lr=learning_rate, weight_decay=0.01)
    losses = []
    for weight in needed:
        weight.requires_grad_(False)
    projector.train()
    try:
        for step, lesson in zip(range(1, steps + 1), itertools.cycle(lessons), strict=False):
            loss = divergence(llm, lesson, merger=projector)
            optimizer.zero_grad()
            if loss.requires_grad:  # False if nothing was left out
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(projector.parameters(), 1.0)
                optimizer.step()
            losses.append(float(loss.detach()))
            if progress:
                progress(step, steps, losses[-1])
    finally:
        projector.eval()
        for weight in needed:
            weight.requires_grad_(True)
    return losses


def _after(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the log-probabilities (t, v) from which the target's tokens are drawn."""
    size = target.shape[1]
    return logits[0, -size - 1 : -1].float().log_softmax(-1)
