"""Private servers: what they can do, and that a crash costs them nothing that was promised."""

import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from deploy.local.answering import amqp_answers, tcp_answers
from deploy.local.errors import LocalServersError, ServerDidNotStart
from deploy.local.guardian import Guardian
from deploy.local.installed_servers import find_postgres, find_rabbit
from deploy.local.private_postgres import PrivatePostgres
from deploy.local.private_rabbit import PrivateRabbit
from deploy.local.processes import family, identify, is_running
from deploy.local.servers import NAMES_FOR_RUNNING, local_servers
from deploy.local.shared_memory import find_shared_memory
from deploy.local.started import read_started
from tests.integration.local_servers.runs import state_files

pytestmark = pytest.mark.skipif(
    find_postgres() is None or find_rabbit() is None, reason="the servers are not installed here"
)


@pytest.fixture
def guardian(tmp_path: Path) -> Iterator[Guardian]:
    with Guardian(tmp_path) as guardian:
        yield guardian


def call_management(url: str, method: str, path: str) -> object:
    parts = urlsplit(url)
    login = b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    request = urllib.request.Request(
        f"http://{parts.hostname}:{parts.port}/api{path}",
        method=method,
        headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or "null")


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def test_both_servers_answer_and_are_gone_afterwards(
    no_named_servers: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with local_servers(tmp_path, NAMES_FOR_RUNNING, print) as servers:
        started = read_started(state_files(tmp_path)[0])
        assert servers.management_url is not None
        addresses = [
            address(servers.database_url),
            address(servers.amqp_url),
            address(servers.management_url),
        ]
        with psycopg.connect(servers.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE another")
        call_management(servers.management_url, "PUT", "/vhosts/another")
        assert amqp_answers(*addresses[1])
        assert [sentence.split()[0] for sentence in servers.origin] == ["PostgreSQL", "RabbitMQ"]
        assert len(started.folders) == 2

    assert not any(is_running(process.identity) for process in started.processes)
    assert not any(tcp_answers(*one) for one in addresses)
    assert not any(Path(folder).exists() for folder in started.folders)


def test_a_killed_postgres_comes_back_with_what_was_committed(guardian: Guardian) -> None:
    postgres = PrivatePostgres(guardian)
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE promised AS SELECT 42 AS answer")
    first = postgres.pid

    postgres.kill()
    assert not tcp_answers(*address(postgres.url))
    postgres.start()

    assert postgres.pid != first
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT answer FROM promised").fetchone() == (42,)


def test_a_stopped_postgres_comes_back_on_its_port(guardian: Guardian) -> None:
    postgres = PrivatePostgres(guardian)
    postgres.start()
    url = postgres.url

    postgres.stop()
    assert not tcp_answers(*address(url))
    postgres.start()

    assert postgres.url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        row = connection.execute("SHOW max_connections").fetchone()
    assert row is not None
    assert int(row[0]) >= 200


def test_a_killed_postgres_leaves_no_shared_memory(guardian: Guardian) -> None:
    postgres = PrivatePostgres(guardian)
    postgres.start()
    server = identify(postgres.pid)
    assert server is not None
    memory = find_shared_memory(family(server))
    assert memory.files
    assert memory.system_v_ids

    postgres.kill()

    assert [file for file in memory.files if file.exists()] == []
    listed = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()[1:]
    assert memory.system_v_ids.isdisjoint(int(line.split()[1]) for line in listed)


def test_a_killed_rabbit_comes_back_with_what_was_declared(guardian: Guardian) -> None:
    rabbit = PrivateRabbit(guardian)
    rabbit.start()
    call_management(rabbit.management_url, "PUT", "/vhosts/promised")

    rabbit.kill()
    assert not tcp_answers(*address(rabbit.url))
    rabbit.start()

    assert amqp_answers(*address(rabbit.url))
    vhosts = call_management(rabbit.management_url, "GET", "/vhosts?columns=name")
    assert vhosts == [{"name": "/"}, {"name": "promised"}]


def test_a_server_that_is_not_running_cannot_be_killed(guardian: Guardian) -> None:
    with pytest.raises(LocalServersError, match="PostgreSQL is not running"):
        PrivatePostgres(guardian).kill()


def test_a_server_that_does_not_start_shows_what_it_said(guardian: Guardian) -> None:
    # A program that any account can run, and that complains about RabbitMQ's arguments.
    rabbit = PrivateRabbit(guardian, program=Path("/bin/cat"))

    with pytest.raises(ServerDidNotStart, match=r"(?s)ended with code 1.*output\.log.*cat: "):
        rabbit.start()
