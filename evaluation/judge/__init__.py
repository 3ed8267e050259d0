"""The judges: what is kept, what a reader knows from it, and what a whole retrieval chain delivers."""
