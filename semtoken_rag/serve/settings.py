"""Settings of the service, and the server behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from semtoken_rag._internal.checks import check_key, check_positive, check_seconds
from semtoken_rag.budget import DEFAULT_RATIO, Budget
from semtoken_rag.encoders.cores import usable_cores
from semtoken_rag.readers.address import SCHEME, Address
from semtoken_rag.web.security import LOOPBACK

MAX_BYTES = 2**20
OVERHEAD = 1024  # bytes that any request counts for, so that empty bodies are bounded in number too


@dataclass(frozen=True, slots=True)
class Upstream:
    """The OpenAI-compatible server that the proxy passes requests on to.

    Parameters
    ----------
    url
        Its address with the path of the API, such as ``http://127.0.0.1:8080/v1``, with or without
        ``openai:`` before and ``#model`` behind it.
    model
        Name of the model for requests that name none; None: that of the address, without one they stay as
        they are.
    api_key
        What is sent to it as the bearer; None passes on what the caller sent, unless that is the key of this
        service.
    seconds
        Longest wait for the next bytes of a reply.

    Raises
    ------
    ValueError
        If ``url`` is no http or https address, or another value is out of range; the message has the value
        received, unless it is the key.

    Examples
    --------
    >>> Upstream("openai:http://localhost:11434/v1/#qwen3")
    Upstream(url='http://localhost:11434/v1', model='qwen3', seconds=600.0)
    """

    url: str
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    seconds: float = 600.0

    def __post_init__(self) -> None:
        address = Address.parse(self.url if self.url.startswith(SCHEME) else SCHEME + self.url)
        object.__setattr__(self, "url", address.url)
        object.__setattr__(self, "model", self.model or address.model or None)
        check_seconds("seconds", self.seconds)
        if self.api_key is not None:
            check_key("the upstream's api_key", self.api_key)


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """Who may ask, how much at one time, and what the proxy compresses.

    Parameters
    ----------
    hosts
        Names that requests may call this server by, ``"*"`` for any: another site's page could have a name of
        its own lead to this machine (DNS rebinding).
    api_key
        What callers must send as the bearer; None asks for nothing.
    max_bytes
        Largest body of a request. The bodies of all requests under way have at most four times as many.
    max_calls
        Calls that compress at one time; None: one for each core that the process may use.
    max_waiting
        Calls that wait for their turn; one more is answered 503 at once.
    max_wait
        Seconds that a call waits for its turn before it is answered 503.
    max_upload
        Seconds for a body to arrive before the request is answered 408.
    budget
        For requests that give no bound.
    threshold
        Tokens from which the proxy compresses a text that nobody marked as context; 0: never.

    Raises
    ------
    ValueError
        If a value is out of range; the message has the value received.
    """

    hosts: tuple[str, ...] = LOOPBACK
    api_key: str | None = field(default=None, repr=False)
    max_bytes: int = MAX_BYTES
    max_calls: int | None = None
    max_waiting: int = 64
    max_wait: float = 10.0
    max_upload: float = 20.0
    budget: Budget = field(default_factory=lambda: Budget(ratio=DEFAULT_RATIO))
    threshold: int = 2000

    def __post_init__(self) -> None:
        check_positive("max_bytes", self.max_bytes)
        if self.max_calls is not None:
            check_positive("max_calls", self.max_calls)
        for name in ("max_waiting", "threshold"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)!r}")
        for name in ("max_wait", "max_upload"):
            check_seconds(name, getattr(self, name))
        if self.api_key is not None:
            check_key("api_key", self.api_key)

    @property
    def calls(self) -> int:
        """Calls that compress at one time."""
        return self.max_calls or usable_cores()

    @property
    def max_held_bytes(self) -> int:
        """Bytes of all bodies that are held at one time."""
        return 4 * (self.max_bytes + OVERHEAD)
