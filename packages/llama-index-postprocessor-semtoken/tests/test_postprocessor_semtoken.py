"""LlamaIndex's test of a node postprocessor: what it inherits from."""

from __future__ import annotations

from llama_index.core.postprocessor.types import BaseNodePostprocessor

from llama_index.postprocessor.semtoken import SemTokenPostprocessor


def test_class() -> None:
    names_of_base_classes = [base.__name__ for base in SemTokenPostprocessor.__mro__]
    assert BaseNodePostprocessor.__name__ in names_of_base_classes
