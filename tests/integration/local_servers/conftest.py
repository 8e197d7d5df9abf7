"""Machines on which no server is named and no Docker answers, and runs on them."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from deploy.local.installed_servers import find_postgres
from tests.integration.local_servers.runs import Run, look_at_run, start_holding, state_files

NO_DOCKER = "unix:///nowhere/docker.sock"


@pytest.fixture
def eventually() -> Callable[[Callable[[], None]], None]:
    def wait(check: Callable[[], None]) -> None:
        for attempt in Retrying(stop=stop_after_delay(15), wait=wait_fixed(0.05), reraise=True):
            with attempt:
                check()

    return wait


@pytest.fixture
def no_named_servers(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Have no server named, and no Docker daemon."""
    for name in ("DATABASE_URL", "AMQP_URL", "AMQP_MANAGEMENT_URL"):
        for variable in (name, f"TEST_{name}", f"{name}_FILE", f"TEST_{name}_FILE"):
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DOCKER_HOST", NO_DOCKER)
    return monkeypatch


@pytest.fixture
def postgres_alone(no_named_servers: pytest.MonkeyPatch) -> Iterator[None]:
    """Name a broker, so that the much faster PostgreSQL alone has to be started."""
    if find_postgres() is None:
        # Without this, apt would install it.
        pytest.skip("PostgreSQL is not installed here")
    with socket.create_server(("127.0.0.1", 0)) as broker:
        no_named_servers.setenv("AMQP_URL", f"amqp://127.0.0.1:{broker.getsockname()[1]}/")
        yield


@pytest.fixture
def start_run(postgres_alone: None, tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start runs of one checkout."""
    with ExitStack() as stack:

        def start(*options: str) -> Run:
            before = state_files(tmp_path)
            process = stack.enter_context(start_holding(tmp_path, *options))
            stack.callback(process.kill)
            return look_at_run(process, tmp_path, before)

        yield start
