"""Which way is taken to a server, and what is said where one is closed."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import docker_servers, installed_servers, named_servers
from deploy.local import servers as servers_module
from deploy.local.docker_servers import DockerRefusedError, start_rabbit_container
from deploy.local.errors import NamedServerError, NoServerError
from deploy.local.guardian import Guardian
from deploy.local.named_servers import NAMES_FOR_TESTS, find_named_broker, find_named_database
from deploy.local.servers import NAMES_FOR_RUNNING, local_servers
from tests.integration.local_servers.runs import state_files

# Answers as a daemon does that was started without a network: it starts, and publishes nothing.
DOCKER_WITHOUT_NETWORK = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case $1 in info) echo 28;; image|run|rm|port) exit 0;; *) echo "no $1" >&2; exit 1;; esac
"""
DOCKER_WITHOUT_IMAGES = """#!/bin/sh
case $1 in info) echo 28;; pull) exec sleep 60;; *) echo "no $1" >&2; exit 1;; esac
"""


@pytest.fixture
def install_docker(no_named_servers: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    def install(script: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "docker").write_text(script, encoding="ascii")
        (folder / "docker").chmod(0o755)
        no_named_servers.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return folder / "asked"

    return install


def test_named_servers_are_taken_and_nothing_is_started(
    no_named_servers: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        no_named_servers.setenv("DATABASE_URL", f"postgresql://me@127.0.0.1:{port}/mine")
        no_named_servers.setenv("AMQP_URL", f"amqp://127.0.0.1:{port}/")
        no_named_servers.setenv("AMQP_MANAGEMENT_URL", "http://me:secret@broker:15672")

        with local_servers(tmp_path, NAMES_FOR_RUNNING, print) as servers:
            assert servers.database_url == f"postgresql://me@127.0.0.1:{port}/mine"
            assert servers.amqp_url == f"amqp://127.0.0.1:{port}/"
            assert servers.management_url == "http://me:secret@broker:15672"
            assert servers.origin == (
                "PostgreSQL: the server that DATABASE_URL names.",
                "RabbitMQ: the server that AMQP_URL names.",
            )
            assert state_files(tmp_path) == []


def test_the_first_name_counts_and_management_belongs_to_its_broker(
    no_named_servers: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "url"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        secret.write_text(f"amqp://127.0.0.1:{port}/tests\n", encoding="ascii")
        no_named_servers.setenv("TEST_AMQP_URL_FILE", str(secret))
        no_named_servers.setenv("AMQP_URL", f"amqp://127.0.0.1:{port}/")
        no_named_servers.setenv("AMQP_MANAGEMENT_URL", "http://broker:15672")

        broker = find_named_broker(NAMES_FOR_TESTS)

    assert broker is not None
    assert broker.url == f"amqp://127.0.0.1:{port}/tests"
    assert broker.management_url is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://127.0.0.1:1/x", "DATABASE_URL names 127.0.0.1:1, and nothing answers"),
        ("postgresql://127.0.0.1:port/x", "DATABASE_URL is no address"),
        ("127.0.0.1:5432", "DATABASE_URL must begin with postgresql://"),
        ("mysql://127.0.0.1/x", "DATABASE_URL must begin with postgresql://"),
    ],
)
def test_a_wrong_name_is_an_error_and_no_other_way_is_tried(
    no_named_servers: pytest.MonkeyPatch, url: str, said: str
) -> None:
    no_named_servers.setattr(named_servers, "ANSWER_SECONDS", 0.1)
    no_named_servers.setenv("DATABASE_URL", url)

    with pytest.raises(NamedServerError, match=said):
        find_named_database(NAMES_FOR_RUNNING)


@pytest.mark.parametrize("url", ["postgresql:///x?host=/run/postgresql", "postgresql://a:1,b:2/x"])
def test_a_socket_file_or_several_hosts_are_taken_as_they_are(
    no_named_servers: pytest.MonkeyPatch, url: str
) -> None:
    no_named_servers.setenv("DATABASE_URL", url)

    database = find_named_database(NAMES_FOR_RUNNING)

    assert database is not None
    assert database.url == url


def test_a_docker_that_publishes_no_ports_is_left_with_one_line(
    install_docker: Callable[[str], Path], postgres_alone: None, tmp_path: Path
) -> None:
    lines: list[str] = []
    asked = install_docker(DOCKER_WITHOUT_NETWORK)

    with local_servers(tmp_path, NAMES_FOR_RUNNING, lines.append) as servers:
        assert "private instance" in servers.origin[0]

    assert lines[0] == (
        "PostgreSQL cannot be had from Docker here: this Docker daemon does not publish ports"
    )
    commands = asked.read_text(encoding="ascii").splitlines()
    run = next(command for command in commands if command.startswith("run "))
    name = run.split()[run.split().index("--name") + 1]
    assert f"rm --force --volumes {name}" in commands


def test_an_image_that_takes_too_long_is_not_waited_for(
    install_docker: Callable[[str], Path],
    no_named_servers: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    no_named_servers.setattr(docker_servers, "PULL_SECONDS", 0.2)
    install_docker(DOCKER_WITHOUT_IMAGES)

    with (
        Guardian(tmp_path) as guardian,
        pytest.raises(DockerRefusedError, match="docker pull takes longer than"),
    ):
        start_rabbit_container(guardian)


def test_where_nothing_is_there_the_message_says_what_to_do(
    postgres_alone: None, no_named_servers: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_named_servers.setattr(installed_servers, "POSTGRES_FOLDERS", ())
    no_named_servers.setattr(installed_servers, "SYSTEM_FOLDERS", "")
    no_named_servers.setattr(servers_module, "root_prefix", lambda: None)
    no_named_servers.setenv("PATH", str(tmp_path))

    with (
        pytest.raises(NoServerError) as raised,
        local_servers(tmp_path, NAMES_FOR_RUNNING, print),
    ):
        pass

    message = str(raised.value)
    assert message.startswith("PostgreSQL cannot be had")
    assert "apt-get install postgresql\n" in message
    assert "set DATABASE_URL\n" in message
    assert "Docker" in message
