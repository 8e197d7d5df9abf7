"""The services of a run: each a process of its own with its own log, all ended in good order."""

import os
import select
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from deploy.local.answering import http_answers_ok
from deploy.local.errors import RunError
from deploy.local.guardian import CHECKOUT, Command, Guardian
from deploy.local.processes import ProcessIdentity, is_running, send, wait_until_gone
from deploy.local.service_settings import environment_of, environment_with, service_url
from deploy.local.wait_until_ready import run_to_end, tail, wait_until_ready

# A service gives up draining after 25 s by itself.
DRAIN_SECONDS = 30.0


class ServiceEndedError(RunError):
    """A service has ended while it was needed; the message ends with the tail of its log."""


@dataclass(frozen=True)
class RunningService:
    """A service's process and what it writes."""

    name: str
    process: ProcessIdentity
    log: Path


class Services:
    """Starts every service once; they end with their guardian at the latest."""

    def __init__(
        self,
        guardian: Guardian,
        settings: Mapping[str, str],
        ports: Mapping[str, int],
        log_folder: Path,
    ) -> None:
        self._guardian = guardian
        self._settings = settings
        self._ports = ports
        self._log_folder = log_folder
        self._services: list[RunningService] = []

    def migrate(self) -> None:
        """Bring the database to the newest schema."""
        command = ["services.operations", "migrate"]
        migration = self._start("migrate", command, environment_with(self._settings))
        run_to_end("migrate", self._guardian, migration.process, lambda: [migration.log])

    def start(self) -> None:
        """Start all services and wait until each says that it is ready."""
        for name, port in self._ports.items():
            environment = environment_of(name, self._settings, port)
            self._services.append(self._start(name, [f"services.{name}"], environment))
        for service in self._services:
            self._wait_until_ready(service)

    def must_run(self) -> None:
        """Raise ServiceEndedError if a service does not run any more."""
        for service in self._services:
            if not is_running(service.process):
                code = self._guardian.exit_code(service.process)
                raise ServiceEndedError(
                    f"{service.name} ended with code {code}\n{tail([service.log])}"
                )

    def wait_until_one_ends(self) -> None:
        """Wait for as long as all services run, then raise ServiceEndedError."""
        with ExitStack() as stack:
            handles = []
            for service in self._services:
                self.must_run()
                handles.append(os.pidfd_open(service.process.pid))
                stack.callback(os.close, handles[-1])
            select.select(handles, [], [])
        self.must_run()

    def end(self, say: Callable[[str], None]) -> None:
        """Ask all services to end and let them finish their work; Ctrl-C cuts that short."""
        running = [service for service in self._services if is_running(service.process)]
        for service in running:
            send(service.process, signal.SIGTERM)
        wait_until_gone((service.process for service in running), DRAIN_SECONDS)
        for service in running:
            if is_running(service.process):
                say(f"{service.name} has not ended after {DRAIN_SECONDS:.0f} s and is killed")
            elif code := self._guardian.exit_code(service.process):
                say(f"{service.name} ended with code {code}: see {service.log}")

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> RunningService:
        log = self._log_folder / f"{name}.log"
        log.unlink(missing_ok=True)
        process = self._guardian.start_process(
            Command(
                name=name,
                argv=[sys.executable, "-m", *command],
                env=environment,
                folder=str(CHECKOUT),
                log=str(log),
                account=None,
                farewell=signal.SIGTERM,
            )
        )
        return RunningService(name, process, log)

    def _wait_until_ready(self, service: RunningService) -> None:
        health = f"{service_url(self._ports, service.name)}/health/ready"
        wait_until_ready(
            service.name,
            self._guardian,
            service.process,
            lambda: http_answers_ok(health),
            lambda: [service.log],
        )
