"""The paper's baselines (tables 1, 4 and 5) as strategies, one in each module.

The paper names them without definitions, and the works that it cites for them do not drop text in front of a
frozen reader: each class says what was chosen. Plain BPE is `semtoken_rag.strategy.lead.LeadStrategy`.
"""

from __future__ import annotations

from semtoken_rag.paper.baselines.chunked import ChunkedStrategy
from semtoken_rag.paper.baselines.entropy import EntropyStrategy
from semtoken_rag.paper.baselines.tofu import TofuStrategy
from semtoken_rag.paper.baselines.vq import VQStrategy

__all__ = ["ChunkedStrategy", "EntropyStrategy", "TofuStrategy", "VQStrategy"]
