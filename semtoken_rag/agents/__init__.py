"""For agents: tool results and old turns of a history in fewer tokens, with the originals within reach."""

from __future__ import annotations

from semtoken_rag.agents.config import AgentConfig
from semtoken_rag.agents.history import Forms, History, Message
from semtoken_rag.agents.originals import Originals, UnknownRef, expand
from semtoken_rag.agents.tool_results import CompressedResult, ToolResultCompressor, question_of

__all__ = [
    "AgentConfig",
    "CompressedResult",
    "Forms",
    "History",
    "Message",
    "Originals",
    "ToolResultCompressor",
    "UnknownRef",
    "expand",
    "question_of",
]
