"""`AgentConfig`: settings that the adapters for agents share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from semtoken_rag._checks import check_positive


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Settings that few callers need.

    Parameters
    ----------
    tools
        Names of the tools whose results are compressed; None: all.
    looking_for
        Name of a parameter that tools get, by which the model says what it looks for; the tool itself never
        sees it, unless it has a parameter of that name. None adds none.
    expand
        Name of the tool that returns what was left out.
    expand_tokens
        Most tokens that it returns.
    history_tokens
        Tokens of a conversation above which its older messages are shortened, see
        `semtoken_rag.agents.History`; None: never.
    keep_turns
        The last so many messages of the model, and what follows them, are never shortened.
    switch
        Key of a request's context or configuration that is False where nothing is to be compressed.
    on_error
        After a failure inside: ``"fallback"`` passes the originals on, flagged and logged; ``"raise"``
        raises.

    Raises
    ------
    ValueError
        If a value is out of range; the message has it.
    """

    tools: Collection[str] | None = None
    looking_for: str | None = "looking_for"
    expand: str = "expand"
    expand_tokens: int = 2000
    history_tokens: int | None = None
    keep_turns: int = 4
    switch: str = "semtoken"
    on_error: str = "fallback"

    def __post_init__(self) -> None:
        for name in ("expand_tokens", "keep_turns"):
            check_positive(name, getattr(self, name))
        if self.history_tokens is not None:
            check_positive("history_tokens", self.history_tokens)
        if isinstance(self.tools, str):
            raise ValueError(f"tools must be a collection of names, got the str {self.tools!r:.80}")
        if self.on_error not in ("fallback", "raise"):
            raise ValueError(f"on_error must be 'fallback' or 'raise', got {self.on_error!r:.80}")

    def takes(self, tool: str) -> bool:
        """Return whether a tool's results are compressed.

        >>> AgentConfig().takes("search"), AgentConfig().takes("expand"), AgentConfig(tools=["a"]).takes("b")
        (True, False, False)
        """
        return tool != self.expand and (self.tools is None or tool in self.tools)
