"""The paper's figures 1 to 7: functions from a result to a matplotlib `Figure`, without pyplot's state.

They can be read in grey and by the colour-blind: what differs by colour also differs by lightness, line or
marker. Needs the extra ``viz``.
"""

from __future__ import annotations

from semtoken_rag.viz.clusters import cluster_distribution
from semtoken_rag.viz.density import density_profile, density_surface
from semtoken_rag.viz.gains import efficiency_gains
from semtoken_rag.viz.importance import importance_by_query
from semtoken_rag.viz.radar import radar
from semtoken_rag.viz.style import files, save
from semtoken_rag.viz.trajectory import trajectory

__all__ = [
    "cluster_distribution",
    "density_profile",
    "density_surface",
    "efficiency_gains",
    "files",
    "importance_by_query",
    "radar",
    "save",
    "trajectory",
]
