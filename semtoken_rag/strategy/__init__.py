"""Strategies: what decides which units of a call are kept."""

from __future__ import annotations

from semtoken_rag.stages.select import Ledger
from semtoken_rag.stages.select import greedy_select as select
from semtoken_rag.strategy.base import Problem, Strategy
from semtoken_rag.strategy.cascade import CascadeStrategy
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.strategy.guarded import GuardedStrategy
from semtoken_rag.strategy.lead import LeadStrategy

selection = Ledger.to_selection

__all__ = [
    "CascadeStrategy",
    "GuardedStrategy",
    "LeadStrategy",
    "Ledger",
    "Problem",
    "SemTokenStrategy",
    "Strategy",
    "select",
    "selection",
]
