"""Runs that hold a private PostgreSQL, and the means to look at what is left of them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.answering import tcp_answers
from deploy.local.processes import ProcessIdentity, family, is_running
from deploy.local.started import Started, read_started

CHECKOUT = Path(__file__).resolve().parents[3]
HOLD_SERVERS = Path(__file__).with_name("hold_servers.py")


@dataclass
class Run:
    """A process that holds a private PostgreSQL."""

    process: subprocess.Popen[str]
    root: Path
    port: int
    started: Started
    processes: list[ProcessIdentity]

    def next_line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def assert_nothing_is_left(self) -> None:
        assert [process for process in self.processes if is_running(process)] == []
        assert not tcp_answers("127.0.0.1", self.port)
        assert [folder for folder in self.started.folders if Path(folder).exists()] == []
        assert state_files(self.root) == []


def state_files(root: Path) -> list[Path]:
    return sorted((root / ".local").glob("servers-*.json"))


def start_holding(root: Path, *options: str) -> subprocess.Popen[str]:
    """Start a run in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, str(HOLD_SERVERS), str(root), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        process_group=0,
    )


def look_at_run(process: subprocess.Popen[str], root: Path, before: list[Path]) -> Run:
    """Wait until a run has its servers, and note what it started."""
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["database_url"]
    (file,) = (file for file in state_files(root) if file not in before)
    started = read_started(file)
    return Run(
        process=process,
        root=root,
        port=int(url.rpartition(":")[2].partition("/")[0]),
        started=started,
        processes=[started.guardian, *family(started.processes[-1].identity)],
    )
