"""Calibrate an engine on questions whose answers are known."""
