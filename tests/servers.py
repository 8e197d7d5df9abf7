"""The servers of a test run, and a database and a vhost of its own for each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import aiohttp
import asyncpg

from deploy.local.docker_servers import DockerRefusedError
from deploy.local.servers import NAMES_FOR_TESTS, Servers, local_servers
from shared.database.migrate import migrate
from tests.docker_servers import docker_servers

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class TestServers:
    """Where tests make databases and vhosts; `template` is a migrated database."""

    __test__ = False

    database_url: str
    amqp_url: str
    management_url: str | None
    template: str


@contextmanager
def servers_for_tests() -> Iterator[Servers]:
    """Give servers that are named, in Docker, or private to this run."""
    with ExitStack() as stack:
        try:
            servers = stack.enter_context(docker_servers())
        except DockerRefusedError:
            servers = stack.enter_context(local_servers(ROOT, NAMES_FOR_TESTS, print))
        yield servers


def with_path(url: str, path: str) -> str:
    """Give the URL of another database or vhost of the same server."""
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(path, safe="")))


@asynccontextmanager
async def migrated_template(servers: Servers) -> AsyncIterator[TestServers]:
    """Make the database that each test's is a clone of."""
    template = f"ventanilla_template_{uuid4().hex[:12]}"
    await _execute(servers.database_url, f'CREATE DATABASE "{template}"')
    try:
        migrate(with_path(servers.database_url, template))
        yield TestServers(servers.database_url, servers.amqp_url, servers.management_url, template)
    finally:
        await _execute(servers.database_url, f'DROP DATABASE "{template}" WITH (FORCE)')


@asynccontextmanager
async def database_of_its_own(servers: TestServers) -> AsyncIterator[str]:
    """Give the URL of a fresh clone of the template."""
    name = f"ventanilla_{uuid4().hex[:12]}"
    await _execute(servers.database_url, f'CREATE DATABASE "{name}" TEMPLATE "{servers.template}"')
    try:
        yield with_path(servers.database_url, name)
    finally:
        await _execute(servers.database_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def vhost_of_its_own(servers: TestServers) -> AsyncIterator[str]:
    """Give the AMQP URL of a fresh vhost; it needs RabbitMQ's management API."""
    if servers.management_url is None:
        raise RuntimeError(
            "tests make vhosts: name RabbitMQ's management API in TEST_AMQP_MANAGEMENT_URL"
        )
    name = f"ventanilla-{uuid4().hex[:12]}"
    user = urlsplit(servers.amqp_url).username or "guest"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    async with Management(servers.management_url) as management:
        await management.call("PUT", f"vhosts/{name}")
        await management.call("PUT", f"permissions/{name}/{quote(user)}", everything)
        try:
            yield with_path(servers.amqp_url, name)
        finally:
            await management.call("DELETE", f"vhosts/{name}")


class Management:
    """RabbitMQ's management API."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> "Management":
        parts = urlsplit(self._url)
        self._session = aiohttp.ClientSession(
            f"{parts.scheme}://{parts.hostname}:{parts.port}/api/",
            headers={
                "Authorization": aiohttp.encode_basic_auth(
                    parts.username or "guest", parts.password or "guest"
                )
            },
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, body: object = None) -> object:
        async with self._session.request(method, path, json=body or {}) as answer:
            answer.raise_for_status()
            return await answer.json() if answer.content_type == "application/json" else None


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
