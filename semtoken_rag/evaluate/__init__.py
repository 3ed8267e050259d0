"""Evaluate on one's own questions: answers kept by budget and method, and a reader's answers."""

from semtoken_rag.evaluate.asking import Answers, ask, with_answers
from semtoken_rag.evaluate.curve import Curve, Point, measure

__all__ = ["Answers", "Curve", "Point", "ask", "measure", "with_answers"]
