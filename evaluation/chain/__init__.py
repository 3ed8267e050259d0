"""Whole retrieval chains, judged by the answers that reach the reader at one prompt size."""
