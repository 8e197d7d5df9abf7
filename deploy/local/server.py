"""A server that a run may use, whatever way it came."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """A server's address, and a sentence that says what it is and where it came from."""

    url: str
    origin: str
    management_url: str | None = None
