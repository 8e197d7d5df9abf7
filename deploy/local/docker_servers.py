"""PostgreSQL and RabbitMQ in containers of this run alone, by means of the docker program."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic, sleep

from deploy.local.answering import amqp_answers, postgres_answers, rabbit_version
from deploy.local.end_started import FOLDER_PREFIX, remove_container
from deploy.local.free_ports import LOOPBACK
from deploy.local.guardian import Guardian
from deploy.local.server import POSTGRES_SETTINGS, Server

POSTGRES_IMAGE = "postgres:17"
RABBIT_IMAGE = "rabbitmq:4-management"

DAEMON_SECONDS = 5.0
PULL_SECONDS = 20.0
COMMAND_SECONDS = 20.0
ANSWER_SECONDS = 45.0
LOOK_EVERY_SECONDS = 0.1

USER = "ventanilla"


class DockerRefusedError(Exception):
    """This way to a server is not open here; the message says why."""


def docker_answers() -> bool:
    """Tell whether there is a docker program and a daemon behind it."""
    if shutil.which("docker") is None:
        return False
    try:
        version = _docker("info", "--format", "{{.ServerVersion}}", seconds=DAEMON_SECONDS)
    except DockerRefusedError:
        return False
    return version.strip() != ""


def postgres_arguments() -> list[str]:
    """Give what a container of PostgreSQL is started with."""
    return [word for setting in POSTGRES_SETTINGS for word in ("-c", setting)]


def start_postgres_container(guardian: Guardian) -> Server:
    """Start PostgreSQL in a container; DockerRefusedError if it cannot be had that way."""
    password = secrets.token_hex(16)
    settings = {
        "POSTGRES_USER": USER,
        "POSTGRES_PASSWORD": password,
        "POSTGRES_DB": "postgres",
        "POSTGRES_INITDB_ARGS": "--encoding=UTF8 --locale=C.UTF-8",
    }
    _get_image(POSTGRES_IMAGE)
    name = _run(guardian, POSTGRES_IMAGE, settings, [5432], postgres_arguments())
    with _removed_if_refused(name):
        port = _published_port(name, 5432)
        _wait_until(name, guardian, lambda: postgres_answers(LOOPBACK, port))
    url = f"postgresql://{USER}:{password}@{LOOPBACK}:{port}/postgres"
    return Server(url, f"PostgreSQL: a container of {POSTGRES_IMAGE} on port {port}.")


def start_rabbit_container(guardian: Guardian) -> Server:
    """Start RabbitMQ in a container; DockerRefusedError if it cannot be had that way."""
    password = secrets.token_hex(16)
    settings = {"RABBITMQ_DEFAULT_USER": USER, "RABBITMQ_DEFAULT_PASS": password}
    _get_image(RABBIT_IMAGE)
    name = _run(guardian, RABBIT_IMAGE, settings, [5672, 15672])
    with _removed_if_refused(name):
        port = _published_port(name, 5672)
        management = f"http://{USER}:{password}@{LOOPBACK}:{_published_port(name, 15672)}"
        _wait_until(
            name,
            guardian,
            lambda: amqp_answers(LOOPBACK, port) and rabbit_version(management) is not None,
        )
    return Server(
        url=f"amqp://{USER}:{password}@{LOOPBACK}:{port}/",
        origin=f"RabbitMQ: a container of {RABBIT_IMAGE} on port {port}.",
        management_url=management,
    )


def _get_image(image: str) -> None:
    try:
        _docker("image", "inspect", image, seconds=COMMAND_SECONDS)
    except DockerRefusedError:
        _docker("pull", "--quiet", image, seconds=PULL_SECONDS)


def _run(
    guardian: Guardian,
    image: str,
    settings: Mapping[str, str],
    ports: Sequence[int],
    arguments: Sequence[str] = (),
) -> str:
    name = f"{FOLDER_PREFIX}{image.partition(':')[0]}-{secrets.token_hex(4)}"
    guardian.watch_container(name)
    with _removed_if_refused(name):
        _docker(
            *("run", "--detach", "--rm", "--pull=never", "--name", name),
            *("--label", "ventanilla=local"),
            # Docker's own 64 MB of shared memory are too few for a query with parallel workers.
            "--shm-size=256m",
            # By name alone: a value would stand in the list of processes.
            *(f"--env={setting}" for setting in settings),
            *(f"--publish={LOOPBACK}::{port}" for port in ports),
            *(image, *arguments),
            seconds=COMMAND_SECONDS,
            settings=settings,
        )
    return name


def _published_port(name: str, port: int) -> int:
    # A daemon without a network of its own starts the container and publishes nothing.
    told = _docker("port", name, f"{port}/tcp", seconds=COMMAND_SECONDS).split()
    published = told[0].rpartition(":")[2] if told else ""
    if not published.isdigit():
        raise DockerRefusedError("this Docker daemon does not publish ports")
    return int(published)


def _wait_until(name: str, guardian: Guardian, answers: Callable[[], bool]) -> None:
    deadline = monotonic() + ANSWER_SECONDS
    while not answers():
        guardian.must_be_there()
        if monotonic() > deadline:
            raise DockerRefusedError(f"{name} does not answer after {ANSWER_SECONDS:.0f} s")
        # With --rm, a container whose server has ended is there no more.
        _docker("inspect", "--format", "{{.State.Running}}", name, seconds=COMMAND_SECONDS)
        sleep(LOOK_EVERY_SECONDS)


@contextmanager
def _removed_if_refused(name: str) -> Iterator[None]:
    try:
        yield
    except DockerRefusedError as error:
        if (trouble := remove_container(name)) is not None:
            raise DockerRefusedError(f"{error}; {trouble}") from error
        raise


def _docker(*arguments: str, seconds: float, settings: Mapping[str, str] | None = None) -> str:
    """Run a docker command; DockerRefusedError with the last line that it said."""
    try:
        done = subprocess.run(
            ["docker", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **(settings or {})},
        )
    except subprocess.TimeoutExpired as error:
        said = f"docker {arguments[0]} takes longer than {seconds:.0f} s"
        raise DockerRefusedError(said) from error
    except OSError as error:
        raise DockerRefusedError(str(error)) from error
    if done.returncode != 0:
        said = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise DockerRefusedError(f"docker {arguments[0]}: {said}")
    return done.stdout
