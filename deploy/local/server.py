"""A server that a run may use, whatever way it came."""

from dataclasses import dataclass

# Connections for many tests at once. Buffers take memory as they are used: the 128 MB that are
# PostgreSQL's default hold less than what routing touches in a store of millions of messages.
POSTGRES_SETTINGS = ("max_connections=300", "shared_buffers=1GB")


@dataclass(frozen=True)
class Server:
    """A server's address, and a sentence that says what it is and where it came from."""

    url: str
    origin: str
    management_url: str | None = None
