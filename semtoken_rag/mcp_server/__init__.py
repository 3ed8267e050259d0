"""An MCP server: agents search allowed folders and shorten texts through it, within a budget of tokens."""

from __future__ import annotations

from semtoken_rag._internal.optional import require

require("mcp.server.lowlevel", extra="mcp")

from semtoken_rag.files import Limits  # noqa: E402  (the check above names the extra)
from semtoken_rag.mcp_server.folders import Folders  # noqa: E402
from semtoken_rag.mcp_server.server import create_server  # noqa: E402

__all__ = ["Folders", "Limits", "create_server"]
