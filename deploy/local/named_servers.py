"""The servers that the environment names; no other server of this machine is ever touched."""

import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

from deploy.local.answering import tcp_answers
from deploy.local.errors import NamedServerError
from deploy.local.server import Server

ANSWER_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.2

DATABASE_PORTS = {"postgresql": 5432, "postgres": 5432}
BROKER_PORTS = {"amqp": 5672, "amqps": 5671}


@dataclass(frozen=True)
class ServerNames:
    """The variables that may name a server; the first one that is set counts.

    A management address belongs to the broker at the same place in its own list.
    """

    database: tuple[str, ...]
    amqp: tuple[str, ...]
    management: tuple[str, ...] = ()


NAMES_FOR_RUNNING = ServerNames(
    database=("DATABASE_URL",),
    amqp=("AMQP_URL",),
    management=("AMQP_MANAGEMENT_URL",),
)
NAMES_FOR_TESTS = ServerNames(
    database=("TEST_DATABASE_URL", "DATABASE_URL"),
    amqp=("TEST_AMQP_URL", "AMQP_URL"),
    management=("TEST_AMQP_MANAGEMENT_URL", "AMQP_MANAGEMENT_URL"),
)


def find_named_database(names: ServerNames) -> Server | None:
    """Give the PostgreSQL that is named, None if none is; NamedServerError if it is not there."""
    for variable in names.database:
        if (url := _read(variable)) is not None:
            _must_answer(variable, url, DATABASE_PORTS)
            return Server(url, _origin(variable, url))
    return None


def find_named_broker(names: ServerNames) -> Server | None:
    """Give the RabbitMQ that is named, None if none is; NamedServerError if it is not there."""
    for place, variable in enumerate(names.amqp):
        if (url := _read(variable)) is not None:
            _must_answer(variable, url, BROKER_PORTS)
            management = names.management[place : place + 1]
            management_url = _read(management[0]) if management else None
            return Server(url, _origin(variable, url), management_url)
    return None


def _origin(variable: str, url: str) -> str:
    name = "PostgreSQL" if urlsplit(url).scheme in DATABASE_PORTS else "RabbitMQ"
    return f"{name}: the server that {variable} names."


def _read(variable: str) -> str | None:
    value = os.environ.get(variable, "").strip()
    file = os.environ.get(f"{variable}_FILE", "").strip()
    if not value and file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise NamedServerError(f"{variable}_FILE cannot be read: {error}") from error
    return value or None


def _must_answer(variable: str, url: str, ports: dict[str, int]) -> None:
    host, port = _read_address(variable, url, ports)
    if host is None:
        return
    deadline = monotonic() + ANSWER_SECONDS
    while not tcp_answers(host, port):
        if monotonic() > deadline:
            raise NamedServerError(
                f"{variable} names {host}:{port}, and nothing answers there: start that server, "
                f"or unset {variable} to have one started"
            )
        sleep(LOOK_EVERY_SECONDS)


def _read_address(variable: str, url: str, ports: dict[str, int]) -> tuple[str | None, int]:
    """Give host and port; no host where the address names a socket file or several hosts."""
    wanted = " or ".join(f"{scheme}://" for scheme in ports)
    try:
        parts = urlsplit(url)
        several = "," in parts.netloc
        port = None if several else parts.port
    except ValueError as error:
        raise NamedServerError(f"{variable} is no address: {error}") from error
    if parts.scheme not in ports:
        raise NamedServerError(f"{variable} must begin with {wanted}")
    host = None if several else parts.hostname
    return host, port or ports[parts.scheme]
