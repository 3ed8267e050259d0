"""What an answer rests on: for each sentence the source that has its names and numbers, or nothing."""

from semtoken_rag.support.result import Passage, SupportedSentence
from semtoken_rag.support.sentences import support

__all__ = ["Passage", "SupportedSentence", "support"]
