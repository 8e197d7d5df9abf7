"""The run's side of its guardian: start servers through it, and they end when the run does."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from deploy.local.clear_stale import clear_stale
from deploy.local.errors import GuardianLostError, LocalServersError
from deploy.local.processes import ProcessIdentity, identify

CHECKOUT = Path(__file__).resolve().parents[2]

# Longer than everything that the guardian itself waits for when it ends what it holds.
END_SECONDS = 60.0


@dataclass(frozen=True)
class Command:
    """A server's process: how it is started, as whom, and with which signal it is ended.

    A farewell of SIGKILL means the process and everything that descends from it.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    folder: str
    log: str
    account: str | None
    farewell: int


class Guardian:
    """Starts processes, folders and containers that end with this process, whatever happens."""

    def __init__(self, root: Path) -> None:
        self._state_folder = root / ".local"
        self._one_at_a_time = Lock()
        self._number = 0
        self._process = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def make_folder(self, path: Path, account: str | None) -> None:
        """Make a closed folder that belongs to the account and is removed at the end."""
        self._ask("make_folder", path=str(path), account=account)

    def watch_container(self, name: str) -> None:
        """Have a container removed at the end; said before it is started."""
        self._ask("watch_container", name=name)

    def start_process(self, command: Command) -> ProcessIdentity:
        """Start a process in a session of its own."""
        answer = self._ask("start_process", **asdict(command))
        return ProcessIdentity(answer["pid"], answer["started"])

    def exit_code(self, process: ProcessIdentity) -> int | None:
        """Give the exit code of a process that was started here, None while it runs."""
        code: int | None = self._ask("exit_code", pid=process.pid)["exit_code"]
        return code

    def must_be_there(self) -> None:
        """Raise GuardianLostError if what was started is being ended, or is ended already."""
        if self._process.poll() is not None or (self._process.stdin or sys.stdin).closed:
            raise GuardianLostError("the local servers are being ended")

    def close(self) -> None:
        """End everything that was started and wait until it is gone.

        Interrupted, it returns at once: the guardian goes on to the end by itself.
        """
        if self._process.stdin is None or self._process.stdout is None:
            return
        with self._one_at_a_time:
            _close_quietly(self._process)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise LocalServersError(
                f"the guardian of the local servers (pid {self._process.pid}) does not end"
            ) from error
        if self._process.returncode < 0:
            clear_stale(self._state_folder, lambda line: print(line, file=sys.stderr))

    def _start(self) -> subprocess.Popen[bytes]:
        me = identify(os.getpid())
        if me is None:
            raise LocalServersError(
                "/proc does not show processes here, so servers could not be ended for certain: "
                "name servers in the environment instead"
            )
        self._state_folder.mkdir(exist_ok=True)
        module = "deploy.local.guardian_process"
        owner = [str(me.pid), str(me.started)]
        return subprocess.Popen(
            [sys.executable, "-m", module, str(self._state_folder.resolve()), *owner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            start_new_session=True,
        )

    def _ask(self, do: str, **facts: object) -> dict[str, Any]:
        with self._one_at_a_time:
            answer = self._exchange({"do": do, **facts})
        if "error" in answer:
            raise LocalServersError(f"{do}: {answer['error']}")
        return answer

    def _exchange(self, request: dict[str, object]) -> dict[str, Any]:
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None or requests.closed:
            raise GuardianLostError("the local servers are being ended")
        self._number += 1
        try:
            requests.write(json.dumps({"number": self._number, **request}).encode() + b"\n")
            requests.flush()
            # An answer with an older number belongs to a request that Ctrl-C interrupted.
            while line := answers.readline():
                answer: dict[str, Any] = json.loads(line)
                if answer["number"] == self._number:
                    return answer
        except BrokenPipeError as error:
            raise GuardianLostError("the guardian of the local servers has ended") from error
        raise GuardianLostError("the guardian of the local servers has ended")


def _close_quietly(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is None:
            continue
        try:
            pipe.close()
        except BrokenPipeError:
            continue
