"""`AgentConfig`: settings that the adapters for agents share."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from semtoken_rag._internal.checks import check_positive

# What models read of the tool that expands, and of the parameter of other tools.
EXPAND = (
    "Return what was left out of a shortened tool result or message. `ref` stands in its last line, or in "
    "its field semtoken; `query` says what you look for. Without a query it is the original from its start."
)
ASKS = "What you look for in the result, in a few words. A long result is shortened to it."


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
        names = self.tools
        if names is not None and (
            isinstance(names, str)
            or not isinstance(names, Collection)
            or not all(isinstance(name, str) for name in names)
        ):
            raise ValueError(f"tools must be a collection of names, got {names!r:.80}")
        if self.looking_for is not None and not _is_name(self.looking_for, r"[A-Za-z]\w*"):
            raise ValueError(f"looking_for must be a parameter's name, got {self.looking_for!r:.80}")
        if not _is_name(self.expand, r"[\w-]+"):
            raise ValueError(f"expand must be a tool's name, got {self.expand!r:.80}")
        if not isinstance(self.switch, str):
            raise ValueError(f"switch must be a str, got {self.switch!r:.80}")
        if self.on_error not in ("fallback", "raise"):
            raise ValueError(f"on_error must be 'fallback' or 'raise', got {self.on_error!r:.80}")

    def takes(self, tool: str) -> bool:
        """Return whether a tool's results are compressed.

        >>> AgentConfig().takes("search"), AgentConfig().takes("expand"), AgentConfig(tools=["a"]).takes("b")
        (True, False, False)
        """
        return tool != self.expand and (self.tools is None or tool in self.tools)

    def check_tools(self, names: Collection[str]) -> None:
        """Raise ValueError if a tool of the caller has the name of the one that expands.

        >>> AgentConfig().check_tools(["search", "expand"])
        Traceback (most recent call last):
        ValueError: a tool is named 'expand' already: give AgentConfig(expand=...) another name
        """
        if self.expand in names:
            raise ValueError(
                f"a tool is named {self.expand!r} already: give AgentConfig(expand=...) another name"
            )


def resolve_config(config: AgentConfig | None) -> AgentConfig:
    """Return the settings, the defaults for None; raise ValueError if they are of another kind."""
    if config is None:
        return AgentConfig()
    if not isinstance(config, AgentConfig):
        raise ValueError(f"config must be an AgentConfig, got {config!r:.80}")
    return config


def _is_name(name: object, pattern: str) -> bool:
    return isinstance(name, str) and re.fullmatch(pattern, name, re.ASCII) is not None
