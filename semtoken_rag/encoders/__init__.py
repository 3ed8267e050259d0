"""Encoders: they turn texts into token vectors. `base` has the protocol, `registry` resolves ``encoder=``."""
