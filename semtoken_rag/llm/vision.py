"""Experimental: fewer image tokens for an image-text model; those that say the same fold into one.

The paper's case is ChartQA. The vision tower reads the whole image; what is left out never reaches the
decoder or its KV cache. What is kept has the model's own features and its positions in the whole prompt, so
that the model still sees at which place a bar of a chart begins and ends. No reader that was measured reads
images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from semtoken_rag.budget import Budget
from semtoken_rag.llm.checks import check_length
from semtoken_rag.llm.decode import Decoder
from semtoken_rag.llm.model import lock, text_config
from semtoken_rag.llm.sampling import Sampler
from semtoken_rag.vectors import TAU, CompressedVectors, compress_vectors

# Families of models, and what each needs of an image besides its pixels.
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "llava": (),
    "llava_next": ("image_sizes",),
    "qwen2_vl": ("image_grid_thw",),
    "qwen2_5_vl": ("image_grid_thw",),
}
PIXELS = ("pixel_values", "image_sizes", "image_grid_thw")  # inputs of the vision tower


@dataclass(frozen=True, slots=True)
class ImagePrompt:
    """A prompt with images as embeddings, for the model's forward pass.

    Attributes
    ----------
    inputs_embeds : (1, k, d)
        Of the text and of the image tokens that are kept.
    attention_mask : (1, k) int
        Ones.
    position_ids : (1, k) or (3, 1, k) int
        As in the whole prompt; three for Qwen, by time, row and column.
    kept : (k,) int
        Indices in the whole prompt; all of its text is kept.
    images
        The compression of each image's tokens.
    following
        Position of the next token.
    """

    inputs_embeds: torch.Tensor
    attention_mask: torch.Tensor
    position_ids: torch.Tensor
    kept: torch.Tensor
    images: tuple[CompressedVectors, ...]
    following: int

    def inputs(self) -> dict[str, torch.Tensor]:
        """Return what the model's forward pass takes."""
        return {
            "inputs_embeds": self.inputs_embeds,
            "attention_mask": self.attention_mask,
            "position_ids": self.position_ids,
        }


@torch.no_grad()
def image_prompt(
    model: Any,
    inputs: Mapping[str, torch.Tensor],
    *,
    ratio: float,
    query_ids: torch.Tensor | None = None,
    tau: float = TAU,
) -> ImagePrompt:
    """Embed a prompt as the model would, with a share of each image's tokens.

    Parameters
    ----------
    model
        A conditional generation model of one of `FAMILIES`.
    inputs
        What the model's processor returns for one prompt with its images.
    ratio
        Share of each image's tokens to keep at most, though at least one token; 1 gives the model's own
        embeddings and positions.
    query_ids
        Ids (q,) int of the question's tokens, whose embeddings are the query; None goes by density alone. How
        far these embeddings and image features are of one space depends on the model.
    tau
        Cosine above which two image tokens say the same, see `compress_vectors`.

    Returns
    -------
    ImagePrompt
        The shortened prompt.

    Raises
    ------
    ValueError
        Before anything is computed: for another kind of model, a batch, padding, video, or missing inputs.
        Also if there are not as many image features as places for them in the prompt.
    """
    budget = Budget(ratio=ratio)
    place = _check(model, inputs)
    device = model.get_input_embeddings().weight.device
    ids = inputs["input_ids"].to(device)
    embeds = model.get_input_embeddings()(ids)  # (1, n, d)
    given = {name: inputs[name].to(device) for name in PIXELS if name in inputs}
    features = model.get_image_features(**given, return_dict=True).pooler_output  # of each image (m, d)
    if sum(map(len, features)) != len(place):
        raise ValueError(f"the prompt has places for {len(place)} image tokens, got {[*map(len, features)]}")
    embeds[0, place] = torch.cat([*features]).to(embeds)
    query = None
    if query_ids is not None:
        query = _array(model.get_input_embeddings()(query_ids.reshape(-1).to(device)))
    images = tuple(
        compress_vectors(
            _array(found),
            query,
            max(1, budget.tokens(len(found))),
            grid=_grid(model, inputs, number, len(found)),
            tau=tau,
        )
        for number, found in enumerate(features)
    )
    kept, positions = _keep(ids.shape[1], place, images).to(device), _positions(model, inputs, ids)
    short = embeds[:, kept]
    ones = torch.ones(short.shape[:2], dtype=torch.long, device=device)
    return ImagePrompt(short, ones, positions[..., kept], kept, images, int(positions.max()) + 1)


@torch.inference_mode()
def generate(
    model: Any, prompt: ImagePrompt, *, max_new_tokens: int = 64, sampler: Sampler | None = None
) -> list[int]:
    """Answer a prompt, up to a token that ends an answer by the model's generation config.

    The model's own ``generate`` would number what is kept anew.

    Parameters
    ----------
    model
        The model that the prompt was made for.
    prompt
        See `image_prompt`.
    max_new_tokens
        Most tokens of the answer.
    sampler
        Picks each token; None: greedily.

    Returns
    -------
    list of int
        Tokens of the answer.

    Raises
    ------
    ValueError
        If prompt and answer need more positions than the model has.
    """
    check_length(model, last=prompt.following - 1, new=max_new_tokens)
    decoder = Decoder(model, DynamicCache(config=text_config(model)))
    with lock(model):
        read = model(**prompt.inputs(), past_key_values=decoder.cache, use_cache=True, logits_to_keep=1)
    decoder.position = prompt.following
    end = getattr(model.generation_config, "eos_token_id", None)
    ends = {*end} if isinstance(end, list) else set() if end is None else {end}
    return [
        *decoder.generate(
            read.logits[0, -1], max_new_tokens=max_new_tokens, sampler=sampler or Sampler(), end=ends
        )
    ]


def _check(model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Check the inputs; return the indices of the image tokens in the prompt: (m,) int."""
    kind = str(getattr(model.config, "model_type", ""))
    if kind not in FAMILIES or not hasattr(model, "get_image_features"):
        raise ValueError(
            f"the model must be of one of {tuple(FAMILIES)}, got {type(model).__name__} ({kind!r})"
        )
    needed = ("input_ids", "pixel_values", *FAMILIES[kind])
    if missing := [name for name in needed if inputs.get(name) is None]:
        raise ValueError(f"inputs must hold {needed}, got {sorted(inputs)} without {missing}")
    if inputs.get("pixel_values_videos") is not None:
        raise ValueError("inputs must hold images alone, got pixel_values_videos")
    shape, mask = tuple(inputs["input_ids"].shape), inputs.get("attention_mask")
    if len(shape) != 2 or shape[0] != 1:
        raise ValueError(f"input_ids must hold one prompt (1, n), got {shape}")
    if mask is not None and not mask.all():
        raise ValueError(f"the prompt must have no padding, got a mask of {int(mask.sum())} in {shape[1]}")
    token = model.config.image_token_id
    place: torch.Tensor = (inputs["input_ids"][0] == token).nonzero()[:, 0].cpu()
    if not len(place):
        raise ValueError(f"input_ids must have places for image tokens ({token}), got none")
    return place


def _keep(size: int, place: torch.Tensor, images: Sequence[CompressedVectors]) -> torch.Tensor:
    """Return the indices of the text and of the images' kept tokens in ``size`` tokens: (k,) int."""
    stays = torch.ones(size, dtype=torch.bool)
    stays[place] = False
    first = 0
    for image in images:
        stays[place[first + torch.from_numpy(image.kept)]] = True
        first += len(image.merged_into)
    return stays.nonzero()[:, 0]


def _grid(model: Any, inputs: Mapping[str, torch.Tensor], number: int, size: int) -> tuple[int, int] | None:
    """Return rows and columns of an image's tokens, None if they fill no rectangle."""
    if "image_grid_thw" in inputs:
        merged = model.config.vision_config.spatial_merge_size
        time, height, width = inputs["image_grid_thw"][number].tolist()
        return time * height // merged, width // merged
    side = int(size**0.5)
    return (side, side) if "image_sizes" not in inputs and side * side == size else None


def _positions(model: Any, inputs: Mapping[str, torch.Tensor], ids: torch.Tensor) -> torch.Tensor:
    """Return the positions of the whole prompt: (1, n), or (3, 1, n) for Qwen."""
    if "image_grid_thw" not in inputs:
        return torch.arange(ids.shape[1], device=ids.device)[None]
    kinds = (ids == model.config.image_token_id).int()  # 0 text, 1 image
    grid = inputs["image_grid_thw"].to(ids.device)
    found: torch.Tensor = model.base_model.get_rope_index(ids, mm_token_type_ids=kinds, image_grid_thw=grid)[
        0
    ]
    return found


def _array(vectors: torch.Tensor) -> np.ndarray:
    return vectors.float().cpu().numpy()
