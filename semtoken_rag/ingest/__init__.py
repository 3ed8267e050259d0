"""Ingestion: the fingerprints of a whole corpus, made once and kept in a store, on one machine or on many."""

from semtoken_rag.ingest.batches import Ingested, ingest
from semtoken_rag.ingest.cluster import ingest_ray
from semtoken_rag.ingest.parts import Source
from semtoken_rag.ingest.sources import open_source

__all__ = ["Ingested", "Source", "ingest", "ingest_ray", "open_source"]
