"""Pins semtoken-rag at the version that this distribution is built with; the same file in each of them."""

from __future__ import annotations

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Pin(MetadataHookInterface):
    """Requires semtoken-rag with the extra of ``[tool.hatch.metadata.hooks.custom]``, at our own version."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the dependencies."""
        metadata["dependencies"] = [f"semtoken-rag[{self.config['extra']}]=={metadata['version']}"]
