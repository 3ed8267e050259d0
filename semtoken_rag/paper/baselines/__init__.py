"""The paper's baselines (its tables 1, 4 and 5) as strategies, one a module.

The paper names them and gives their figures, but defines none of them; the works that it cites for them are
about other things than dropping text in front of a frozen reader. Each class says what was taken. Plain BPE
has nothing but the budget: it is `semtoken_rag.strategy.lead.LeadStrategy`.
"""

from __future__ import annotations

from semtoken_rag.paper.baselines.chunked import ChunkedStrategy
from semtoken_rag.paper.baselines.entropy import EntropyStrategy
from semtoken_rag.paper.baselines.tofu import TofuStrategy
from semtoken_rag.paper.baselines.vq import VQStrategy

__all__ = ["ChunkedStrategy", "EntropyStrategy", "TofuStrategy", "VQStrategy"]
