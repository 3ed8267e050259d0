from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from semtoken_rag.llm.excerpts import full_excerpts, kept_excerpts
from semtoken_rag.llm.kv.layout import lay_out
from semtoken_rag.llm.kv.plan import PINNED
from semtoken_rag.llm.prompt import Template, tokenize
from tests.llm.samples import ALL, CHUNKS, NOTHING, PART, QUESTION, context, tokenizer


def made(keep=PART, chunks=CHUNKS, titles=True, chat=False):
    reader = tokenizer(chat)
    shown = full_excerpts(context(keep), chunks)
    prompt = Template.of(reader).build(QUESTION, shown, tokenizer=reader)
    tokens = tokenize(prompt, reader)
    return prompt, tokens, lay_out(prompt, tokens, excerpts=shown, titles=titles)


def words(prompt, tokens, chosen):
    return [prompt.text[a:b] for a, b in tokens.offsets[chosen]]


@pytest.mark.parametrize("chat", [False, True])
def test_the_places_slice_the_prompt(chat):
    prompt, _, _ = made(chat=chat)
    for chunk, place in zip(CHUNKS, prompt.places, strict=True):
        assert prompt.text[place.text : place.end] == chunk.text
        assert prompt.text[place.start : place.text] == (f"[{chunk.title}] " if chunk.title else "")
    assert prompt.text[slice(*prompt.context)] == "\n".join(
        f"[{c.title}] {c.text}" if c.title else c.text for c in CHUNKS
    )


@pytest.mark.parametrize("chat", [False, True])
def test_kept_tokens_are_those_of_the_text_path(chat):
    """Without the titles of dropped chunks, what is kept reads as the prompt of kept excerpts."""
    _, tokens, layout = made(titles=False, chat=chat)
    reader = tokenizer(chat)
    short = Template.of(reader).build(QUESTION, kept_excerpts(context(PART)), tokenizer=reader)
    assert tokens.ids[layout.keep].tolist() == tokenize(short, reader).ids.tolist()


def test_titles_of_dropped_chunks_stay_where_asked():
    keep = [PART[0], [], []]
    prompt, tokens, layout = made(keep)
    assert "Paris" in words(prompt, tokens, layout.keep & (layout.span == PINNED))
    prompt, tokens, layout = made(keep, titles=False)
    assert "Paris" not in words(prompt, tokens, layout.keep)


def test_spans_are_the_units():
    prompt, tokens, layout = made()
    found = [" ".join(words(prompt, tokens, layout.span == s)) for s in range(layout.span.max() + 1)]
    assert found == [
        "The tower opened in 1889 .",
        "It rained that day .",
        "Crowds came from far away .",
        "Paris is the capital of France .",
        "Bread is cheap there .",
        "Cats sleep a lot .",
        "Dogs bark at night .",
    ]


def test_question_and_template_are_pinned_and_kept():
    prompt, tokens, layout = made([[], [(0, 3)], []])
    outside = tokens.offsets[:, 0] >= prompt.context[1]
    assert (layout.span[outside] == PINNED).all()
    assert layout.keep[outside].all()


def test_the_first_tokens_stay_where_asked_whatever_is_dropped():
    prompt, tokens, layout = made([[], [(0, 3)], []], titles=False)
    assert not layout.keep[:4].any()
    shown = full_excerpts(context([[], [(0, 3)], []]), CHUNKS)
    sunk = lay_out(prompt, tokens, excerpts=shown, titles=False, sinks=4)
    assert sunk.keep[:4].all()
    assert (sunk.span[:4] == PINNED).all()
    np.testing.assert_array_equal(sunk.keep[4:], layout.keep[4:])


def test_all_kept_is_all_kept():
    assert made(ALL)[2].keep.all()


def test_spans_without_units_are_sentences():
    reader = tokenizer()
    shown = full_excerpts(replace(context(ALL), units=()), CHUNKS)
    prompt = Template.of(reader).build(QUESTION, shown, tokenizer=reader)
    layout = lay_out(prompt, tokenize(prompt, reader), excerpts=shown, titles=True)
    np.testing.assert_array_equal(layout.span, made(ALL)[2].span)


def test_chunks_of_another_call_are_refused():
    with pytest.raises(ValueError, match="chunk 0"):
        full_excerpts(context(PART), CHUNKS[1:])


def test_where_nothing_is_kept_nothing_is_shown():
    assert (
        full_excerpts(context(NOTHING), CHUNKS) == kept_excerpts(context(NOTHING), CHUNKS, titles=True) == []
    )


def test_no_chunk_asks_the_question_alone():
    reader = tokenizer()
    prompt = Template.of(reader).build(QUESTION, [], tokenizer=reader)
    assert prompt.text == f"Question: {QUESTION}\nAnswer:"


@pytest.mark.parametrize(
    "wrong",
    [{"prompt": "{context}"}, {"bare": "?"}, {"chunk": "{text} {title}"}, {"untitled": ""}],
)
def test_a_template_without_its_fields(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Template(**wrong)


def test_a_chat_template_that_changes_the_message():
    reader = tokenizer(chat=True)
    reader.chat_template = "{{ messages[0]['content'] | upper }}"
    with pytest.raises(ValueError, match="chat template"):
        Template.of(reader).build(QUESTION, [], tokenizer=reader)


def test_a_tokenizer_without_offsets():
    class Slow:
        is_fast = False

    reader = tokenizer()
    prompt = Template.of(reader).build(QUESTION, [], tokenizer=reader)
    with pytest.raises(ValueError, match="offsets"):
        tokenize(prompt, Slow())


def test_braces_in_texts_are_left_alone():
    reader = tokenizer()
    chunk = replace(CHUNKS[0], text="{question} {context} {title}", title="{text}")
    shown = full_excerpts(context([[(0, 10)]], (chunk,)), (chunk,))
    prompt = Template.of(reader).build("Why {context}?", shown, tokenizer=reader)
    assert prompt.text == "[{text}] {question} {context} {title}\n\nQuestion: Why {context}?\nAnswer:"
