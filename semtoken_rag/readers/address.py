"""The address of a server that speaks the protocol of OpenAI, and of a model on it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

SCHEME = "openai:"
EXAMPLE = "openai:http://127.0.0.1:8080/v1#MODEL"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and which of its models is meant.

    Attributes
    ----------
    url
        Base of the protocol's paths, such as ``http://127.0.0.1:11434/v1``, without a slash at its end.
    model
        Name of the model on the server; empty: the only one that the server has.
    """

    url: str
    model: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address.

        Parameters
        ----------
        text
            ``openai:`` and a URL, with the model behind ``#``.

        Returns
        -------
        Address
            The address.

        Raises
        ------
        ValueError
            If it is not such an address; the message shows how one is written.

        Examples
        --------
        >>> Address.parse("openai:http://127.0.0.1:11434/v1#qwen3:0.6b")
        Address(url='http://127.0.0.1:11434/v1', model='qwen3:0.6b')
        """
        if text.startswith(("http://", "https://")):
            raise ValueError(
                f"write a server's address as {SCHEME}{text.partition('#')[0]}#MODEL, got {text!r:.80}"
            )
        url, _, model = text.removeprefix(SCHEME).partition("#")
        url = url.rstrip("/")
        if not text.startswith(SCHEME) or not _is_url(url):
            raise ValueError(f"the address of a server must be as {EXAMPLE}, got {text!r:.80}")
        if "@" in urlsplit(url).netloc:
            raise ValueError(
                "the address of a server holds no password: give the key apart, as OPENAI_API_KEY, "
                "or SEMTOKEN_UPSTREAM_KEY to semtoken serve"
            )
        return cls(url, model)

    @property
    def root(self) -> str:
        """The URL without ``/v1``, where servers have what is not in the protocol."""
        return self.url.removesuffix("/v1")

    def __str__(self) -> str:
        return f"{SCHEME}{self.url}" + (f"#{self.model}" if self.model else "")


def is_address(name: str) -> bool:
    """Return whether a reader's name means a server, in the right notation or as a bare URL.

    >>> is_address("openai:http://127.0.0.1:8080/v1"), is_address("http://127.0.0.1"), is_address("org/model")
    (True, True, False)
    """
    return name.startswith((SCHEME, "http://", "https://"))


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0  # raises if it is no number up to 65535
            and not parts.query
            and url.isascii()
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        return False
