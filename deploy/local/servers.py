"""A PostgreSQL and a RabbitMQ for the time of one run: named, in Docker, private, or installed.

The ways are tried in this order for each of the two servers by itself. What is started here ends
with the run: by its end, by Ctrl-C, and by kill -9 (see guardian_process.py).
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from deploy.local.apt_install import install_packages, root_prefix
from deploy.local.clear_stale import clear_stale
from deploy.local.docker_servers import (
    DockerRefusedError,
    docker_answers,
    start_postgres_container,
    start_rabbit_container,
)
from deploy.local.errors import LocalServersError, NoServerError, ServerDidNotStart
from deploy.local.guardian import Guardian
from deploy.local.installed_servers import find_postgres, find_rabbit
from deploy.local.named_servers import (
    NAMES_FOR_RUNNING,
    NAMES_FOR_TESTS,
    ServerNames,
    find_named_broker,
    find_named_database,
)
from deploy.local.private_postgres import start_private_postgres
from deploy.local.private_rabbit import start_private_rabbit
from deploy.local.server import Server

__all__ = [
    "NAMES_FOR_RUNNING",
    "NAMES_FOR_TESTS",
    "LocalServersError",
    "ServerDidNotStart",
    "ServerNames",
    "Servers",
    "local_servers",
]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Servers:
    """The servers of a run, with one sentence for each; the database's user may create others."""

    database_url: str
    amqp_url: str
    management_url: str | None
    origin: tuple[str, ...]


@dataclass(frozen=True)
class _Kind:
    """One of the two servers, and the ways to it."""

    name: str
    variable: str
    package: str
    find_named: Callable[[ServerNames], Server | None]
    start_container: Callable[[Guardian], Server]
    find_installed: Callable[[], Path | None]
    start_private: Callable[[Guardian], Server]


_POSTGRES = _Kind(
    name="PostgreSQL",
    variable="DATABASE_URL",
    package="postgresql",
    find_named=find_named_database,
    start_container=start_postgres_container,
    find_installed=find_postgres,
    start_private=start_private_postgres,
)
_RABBIT = _Kind(
    name="RabbitMQ",
    variable="AMQP_URL",
    package="rabbitmq-server",
    find_named=find_named_broker,
    start_container=start_rabbit_container,
    find_installed=find_rabbit,
    start_private=start_private_rabbit,
)
_KINDS = (_POSTGRES, _RABBIT)

_Found = dict[str, Server]


@contextmanager
def local_servers(root: Path, names: ServerNames, say: Say) -> Iterator[Servers]:
    """Find or start both servers; what was started is gone when the block is left.

    `root` is the checkout: its folder `.local` keeps what is needed to clear up after a crash.
    """
    clear_stale(root / ".local", say)
    named = {kind.name: kind.find_named(names) for kind in _KINDS}
    found = {name: server for name, server in named.items() if server is not None}
    missing = _without(found, _KINDS)
    if not missing:
        yield _servers(found)
        return
    with Guardian(root) as guardian:
        yield _servers(found | _start(missing, guardian, say))


def _servers(found: _Found) -> Servers:
    database, broker = found[_POSTGRES.name], found[_RABBIT.name]
    return Servers(
        database_url=database.url,
        amqp_url=broker.url,
        management_url=broker.management_url,
        origin=(database.origin, broker.origin),
    )


def _without(found: _Found, kinds: Iterable[_Kind]) -> list[_Kind]:
    return [kind for kind in kinds if kind.name not in found]


def _start(kinds: list[_Kind], guardian: Guardian, say: Say) -> _Found:
    began = monotonic()
    found: _Found = {}
    if docker_answers():
        found |= _in_parallel(kinds, guardian, lambda kind: _try_container(kind, guardian, say))
    missing = _without(found, kinds)
    _install(missing, say)
    if missing:
        say(f"starting {_listed(missing)}, for this run alone")
        found |= _in_parallel(missing, guardian, lambda kind: kind.start_private(guardian))
    say(f"{_listed(kinds)} ready after {monotonic() - began:.1f} s")
    return found


def _try_container(kind: _Kind, guardian: Guardian, say: Say) -> Server | None:
    try:
        return kind.start_container(guardian)
    except DockerRefusedError as error:
        say(f"{kind.name} cannot be had from Docker here: {error}")
        return None


def _install(kinds: list[_Kind], say: Say) -> None:
    missing = [kind for kind in kinds if kind.find_installed() is None]
    if not missing:
        return
    prefix = root_prefix()
    if prefix is not None:
        install_packages([kind.package for kind in missing], prefix, say)
        missing = [kind for kind in missing if kind.find_installed() is None]
    if missing:
        packages = " ".join(kind.package for kind in missing)
        variables = " and ".join(kind.variable for kind in missing)
        raise NoServerError(
            f"{_listed(missing)} cannot be had: not named in the environment, not from Docker, "
            "not installed, and not to be installed by this user. Do one of these:\n"
            f"  install the packages: sudo apt-get install {packages}\n"
            f"  name servers of your own: set {variables}\n"
            "  start Docker, with the images there or a registry in reach"
        )


def _in_parallel(
    kinds: list[_Kind], guardian: Guardian, start: Callable[[_Kind], Server | None]
) -> _Found:
    with ThreadPoolExecutor(len(kinds)) as pool:
        starting = {kind.name: pool.submit(start, kind) for kind in kinds}
        try:
            started = {name: future.result() for name, future in starting.items()}
        except BaseException:
            # One failed, or Ctrl-C: ends what the other still waits for, and so that thread too.
            guardian.close()
            raise
    return {name: server for name, server in started.items() if server is not None}


def _listed(kinds: Iterable[_Kind]) -> str:
    return " and ".join(kind.name for kind in kinds)
