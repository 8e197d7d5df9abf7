"""The servers of a test run in containers, by means of testcontainers.

Testcontainers' reaper, a container too, removes the others when the run is killed; so its image
must be had as well.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep
from typing import Any

import requests
from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer, Reaper
from testcontainers.core.docker_client import DockerClient

from deploy.local.answering import amqp_answers, rabbit_version
from deploy.local.docker_servers import (
    ANSWER_SECONDS,
    DAEMON_SECONDS,
    LOOK_EVERY_SECONDS,
    POSTGRES_IMAGE,
    PULL_SECONDS,
    RABBIT_IMAGE,
    USER,
    DockerRefusedError,
    docker_answers,
    postgres_arguments,
)
from deploy.local.servers import NAMES_FOR_TESTS, Servers

# What docker-py, its HTTP client and testcontainers raise (a RuntimeError is testcontainers' own).
REFUSALS = (DockerException, requests.RequestException, RuntimeError, TimeoutError, OSError)


@contextmanager
def docker_servers() -> Iterator[Servers]:
    """Give both servers in containers; DockerRefusedError, before the block, if they cannot be had.

    Servers that the environment names go before Docker, so then this is refused too.
    """
    _must_not_be_named()
    # docker-py leaves a socket open where nobody answers, which fails a test of ours later.
    if not docker_answers():
        raise DockerRefusedError("no Docker daemon answers")
    with ExitStack() as stack:
        try:
            servers = _start(stack)
        except REFUSALS as error:
            raise DockerRefusedError(f"Docker: {error}") from error
        yield servers


def _must_not_be_named() -> None:
    for name in (*NAMES_FOR_TESTS.database, *NAMES_FOR_TESTS.amqp):
        if os.environ.get(name) or os.environ.get(f"{name}_FILE"):
            raise DockerRefusedError(f"{name} names a server")


def _start(stack: ExitStack) -> Servers:
    client: Any = DockerClient(timeout=DAEMON_SECONDS).client
    stack.callback(client.close)
    client.ping()
    if not client.networks.list(filters={"driver": "bridge"}):
        raise DockerRefusedError("this Docker daemon does not publish ports")
    deadline = monotonic() + PULL_SECONDS
    reaper = [] if testcontainers_config.ryuk_disabled else [testcontainers_config.ryuk_image]
    for image in (POSTGRES_IMAGE, RABBIT_IMAGE, *reaper):
        _get_image(client, image, deadline)
    stack.callback(Reaper.delete_instance)
    return _servers(stack, secrets.token_hex(16))


def _get_image(client: Any, image: str, deadline: float) -> None:
    try:
        client.images.get(image)
    except ImageNotFound:
        # In pieces: each answers to the client's own timeout, and all of them to the deadline.
        for _ in client.api.pull(*image.rsplit(":", 1), stream=True):
            if monotonic() > deadline:
                raise DockerRefusedError(
                    f"{image} is not here after {PULL_SECONDS:.0f} s"
                ) from None
        client.images.get(image)


def _servers(stack: ExitStack, password: str) -> Servers:
    rabbit = (
        DockerContainer(RABBIT_IMAGE)
        .with_exposed_ports(5672, 15672)
        .with_envs(RABBITMQ_DEFAULT_USER=USER, RABBITMQ_DEFAULT_PASS=password)
    )
    # It boots while PostgreSQL is waited for.
    stack.enter_context(rabbit)
    postgres = PostgresContainer(
        POSTGRES_IMAGE, username=USER, password=password, dbname="postgres", driver=None
    )
    postgres.with_env("POSTGRES_INITDB_ARGS", "--encoding=UTF8 --locale=C.UTF-8")
    postgres.with_command(postgres_arguments()).with_kwargs(shm_size="256m")
    stack.enter_context(postgres)
    host, port = rabbit.get_container_host_ip(), int(rabbit.get_exposed_port(5672))
    management = f"http://{USER}:{password}@{host}:{rabbit.get_exposed_port(15672)}"
    _wait_until(lambda: amqp_answers(host, port) and rabbit_version(management) is not None)
    return Servers(
        database_url=postgres.get_connection_url(),
        amqp_url=f"amqp://{USER}:{password}@{host}:{port}/",
        management_url=management,
        origin=(
            f"PostgreSQL: a container of {POSTGRES_IMAGE}, started by testcontainers.",
            f"RabbitMQ: a container of {RABBIT_IMAGE}, started by testcontainers.",
        ),
    )


def _wait_until(answers: Callable[[], bool]) -> None:
    deadline = monotonic() + ANSWER_SECONDS
    while not answers():
        if monotonic() > deadline:
            raise DockerRefusedError(f"{RABBIT_IMAGE} does not answer")
        sleep(LOOK_EVERY_SECONDS)
