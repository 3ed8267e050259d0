"""Measurements of the product: quality, speed, and the peers beside it. Not part of the wheel."""
