"""The sets: found, read, changed on purpose, and fetched."""
