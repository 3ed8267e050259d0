"""Readers that are asked for an answer: a model in this process, or one behind a server."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evaluation.judge import reader as judge
from semtoken_rag.llm.prompt import Template
from semtoken_rag.readers import ServerReader

NEW_TOKENS = 24
# Written for this page; each answer is in its context, in the form in which the sets give theirs.
SHOTS = (
    (
        "Harbour Bridge: The bridge was designed by Nora Lind and opened in 1931. It is 410 metres long.\n"
        "Nora Lind: Nora Lind was an engineer from Bergen who built eleven bridges.",
        "From which town was the designer of the Harbour Bridge?",
        "Bergen",
    ),
    (
        "Annual report: Revenue rose to $4.2 million in 2018, from $3.9 million in 2017.",
        "What was the revenue in 2017?",
        "$3.9 million",
    ),
    (
        "The Long Winter: The Long Winter is a novel of 1962 by Tom Abel. Ida Ross made a film of it.",
        "Who wrote The Long Winter?",
        "Tom Abel",
    ),
)
ASKED = "Answer the question from the context with a short phrase, as in the examples."


def prompt(context: str, question: str) -> str:
    """Return the few-shot prompt, which ends where the answer begins."""
    question = question.strip().rstrip("?") + "?"
    parts = [_block(*shot) for shot in SHOTS]
    return "\n\n".join([ASKED, *parts, _block(context, question, "").rstrip()])


def few_shot(chat: bool) -> Template:
    """Return the same prompt as a template, for questions that end in a question mark."""
    shown, bare = (prompt(c, "{question}").replace("{question}?", "{question}") for c in ("{context}", ""))
    return Template(prompt=shown, bare=bare, chunk="{title}: {text}", chat=chat)


def _block(context: str, question: str, answer: str) -> str:
    return (f"Context:\n{context}\n" if context else "") + f"Question: {question}\nAnswer: {answer}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reader makes of a prompt.

    Attributes
    ----------
    answer
        First line of its greedy answer.
    tokens
        Tokens of the prompt.
    nats
        Negative log-likelihood of the gold answer a token; None if the reader does not tell.
    choice
        Whether the gold answer is the likeliest of the candidates, a token; None likewise.
    """

    answer: str
    tokens: int
    nats: float | None = None
    choice: float | None = None


class Reader(Protocol):
    """Protocol of a reader."""

    name: str

    def ask(self, message: str, gold: str, others: Sequence[str]) -> Reply:
        """Answer a prompt; ``others`` are wrong answers, beside which the gold one is a candidate."""
        ...


class Local:
    """A causal language model in this process; see `evaluation.judge.reader.Reader` for its names."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._reader = judge.Reader.load(name)

    def ask(self, message: str, gold: str, others: Sequence[str]) -> Reply:
        """Answer, and score the candidates; the prompt is read once."""
        import torch

        tokenizer, model = self._reader.tokenizer, self._reader.model
        text = message
        if self._reader.chat:
            said = [{"role": "user", "content": message}]
            text = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
        ids = tokenizer(text, add_special_tokens=not self._reader.chat, return_tensors="pt").input_ids
        with torch.inference_mode():
            read = model(input_ids=ids, logits_to_keep=1, use_cache=True)
            nats = [self._nats(read, candidate) for candidate in (gold, *others)]
            answer = self._greedy(read)
        return Reply(answer, ids.shape[1], nats[0], float(nats[0] == min(nats)))

    def _nats(self, read: Any, answer: str) -> float:
        import torch

        before = "" if self._reader.chat else " "
        target = self._reader.tokenizer(
            before + answer, add_special_tokens=False, return_tensors="pt"
        ).input_ids
        logits = read.logits
        if target.shape[1] > 1:
            cache = copy.deepcopy(read.past_key_values)
            more = self._reader.model(input_ids=target[:, :-1], past_key_values=cache)
            logits = torch.cat([logits, more.logits], 1)
        return float(-logits[0].log_softmax(-1).gather(1, target[0][:, None]).mean())

    def _greedy(self, read: Any) -> str:
        tokenizer, model, cache = self._reader.tokenizer, self._reader.model, read.past_key_values
        ends = model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else {*(ends or ())}
        step, said = read.logits[:, -1:].argmax(-1), list[int]()
        while len(said) < NEW_TOKENS and int(step) not in ends:
            said.append(int(step))
            if "\n" in tokenizer.decode(said).lstrip():
                break
            step = model(input_ids=step, past_key_values=cache).logits[:, -1:].argmax(-1)
        return first_line(tokenizer.decode(said, skip_special_tokens=True))


class Served:
    """A model behind a server, ``openai:http://127.0.0.1:8080/v1#MODEL``; it tells no likelihoods."""

    def __init__(self, address: str) -> None:
        self._server = ServerReader(address, max_new_tokens=NEW_TOKENS)
        self._server.check()
        self.name = self._server.name

    def ask(self, message: str, gold: str, others: Sequence[str]) -> Reply:
        """Answer."""
        answer = "".join(self._server.chat(message))
        return Reply(first_line(answer), self._server.count(message))


def first_line(answer: str) -> str:
    """Return the first line of an answer that is not blank."""
    return answer.strip().partition("\n")[0].strip()
