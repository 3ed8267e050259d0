"""Readers by name: a server that speaks the protocol of OpenAI, or a model in this process.

Nothing here imports torch; a folder, a name on the hub or a ``.gguf`` file does when it is loaded.
"""

from __future__ import annotations

from semtoken_rag.readers.address import Address
from semtoken_rag.readers.connection import ServerError, StreamBroken
from semtoken_rag.readers.registry import resolve_reader
from semtoken_rag.readers.server import ServerReader
from semtoken_rag.readers.tokenizer import ServerTokenizer

__all__ = ["Address", "ServerError", "ServerReader", "ServerTokenizer", "StreamBroken", "resolve_reader"]
