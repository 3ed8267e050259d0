"""Runs under load, on shared stores, with adversarial documents and with boilerplate."""
