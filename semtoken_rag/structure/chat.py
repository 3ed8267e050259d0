"""Conversations: who says a sentence, and which question it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from semtoken_rag.structure.base import Segment

LEAST = 3  # turns of a conversation; a question and its answer are enough where they are called so
LABEL = 80  # characters that a label has at most

Sentences: TypeAlias = Callable[[str, int, int], Iterable[tuple[int, int]]]

# Strings: re compiles them at their first use and not at import.
_ASKS = (
    "q|question|frage|f|pregunta|domanda|pergunta|p|d|vraag|fråga|spørsmål|вопрос|问|問|问题|質問|user"
    "|human|customer|client|kunde"
    "|kundin|caller|interviewer|interviewerin|guest|gast|patient|student|用户|客户|顾客|お客様|利用者"
)
_ANSWERS = (
    "a|answer|antwort|réponse|reponse|respuesta|risposta|resposta|r|antwoord|svar|ответ|答|回答|答え"
    "|assistant|ai|bot|agent"
    "|chatbot|support|system|model|operator|berater|beraterin|mitarbeiter|mitarbeiterin|expert|doctor"
    "|teacher|客服|助手|店員|係"
)
# Whoever speaks so is answered by the next.
_PAIRS = "q|question|frage|pregunta|domanda|pergunta|vraag|fråga|spørsmål|вопрос|问|問|问题|質問"
_REPLIES = "a|answer|antwort|réponse|respuesta|risposta|resposta|antwoord|svar|ответ|答|回答|答え"
_PARTICLES = frozenset(
    {"de", "van", "von", "der", "den", "da", "di", "du", "la", "le", "del", "bin", "al", "el", "y", "of"}
)
_FIELDS = (  # what ends in a colon and is nobody
    "info|error|warn|debug|trace|critical|fatal|notice|note|notes|warning|caution|danger|attention|tip|hint|important|example|examples|name|date|address|age"
    "|price|title"
    "|phone|tel|email|e-mail|mail|subject|from|to|cc|bcc|re|status|summary|source|sources|author|version"
    "|license|url|web"
    "|type|id|key|value|total|sum|city|country|state|time|place|location|hours|usage|input|output|result"
    "|results|step"
    "|figure|table|section|chapter|part|page|remark|abstract|keywords|purpose|scope|definition|advantages"
    "|pros|cons"
    "|hinweis|warnung|achtung|vorsicht|gefahr|tipp|wichtig|beispiel|datum|adresse|alter|preis|titel|telefon"
    "|betreff|von|an"
    "|ort|zeit|stadt|land|anmerkung|zweck|ergebnis|nom|prix|adresse|âge|ville|remarque|attention|exemple"
    "|objet|lieu|heure"
    "|nombre|fecha|precio|dirección|nota|ejemplo|ciudad|nome|data|prezzo|preço|indirizzo|endereço|esempio"
    "|exemplo|città"
    "|cidade|名称|价格|日期|地址|电话|注意|备注|示例|名前|価格|日付|住所|例|備考|http|https|todo|fixme"
)
_STAMP = (
    r"(?:[\[(]?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?["
    r" T]\s?)?\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:\s?[AaPp]\.?[Mm]\.?)?"
    r"[\])]?\s*(?:[-–—|]\s*)?)"
)
_NAME = r"[^\W\d_][\w.'’-]{0,24}(?: [^\W\d_][\w.'’-]{0,24}){0,3}(?: #?\d{1,3})?"
_LABEL = (
    rf"(?P<at>{_STAMP})?(?:<[@+~ ]?(?P<nick>[^\s<>]{{1,30}})>(?=\s)"  # <anna> hello
    rf"|(?:\*\*|__)?(?P<name>{_NAME})(?: ?\([^()]{{1,30}}\))?(?:\*\*|__)?(?P<late>\s{{0,3}}{_STAMP})?"
    r"(?:\*\*|__)?[ \u00a0\u202f]?[:：](?:\*\*|__)?(?=\s|[^\x00-\x7f]|\Z))"  # Anna: hello
    rf"|(?P<above>{_NAME}) {{1,3}}(?P<then>{_STAMP})\Z"  # Anna 10:02, and below: hello
    r"|#{1,4} {1,3}(?P<head>[^\W\d_]{1,12}):?\Z"  # ## User
)
_SAYS = (  # what people say to one another and sheets do not
    r"[?？؟]|(?<!\w)(?i:i|you|we|me|my|your|hi|hello|thanks|ich|du|sie|wir|mir|hallo|danke|je|tu|vous|nous"
    r"|merci|bonjour"
    r"|yo|tú|usted|gracias|hola|io|lei|grazie|ciao|eu|você|obrigad[oa]|olá|ik|jij|jag|jeg|я|вы|ты)(?!\w)"
    r"|[我你您私]|です|ます"
)
_QUESTION = r"[?？؟][\"'”’»)\]*]*\Z"


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one person says: where the label begins and ends, where the turn ends, who, and at what time."""

    start: int
    said: int
    end: int
    speaker: str
    stamped: bool


def parse_chat(text: str, sentences: Sentences) -> list[Segment] | None:
    r"""Cut a conversation into labels and what is said.

    Parameters
    ----------
    text
        Any text.
    sentences
        Cuts a range of the text into sentences, as `split_sentences` does: ``(text, start, end)`` to ranges.

    Returns
    -------
    list of Segment or None
        A ``speaker`` for each label, with its stamp, and the sentences of the turn, which hang on it. The
        label of a turn that answers a question hangs on the sentence that asks it. None where there is no
        conversation: less than two speakers, less than three turns, or a sheet of keys and values.

    Examples
    --------
    >>> text = "Ann: When do you open?\nBob: At nine.\nAnn: Thank you."
    >>> made = parse_chat(text, lambda text, a, b: [(a + 1, b - 1)] if a < b else [])
    >>> [(s.kind, s.parent) for s in made]
    [('speaker', -1), ('sentence', 0), ('speaker', 1), ('sentence', 2), ('speaker', -1), ('sentence', 4)]
    """
    turns = _turns(text)
    if not _is_conversation(text, turns):
        return None
    segments = [Segment(a, b, "sentence") for a, b in sentences(text, 0, turns[0].start)]
    asked, asker = -1, ""  # the sentence that asks, and who does
    for turn in turns:
        said = list(sentences(text, turn.said, turn.end))
        asks = [re.search(_QUESTION, text[max(a, b - LABEL) : b]) is not None for a, b in said]
        answers = asked >= 0 and turn.speaker != asker and not (asks and all(asks))
        label = len(segments)
        segments.append(Segment(turn.start, turn.said, "speaker", asked if answers else -1))
        segments += [Segment(a, b, "sentence", label) for a, b in said]
        last = max((i for i, ask in enumerate(asks) if ask and i >= len(asks) - 2), default=-1)
        if last < 0 and turn.speaker in _words(_PAIRS):
            last = len(said) - 1
        asked, asker = (label + 1 + last if last >= 0 else -1), turn.speaker
    return segments


def _turns(text: str) -> list[_Turn]:
    pattern, labels, start = re.compile(_LABEL), [], 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start : min(end, start + LABEL)]
        left = start + len(line) - len(line.lstrip())
        match = (
            pattern.match(text, left, min(left + LABEL, left + len(text[left:end].rstrip())))
            if line.strip()
            else None
        )
        if match and (speaker := _speaker(match)):
            stamped = any(match[group] for group in ("at", "late", "nick", "then"))
            labels.append((match.start(), match.end(), speaker, stamped))
        start = end + 1
    ends = [*(label[0] for label in labels), len(text)][1:]
    return [_Turn(a, b, end, who, stamp) for (a, b, who, stamp), end in zip(labels, ends, strict=True)]


def _speaker(match: re.Match[str]) -> str:
    """Name of the speaker, in lower case; empty where a label is none."""
    name = match["name"] or match["nick"] or match["above"] or match["head"] or ""
    plain = name.strip().lower()
    if plain in _words(_ASKS) or plain in _words(_ANSWERS):
        return plain
    if plain in _words(_FIELDS) or match["head"]:
        return ""
    words = name.split()
    named = all(not word[0].islower() or word.lower() in _PARTICLES for word in words)
    return (
        plain
        if match["nick"] or (named and not words[0][0].islower()) or (match["at"] and len(words) == 1)
        else ""
    )


def _is_conversation(text: str, turns: list[_Turn]) -> bool:
    speakers = {turn.speaker for turn in turns}
    if len(speakers) < 2:
        return False
    roles = speakers <= _words(_ASKS) | _words(_ANSWERS)
    stamps = all(turn.stamped for turn in turns)
    said = [text[turn.said : min(turn.end, turn.said + 4 * LABEL)] for turn in turns]
    full = sum(len(each.split(None, 3)) > 3 or re.search(r"[.?!。？！…]", each) is not None for each in said)
    if len(turns) < LEAST:
        return bool(speakers & _words(_PAIRS)) and bool(speakers & _words(_REPLIES)) and full > 0
    if 2 * full < len(turns) and not stamps:
        return False
    if stamps or (roles and bool(speakers & _words(_ASKS))):
        return True
    lines = sum(1 for line in text[turns[0].start :].split("\n") if line.strip())
    returns = len(turns) > len(speakers)
    return returns and 3 * len(turns) >= lines and 4 * sum(_speaks(each) for each in said) >= len(turns)


def _speaks(said: str) -> bool:
    return re.search(_SAYS, said) is not None


@cache
def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split("|"))
