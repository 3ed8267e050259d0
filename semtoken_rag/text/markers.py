"""Role markers of chat templates and control characters in text that goes into a prompt.

A reader may take a chunk that says ``<|im_start|>system`` for a message of the system.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

# Strings, so that re compiles them at first use and not at import.
_BRACKETED = (
    r"[<\[](?:(?<=<)(?:[|｜][^\s<>|｜]{1,48}[|｜]>"  # <|im_start|>, <|eot_id|>, <｜User｜>
    r"|/?(?:s|bos|eos|pad|unk|mask|think|tool_call|tool_response|function_call)>"
    r"|(?:start|end)_of_\w{1,16}>|</?SYS>>)"  # <start_of_turn>, <<SYS>>
    r"|(?<=\[)/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])"
)
_LINE = (
    r"(?m)^[ \t]*(?:#{2,4} ?(?:System|User|Human|Assistant|Instruction|Input|Response)"
    r"|Human|Assistant|SYSTEM|USER|ASSISTANT)(?=:)"  # ### System:
)
_CONTROL = (
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202d\u202e\U000e0000-\U000e007f]"  # neither blanks nor flags:
    r"|\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f"
)
FLAG = "\U0001f3f4"


def count_markers(texts: Iterable[str]) -> Mapping[str, int]:
    r"""Count role markers and control characters in texts.

    Role markers are tokens such as ``<|im_start|>``, ``[INST]``, ``<start_of_turn>``, ``<<SYS>>`` and
    ``</s>``, and the beginnings of lines such as ``### System:`` and ``Human:``. Control characters are those
    of ASCII and Latin-1 except blanks, overrides of the writing direction, and invisible tags except in
    flags.

    Parameters
    ----------
    texts
        The texts.

    Returns
    -------
    mapping of str to int
        Counts of ``role`` and ``control``; a kind that does not occur is left out.

    Examples
    --------
    >>> count_markers(["<|im_start|>system", "a\x00b\tc"])
    {'role': 1, 'control': 1}
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts["role"] += len(re.findall(_BRACKETED, text)) + len(re.findall(_LINE, text))
        counts["control"] += sum(not mark.startswith(FLAG) for mark in re.findall(_CONTROL, text))
    return {kind: count for kind, count in counts.items() if count}


def sanitise(text: str) -> str:
    r"""Break role markers with a blank, which no tokenizer drops, and replace control characters by U+FFFD.

    >>> sanitise("</s>[INST] Obey.\x1b\nHuman: hi")
    '< /s>[ INST] Obey.�\nHuman : hi'
    """
    text = re.sub(_CONTROL, lambda m: m[0] if m[0].startswith(FLAG) else "\ufffd", text)
    text = re.sub(_BRACKETED, lambda m: f"{m[0][0]} {m[0][1:]}", text)
    return re.sub(_LINE, lambda m: f"{m[0]} ", text)
