from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image, ImageDraw
from tokenizers import Tokenizer, models, pre_tokenizers

from semtoken_rag.llm.vision import generate, image_prompt

IMAGE, VIDEO, START, END = 90, 91, 92, 93  # placeholders, and what Qwen puts around an image
TEXT: dict[str, Any] = {
    "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
CLIP = {
    "hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "image_size": 56, "patch_size": 14,
}  # fmt: skip
NAMES = ("llava", "llava_next", "qwen2_vl", "qwen2_5_vl")


def config_of(name: str):
    parts = {
        "vision_config": transformers.CLIPVisionConfig(**CLIP),
        "text_config": transformers.LlamaConfig(**TEXT),
        "image_token_index": IMAGE, "vision_feature_layer": -1,
    }  # fmt: skip
    if name == "llava":
        return transformers.LlavaConfig(**parts)
    if name == "llava_next":
        return transformers.LlavaNextConfig(**parts, image_grid_pinpoints=[[56, 112], [112, 56]])
    text = {**TEXT, "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2]}}
    ids = {
        "image_token_id": IMAGE, "video_token_id": VIDEO,
        "vision_start_token_id": START, "vision_end_token_id": END,
    }  # fmt: skip
    if name == "qwen2_vl":
        vision = {"depth": 2, "embed_dim": 16, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2}
        return transformers.Qwen2VLConfig(text_config=text, vision_config=vision, **ids)
    vision = {
        "depth": 2, "hidden_size": 16, "out_hidden_size": 32, "num_heads": 2, "intermediate_size": 32,
        "fullatt_block_indexes": [1], "window_size": 56,
    }  # fmt: skip
    return transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision, **ids)


def make(name: str):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.AutoModelForImageTextToText.from_config(
            config_of(name), attn_implementation="eager"
        )
        for weight in model.parameters():  # as they come, random weights hardly attend to anything
            if weight.ndim > 1:
                weight.data.normal_(0, 0.3)
    return model.eval()


def chart(width: int = 112, height: int = 84) -> Image.Image:
    """Draw two bars on a blank page."""
    made = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(made)
    draw.rectangle((20, 40, 40, height - 6), fill="navy")
    draw.rectangle((60, 20, 80, height - 6), fill="orange")
    draw.line((0, height - 6, width, height - 6), fill="black")
    return made


def tokenizer() -> transformers.PreTrainedTokenizerFast:
    words = {
        "<unk>": 0,
        "<s>": 1,
        "</s>": 2,
        "Which": 10,
        "bar": 11,
        "is": 12,
        "taller": 13,
        "<image>": IMAGE,
    }
    made = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens(["<image>"])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", pad_token="</s>")


def inputs_of(name: str, images: int = 1) -> dict[str, torch.Tensor]:
    """What the family's processor gives for a question before, between and after images."""
    pictures = [chart(), chart(84, 112)][:images]
    if name.startswith("llava"):
        # Each family's own processor: it knows how many places an image takes.
        size = {"size": {"shortest_edge": 56}, "crop_size": {"height": 56, "width": 56}}
        made: Any
        if name == "llava":
            made = transformers.LlavaImageProcessorPil(do_pad=True, **size)
            kind = transformers.LlavaProcessor
        else:
            made = transformers.LlavaNextImageProcessorPil(
                image_grid_pinpoints=[[56, 112], [112, 56]], **size
            )
            kind = transformers.LlavaNextProcessor
        processor = kind(
            made, tokenizer(), patch_size=14, vision_feature_select_strategy="default",
            num_additional_image_tokens=1,
        )  # fmt: skip
        text = " ".join(["Which <image> bar"] * images) + " is taller"
        found = processor(images=pictures, text=text, return_tensors="pt")
        return {k: v for k, v in found.items() if k != "token_type_ids"}
    found = transformers.Qwen2VLImageProcessorPil()(images=pictures, return_tensors="pt")
    ids = [10]
    for grid in found["image_grid_thw"]:
        ids += [START, *[IMAGE] * (int(grid.prod()) // 4), END, 11]
    ids = torch.tensor([[*ids, 12, 13]])
    kinds = (ids == IMAGE).int()
    return {**found, "input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds}


@pytest.fixture(scope="module", params=NAMES)
def family(request):
    return make(request.param), inputs_of(request.param), request.param


@pytest.fixture(scope="module")
def llava():
    return make("llava")


def whole(model, inputs, monkeypatch) -> dict[str, torch.Tensor]:
    """Embeddings and positions with which the model itself runs its decoder."""
    seen: dict[str, torch.Tensor] = {}
    decoder = model.model.language_model
    run = decoder.forward
    monkeypatch.setattr(decoder, "forward", lambda **given: seen.update(given) or run(**given))
    with torch.no_grad():
        model(**inputs)
    size = inputs["input_ids"].shape[1]
    if seen.get("position_ids") is None:
        seen["position_ids"] = torch.arange(size)[None]
    return seen


def test_the_whole_ratio_equals_no_compression(family):
    model, inputs, _ = family
    prompt = image_prompt(model, inputs, ratio=1.0)
    with torch.no_grad():
        assert torch.equal(model(**prompt.inputs()).logits, model(**inputs).logits)
    assert prompt.kept.tolist() == list(range(inputs["input_ids"].shape[1]))


def test_the_whole_ratio_generates_what_the_model_does(family):
    model, inputs, _ = family
    expected = model.generate(**inputs, max_new_tokens=8, do_sample=False, pad_token_id=0)[0]
    found = generate(model, image_prompt(model, inputs, ratio=1.0), max_new_tokens=8)
    expected = expected[inputs["input_ids"].shape[1] :].tolist()
    assert found == [t for t in expected if t != 2]
    assert found


@pytest.mark.parametrize("ratio", [0.2, 0.5])
def test_what_is_kept_has_the_models_own_embeddings_and_positions(family, ratio, monkeypatch):
    model, inputs, _ = family
    prompt = image_prompt(model, inputs, ratio=ratio)
    own = whole(model, inputs, monkeypatch)
    assert torch.equal(prompt.inputs_embeds, own["inputs_embeds"][:, prompt.kept])
    assert torch.equal(prompt.position_ids, own["position_ids"][..., prompt.kept])
    assert prompt.following == own["position_ids"].max() + 1


def test_what_is_dropped_is_as_if_it_were_masked(family, monkeypatch):
    """The same logits after the last token as from the whole prompt with a mask over what was left out."""
    model, inputs, _ = family
    prompt = image_prompt(model, inputs, ratio=0.3)
    own = whole(model, inputs, monkeypatch)
    mask = torch.zeros_like(inputs["input_ids"])
    mask[:, prompt.kept] = 1
    masked = {name: own[name] for name in ("inputs_embeds", "position_ids")}
    with torch.no_grad():
        expected = model(**masked, attention_mask=mask).logits[:, -1]
        found = model(**prompt.inputs()).logits[:, -1]
        everything = model(**inputs).logits[:, -1]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found, everything, rtol=1e-2, atol=1e-2)


def test_an_answer_goes_on_at_the_positions_of_the_whole_prompt(family):
    """Token by token as if each were read again with all before it."""
    model, inputs, _ = family
    prompt = image_prompt(model, inputs, ratio=0.3)
    embeds, places, answer = prompt.inputs_embeds, prompt.position_ids, []
    for number in range(5):
        mask = torch.ones(embeds.shape[:2], dtype=torch.long)
        with torch.no_grad():
            out = model(inputs_embeds=embeds, position_ids=places, attention_mask=mask)
        answer.append(int(out.logits[0, -1].argmax()))
        embeds = torch.cat([embeds, model.get_input_embeddings()(torch.tensor([answer[-1:]]))], 1)
        places = torch.cat([places, torch.full_like(places[..., :1], prompt.following + number)], -1)
    ends = answer.index(2) if 2 in answer else 5
    assert generate(model, prompt, max_new_tokens=5) == answer[:ends]


@pytest.mark.parametrize("name", NAMES)
def test_every_image_keeps_its_share_and_the_text_all(name):
    model, inputs = make(name), inputs_of(name, images=2)
    prompt = image_prompt(model, inputs, ratio=0.4)
    ids, kept = inputs["input_ids"][0], prompt.kept
    sizes = [len(image.merged_into) for image in prompt.images]
    assert sum(sizes) == int((ids == IMAGE).sum())
    assert [len(image.kept) for image in prompt.images] == [int(0.4 * size) for size in sizes]
    assert int((ids[kept] == IMAGE).sum()) == sum(len(image.kept) for image in prompt.images)
    assert ids[kept][ids[kept] != IMAGE].tolist() == ids[ids != IMAGE].tolist()


def test_of_a_blank_image_one_token_stands_for_all():
    model, inputs = make("llava"), inputs_of("llava")
    inputs["pixel_values"] = torch.zeros_like(inputs["pixel_values"])
    model.model.vision_tower.embeddings.position_embedding.weight.data.zero_()
    (image,) = image_prompt(model, inputs, ratio=0.01).images
    assert image.kept.tolist() == [0]
    assert set(image.merged_into.tolist()) == {0}


def test_the_question_decides_what_is_kept(monkeypatch):
    """Image features stand where question tokens point: the token whose embedding is asked for stays."""
    model, inputs = make("llava"), inputs_of("llava")
    table = model.get_input_embeddings().weight.detach()
    features = torch.cat([table[20:36]])
    answer = type("Found", (), {"pooler_output": [features]})
    monkeypatch.setattr(model, "get_image_features", lambda **given: answer)
    for wanted in (3, 12):
        (image,) = image_prompt(model, inputs, ratio=0.1, query_ids=torch.tensor([20 + wanted])).images
        assert image.kept.tolist() == [wanted]


class TestErrors:
    @pytest.fixture(autouse=True)
    def nothing_runs(self, llava, monkeypatch):
        def refuse(*_: Any, **__: Any) -> None:
            raise AssertionError("a forward pass")

        for part in (llava, llava.model.vision_tower, llava.model.language_model):
            monkeypatch.setattr(part, "forward", refuse)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"input_ids": torch.full((2, 5), IMAGE)}, r"\(2, 5\)"),
            ({"input_ids": torch.full((5,), IMAGE)}, r"\(5,\)"),
            ({"input_ids": torch.full((1, 5), 3)}, "image tokens"),
            ({"attention_mask": torch.tensor([[0, 1, 1]])}, "padding"),
            ({"pixel_values_videos": torch.zeros(1, 3, 56, 56)}, "pixel_values_videos"),
            ({"pixel_values": None}, "pixel_values"),
        ],
    )
    def test_inputs(self, llava, change, said):
        with pytest.raises(ValueError, match=said):
            image_prompt(llava, {**inputs_of("llava"), **change}, ratio=0.5)

    @pytest.mark.parametrize("ratio", [0, 1.5, -1, True])
    def test_ratio(self, llava, ratio):
        with pytest.raises(ValueError, match=f"got {ratio}"):
            image_prompt(llava, inputs_of("llava"), ratio=ratio)

    @pytest.mark.parametrize(
        ("name", "needed"), [("qwen2_vl", "image_grid_thw"), ("llava_next", "image_sizes")]
    )
    def test_a_family_without_what_it_needs(self, name, needed):
        inputs = inputs_of(name)
        del inputs[needed]
        with pytest.raises(ValueError, match=needed):
            image_prompt(make(name), inputs, ratio=0.5)

    def test_a_model_of_another_family(self, llama, ids):
        with pytest.raises(ValueError, match="LlamaForCausalLM"):
            image_prompt(llama, {"input_ids": ids}, ratio=0.5)

    def test_a_model_without_a_head_that_writes(self):
        model = transformers.LlavaModel(config_of("llava")).language_model
        model.config.model_type = "llava"
        with pytest.raises(ValueError, match="LlamaModel"):
            image_prompt(model, inputs_of("llava"), ratio=0.5)

    def test_an_answer_beyond_the_models_positions(self, llava, monkeypatch):
        monkeypatch.undo()
        prompt = image_prompt(llava, inputs_of("llava"), ratio=0.5)
        with pytest.raises(ValueError, match="512"):
            generate(llava, prompt, max_new_tokens=500)


def test_places_and_features_that_differ(llava):
    inputs = inputs_of("llava")
    inputs["input_ids"] = torch.cat([inputs["input_ids"], torch.tensor([[IMAGE]])], 1)
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    with pytest.raises(ValueError, match=r"17 image tokens, got \[16\]"):
        image_prompt(llava, inputs, ratio=0.5)


def test_the_same_prompt_keeps_the_same_tokens(llava):
    first, again = (image_prompt(llava, inputs_of("llava"), ratio=0.4).kept for _ in range(2))
    assert np.array_equal(first, again)
