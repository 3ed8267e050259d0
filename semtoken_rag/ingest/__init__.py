"""Ingestion: fill a store with the fingerprints of a corpus, on one machine or on a Ray cluster."""

from semtoken_rag.ingest.base import Source
from semtoken_rag.ingest.local import IngestStats, ingest
from semtoken_rag.ingest.on_ray import ingest_ray
from semtoken_rag.ingest.open import open_source

__all__ = ["IngestStats", "Source", "ingest", "ingest_ray", "open_source"]
