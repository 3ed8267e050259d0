"""`SemTokenLLM`: a local LLM that answers from a compressed context: as text, embeddings or a KV cache."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, Literal, get_args

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from semtoken_rag.context import CompressedContext
from semtoken_rag.llm.answer import Answer, AnswerStats, Detokenizer, Stream
from semtoken_rag.llm.checks import check_length, check_reader
from semtoken_rag.llm.decode import Decoder, clock, kv_bytes
from semtoken_rag.llm.kv import SpanCache
from semtoken_rag.llm.prepare import Prepared, Reader, follow, prepare
from semtoken_rag.llm.prompt import Template
from semtoken_rag.llm.rope import Rotation, rotations
from semtoken_rag.llm.settings import Settings
from semtoken_rag.llm.soft import SoftPrompt
from semtoken_rag.types import Chunk

Mode = Literal["text", "soft", "kv"]
MODES = get_args(Mode)
# Settings that the tokenizer needs too.
FILES = ("gguf_file", "revision", "cache_dir", "token", "trust_remote_code")


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands: who said what, and the model with its cache."""

    said: tuple[tuple[str, str], ...]
    decoder: Decoder


class SemTokenLLM:
    """A reader: a causal language model that answers from a compressed context.

    Parameters
    ----------
    model, tokenizer
        Of transformers; the tokenizer a fast one.
    template
        How context and question become a prompt; None: see `Template.of`.
    settings
        See `Settings`.

    Raises
    ------
    ValueError
        For a tokenizer without offsets, or not of the model.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        template: Template | None = None,
        settings: Settings | None = None,
    ) -> None:
        check_reader(model, tokenizer)
        self.reader = Reader(model, tokenizer, template or Template.of(tokenizer), settings or Settings())

    @classmethod
    def load(cls, name: str, *, settings: Settings | None = None, **kwargs: Any) -> SemTokenLLM:
        """Load a reader by its Hugging Face name or folder, to the GPU where there is one.

        ``kwargs`` go to ``from_pretrained``; ``attn_implementation`` is `best_attention` unless given.

        Raises
        ------
        ValueError
            For ``trust_remote_code``: code that comes with a model is never run.
        """
        if kwargs.setdefault("trust_remote_code", False):
            raise ValueError(f"trust_remote_code must be False, got {kwargs['trust_remote_code']!r:.80}")
        if "gguf_file" not in kwargs:
            kwargs["use_safetensors"] = True
        device = "cuda" if torch.cuda.is_available() else "cpu"
        kwargs.setdefault("dtype", torch.bfloat16 if device == "cuda" else torch.float32)
        kwargs.setdefault("attn_implementation", best_attention(device))
        try:
            model = AutoModelForCausalLM.from_pretrained(name, **kwargs)
        except (ValueError, KeyError):  # some families, as GPT-J, have no kernels but their own
            model = AutoModelForCausalLM.from_pretrained(name, **{**kwargs, "attn_implementation": "eager"})
        files = {k: v for k, v in kwargs.items() if k in FILES}
        return cls(model.to(device).eval(), AutoTokenizer.from_pretrained(name, **files), settings=settings)

    @property
    def name(self) -> str:
        """Name of the model, or of its class where it was not loaded by one."""
        return getattr(self.reader.model, "name_or_path", "") or type(self.reader.model).__name__

    def stopping(self, stop: Sequence[str] | None) -> SemTokenLLM:
        """Return a reader that stops at these strings as well; itself where there are none."""
        if not stop:
            return self
        r, settings = self.reader, self.reader.settings
        settings = replace(settings, stop=(*settings.stop, *stop))
        return SemTokenLLM(r.model, r.tokenizer, template=r.template, settings=settings)

    def generate(
        self,
        question: str,
        context: CompressedContext | SoftPrompt | None = None,
        *,
        mode: Mode = "text",
        chunks: Sequence[Chunk] | None = None,
        previous: Answer | None = None,
    ) -> Answer:
        """Answer a question.

        Parameters
        ----------
        question
            The question.
        context
            What to answer from; None or a context that keeps nothing asks the question alone. A `SoftPrompt`
            is taken for the whole prompt.
        mode
            ``text``: kept pieces as text. ``soft``: the same as embeddings, with what `Settings.merger` puts
            in place of the rest. ``kv``: the chunks are read whole, and their keys and values are dropped
            where they are not kept.
        chunks
            The chunks that the context was made of; without them, those that keep nothing are not known.
        previous
            An answer to ask on from, in the same cache.

        Returns
        -------
        Answer
            Text and figures.

        Raises
        ------
        ValueError
            Before anything is computed: for bad arguments, or a prompt that the reader cannot take.
        """
        stream = self.stream(question, context, mode=mode, chunks=chunks, previous=previous)
        for _ in stream:
            pass
        assert stream.answer is not None
        return stream.answer

    def stream(
        self,
        question: str,
        context: CompressedContext | SoftPrompt | None = None,
        *,
        mode: Mode = "text",
        chunks: Sequence[Chunk] | None = None,
        previous: Answer | None = None,
    ) -> Stream:
        """Answer a question part by part; see `generate`. Bad input raises here, not at the first part."""
        if mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}, got {mode!r}")
        if not isinstance(question, str) or not question.strip():
            raise ValueError(f"question must be a str that is not blank, got {question!r:.80}")
        if previous is not None:
            if context is not None or chunks is not None:
                raise ValueError("a question that goes on from an answer takes no other context")
            ready, state = self._follow(question, previous)
        else:
            ready, state = prepare(self.reader, question, context, mode, chunks), None
        check_length(self.reader.model, ready.input.last, self.reader.settings.max_new_tokens)
        start = time.perf_counter()
        if state is None:
            state = State((("user", ready.message),), Decoder(self.reader.model, self._cache(ready)))
        clock(self.reader.model)
        spent = time.perf_counter() - start  # reads the chunks that a store does not have yet
        return Stream(self._run(ready, state, mode if previous is None else previous.stats.mode, spent))

    def _follow(self, question: str, previous: Answer) -> tuple[Prepared, State]:
        """Prepare a further question; it goes into the cache of the answer before it."""
        state: State = previous.state
        said = (*state.said, ("assistant", previous.text))
        message, text = self.reader.template.follow(said, question, self.reader.tokenizer)
        decoder = state.decoder
        unread = () if decoder.unread is None else (decoder.unread,)
        ready = follow(self.reader, text, unread, decoder.position)
        return Prepared(ready, 0, message), State((*said, ("user", message)), decoder)

    def _cache(self, ready: Prepared) -> Any:
        s = self.reader.settings
        if ready.assembly is not None and s.store is not None:
            return s.store.assemble(ready.assembly)
        if ready.input.plan is None:
            return DynamicCache(config=self.reader.model.config)
        return SpanCache(
            self.reader.model.config,
            ready.input.plan,
            policy=s.policy,
            budget=s.budget,
            every=s.every,
            recent=s.recent,
            offload=s.offload,
            rotations=self._rotations() if s.policy is None and s.positions == "packed" else None,
        )

    def _rotations(self) -> list[Rotation]:
        try:
            return rotations(self.reader.model)
        except ValueError as error:
            raise ValueError(f"mode 'kv' needs positions='source' for this reader: {error}") from None

    def _run(self, ready: Prepared, state: State, mode: str, spent: float) -> Generator[str, None, Answer]:
        """Read the prompt, then yield the answer's parts; return the answer."""
        reader, decoder, settings = self.reader, state.decoder, self.reader.settings
        start = time.perf_counter()
        logits = decoder.read(ready.input)
        clock(reader.model)
        prefill, held = spent + time.perf_counter() - start, kv_bytes(decoder.cache)
        host = decoder.cache.host_bytes if isinstance(decoder.cache, SpanCache) else 0
        out = Detokenizer(reader.tokenizer, settings.stop)
        tokens = decoder.generate(logits, settings.max_new_tokens, settings.sampler, self._end())
        seconds = 0.0
        while not out.stopped:
            start = time.perf_counter()
            token = next(tokens, None)
            seconds += time.perf_counter() - start
            if token is None:
                break
            if part := out.push(token):
                yield part
        if part := out.rest():
            yield part
        stats = AnswerStats(
            mode, ready.input.length, ready.merged, len(out.ids), prefill, seconds, held, host
        )
        return Answer(out.text.strip(), tuple(out.ids), stats, state)

    def _end(self) -> set[int]:
        """Tokens that end an answer."""
        made = getattr(self.reader.model, "generation_config", None)
        found = [getattr(made, "eos_token_id", None), self.reader.tokenizer.eos_token_id]
        return {t for f in found if f is not None for t in ([f] if isinstance(f, int) else f)}


def best_attention(device: str = "cuda") -> str:
    """Name the attention kernel to load a model with: flash attention where it is installed, else SDPA."""
    return "flash_attention_2" if device == "cuda" and find_spec("flash_attn") else "sdpa"
