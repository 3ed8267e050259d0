from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("mcp.server.lowlevel")
from mcp import Client

from semtoken_rag import Config, SemToken
from semtoken_rag.mcp_server import Folders, Limits, create_server


@pytest.fixture(scope="session")
def engine():
    return SemToken(encoder="static", store="memory://", config=Config(order="source"))


@pytest.fixture
def call(engine):
    """Call tools through the SDK's client; several calls share a server."""

    def run(folders: list[Any], *calls: tuple[str, dict[str, Any]], limits: Limits | None = None) -> Any:
        async def main() -> list[Any]:
            async with Client(create_server(engine, Folders(folders, limits))) as client:
                return [await client.call_tool(name, arguments) for name, arguments in calls]

        results = asyncio.run(main())
        return results if len(results) > 1 else results[0]

    return run
