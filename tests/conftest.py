"""Real servers for all tests; a database and a vhost of its own for each."""

import sys
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.servers import Servers
from shared.log import configure_logging
from tests.clamd import Clamd, NoClamdError, clamd_in
from tests.closed_tickets import ClosedTickets
from tests.s3_server import S3Server, s3_server
from tests.servers import (
    TestServers,
    database_of_its_own,
    migrated_template,
    servers_for_tests,
    vhost_of_its_own,
)
from tests.system import System


@pytest.fixture(scope="session", autouse=True)
def strict_logs() -> None:
    """Have a field that the catalogue does not name raise."""
    configure_logging("tests", as_json=True, level="debug", hash_key=b"tests", strict=True)


@pytest.fixture(scope="session")
def local_servers() -> Iterator[Servers]:
    with servers_for_tests() as servers:
        yield servers


@pytest.fixture(scope="session")
async def servers(local_servers: Servers) -> AsyncIterator[TestServers]:
    async with migrated_template(local_servers) as servers:
        yield servers


@pytest.fixture
async def database_url(servers: TestServers) -> AsyncIterator[str]:
    async with database_of_its_own(servers) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Look into the test's database."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def amqp_url(servers: TestServers) -> AsyncIterator[str]:
    async with vhost_of_its_own(servers) as url:
        yield url


@pytest.fixture
async def clamd(tmp_path: Path) -> AsyncIterator[Clamd]:
    """A running daemon; without one the test is skipped, with the way to get it."""
    try:
        async with clamd_in(tmp_path / "clamd") as clamd:
            await clamd.start()
            yield clamd
    except NoClamdError as error:
        pytest.skip(str(error))


@pytest.fixture
def tickets(database: asyncpg.Connection, database_url: str, tmp_path: Path) -> ClosedTickets:
    """Tickets with files, in the folder that `system` has too."""
    return ClosedTickets(database, database_url, tmp_path / "media")


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A server that speaks S3, started when the first test asks for it."""
    with s3_server() as server:
        yield server


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know how the test has ended."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
async def system(
    servers: TestServers,
    database_url: str,
    amqp_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[System]:
    """The whole system as real processes, none of them started yet."""
    async with System(servers, database_url, amqp_url, tmp_path) as system:
        yield system
        if request.node.stash.get(FAILED, False):
            sys.stdout.write(await system.describe_trouble())
        system.check_logs()
