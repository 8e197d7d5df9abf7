"""Runs of `make run`, and what is left of them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from deploy.local.answering import tcp_answers
from deploy.local.processes import ProcessIdentity, family, is_running, send
from deploy.local.started import Started, read_started
from tests.servers import ROOT

# Nobody answers there: no Docker is asked, so that what is started are processes to look at.
NO_DOCKER = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
NAMES = ("DATABASE_URL", "AMQP_URL", "AMQP_MANAGEMENT_URL")


@dataclass
class Run:
    """A run in a process group of its own, as a shell starts it."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Note what it says, until nobody says anything any more."""
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip())

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def has_said(self, words: str) -> bool:
        """Tell whether it has; fail where it has ended without."""
        if words in self.text:
            return True
        assert self.process.poll() is None, self.text
        return False

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def started(self) -> list[Started]:
        """Give what its guardians look after: one for the services, one for private servers."""
        all_started = [read_started(file) for file in (ROOT / ".local").glob("servers-*.json")]
        return [one for one in all_started if one.owner.pid == self.process.pid]


@dataclass(frozen=True)
class Traces:
    """Everything by which a run could be noticed after its end."""

    processes: list[ProcessIdentity]
    ports: list[int]
    folders: list[str]

    def left(self) -> list[object]:
        """Give what is still there."""
        return [
            *(process for process in self.processes if is_running(process)),
            *(port for port in self.ports if tcp_answers("127.0.0.1", port)),
            *(folder for folder in self.folders if Path(folder).exists()),
        ]


def traces(run: Run) -> Traces:
    """Look at a run that is up."""
    me = ProcessIdentity(run.process.pid, run.started()[0].owner.started)
    return Traces(
        processes=family(me),
        ports=[int(port) for port in re.findall(r"(?:127\.0\.0\.1:|on port )(\d+)", run.text)],
        folders=[folder for started in run.started() for folder in started.folders],
    )


@contextmanager
def start_run(*options: str, named: Mapping[str, str] | None = None) -> Iterator[Run]:
    """Start a run; without `named` servers it starts private ones."""
    dropped = {*NAMES, *(f"{name}_FILE" for name in NAMES)}
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local", *options],
        cwd=ROOT,
        env={**environment, **NO_DOCKER, **(named or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        run = Run(process)
        reader = Thread(target=run.read)
        reader.start()
        try:
            yield run
        finally:
            for started in run.started():
                # A test that failed may leave one stopped, which would stay for ever.
                send(started.guardian, signal.SIGCONT)
            process.kill()
            reader.join()
