"""Encoders: where the token vectors come from."""
