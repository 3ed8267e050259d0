"""Questions that stand alone, and the answers below them."""

from __future__ import annotations

import re

from semtoken_rag.structure.draft import Draft

LONGEST = 200  # characters of a question
SHORT = 60  # characters of one that says nothing but the figure that it names
MOST = 4  # paragraphs of an answer, in a text of several questions; of one alone, 1
_ASKED = r"[?？؟;][\"'”’»)\]*_]*\Z"
QUESTION = (
    r"[\s*_#>-]*(?:q|question|frage|f|pregunta|domanda|pergunta|vraag|fråga|spørsmål|вопрос|问题?|問題?|質問|سؤال|질문)"
    r"[\s.#]?\d{0,3}[*_]*\s?[.:：)][*_]*(?=\s|[^\x00-\x7f])"
)
ANSWER = (
    r"[\s*_#>-]*(?:a|answer|antwort|réponse|r|respuesta|risposta|resposta|antwoord|svar|ответ|答案?|回答|答え|جواب|답변?)"
    r"[\s.#]?\d{0,3}[*_]*\s?[.:：)][*_]*(?=\s|[^\x00-\x7f])"
)
_BOLD = r"(?:\*\*|__)[^*_]{3,200}[?？؟](?:\*\*|__)\Z"
_TEXT = frozenset({"sentence", "item", "lead"})


def hang_answers(draft: Draft) -> None:
    """Hang answers on the questions that stand alone above them, and make these lead-ins.

    A question is alone in its lines, in bold at the beginning of one, or labelled (``Q:``). Its answer goes
    to the end of the paragraph below it; where a text has several, on to the next question or heading.

    Parameters
    ----------
    draft
        The segments of a text, changed in place.
    """
    asks = [_asks(draft, number) for number in range(len(draft.segments))]
    if any(asks):
        _hang(draft, asks)
    for number, kind in enumerate(draft.kinds):  # of a conversation
        asked = draft.parents[number] if kind == "speaker" else -1
        label = draft.parents[asked] if asked >= 0 else -1
        if label >= 0 and (
            _proposes(draft.said(asked)) or re.match(QUESTION, draft.said(label).lower() + " ")
        ):
            asks[asked] = True
    answered = set(draft.parents)
    for number, ask in enumerate(asks):
        if ask and number in answered and draft.kinds[number] in _TEXT:
            draft.kinds[number] = "lead"


def _proposes(question: str) -> bool:
    """Return whether a short question names a figure, which the answer may deny."""
    return len(question) <= SHORT and re.search(r"\d", question) is not None


def _hang(draft: Draft, asks: list[bool]) -> None:
    most = MOST if sum(asks) > 1 else 1
    question, paragraphs = -1, 1
    for number, kind in enumerate(draft.kinds):
        if asks[number]:
            question, paragraphs = number, 1
        elif question >= 0:
            inline = not draft.breaks[question + 1]
            ends = draft.breaks[number] if inline and most == 1 else draft.blanks[number]
            paragraphs += ends and number > question + 1
            above, parent = draft.parents[question], draft.parents[number]
            listed = parent == above and kind == draft.kinds[question] == "item"
            if listed or kind == "heading" or paragraphs > most or parent < above:
                question = -1
            elif parent == above:
                draft.parents[number] = question


def _asks(draft: Draft, number: int) -> bool:
    """Return whether a segment is a question that stands alone."""
    last = number + 1 >= len(draft.segments)
    if draft.kinds[number] not in _TEXT or not draft.begins[number] or last:
        return False
    said = draft.said(number)
    if len(said) > LONGEST:
        return False
    if re.match(QUESTION, said.lower()) and (
        re.search(_ASKED, said) or re.match(ANSWER, draft.said(number + 1)[:40].lower())
    ):
        return True
    if not re.search(_ASKED.replace(";", ""), said):
        return False
    return draft.breaks[number + 1] or re.match(_BOLD, said) is not None
