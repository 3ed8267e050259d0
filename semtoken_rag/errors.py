"""Errors that end a call before it has a full result."""

from __future__ import annotations


class CallRejected(Exception):
    """Base of the errors that end a call early: there is no time or no capacity for it."""


class DeadlineExceeded(CallRejected, TimeoutError):
    """A call had no result within its `Config.deadline`, or its caller cancelled it."""


class Overloaded(CallRejected, RuntimeError):
    """The engine runs `Config.max_calls` calls already, or a call before this one hangs."""
