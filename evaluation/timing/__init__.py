"""Times of calls, stores, ingestion and explanations."""
