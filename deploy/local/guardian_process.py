"""A process that starts the servers for a run and ends them when the run does, however it ends.

It has a session of its own, so Ctrl-C in the terminal reaches neither it nor the servers. It takes
requests as lines of JSON on its standard input and ends when that closes: a killed run closes it
too. It is the parent of the servers, so that none can exist which it has not written down.
"""

import json
import os
import pwd
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.local.end_started import end_started
from deploy.local.processes import ProcessIdentity, identify, is_running
from deploy.local.started import (
    Started,
    StartedProcess,
    this_boot,
    this_pid_namespace,
    write_started,
)

# A forked child of the run may hold the pipe open: so the run itself is looked at, too.
LOOK_AT_OWNER_SECONDS = 1.0
STANDARD_INPUT = 0


class GuardianProcess:
    """Serves the requests of one run, its owner."""

    def __init__(self, owner: ProcessIdentity, state_file: Path, me: ProcessIdentity) -> None:
        self._owner = owner
        self._state_file = state_file
        self._started = Started(owner, me, this_boot(), this_pid_namespace())
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._told_to_end = False

    def serve_until_owner_ends(self) -> None:
        """Answer the owner's requests until it ends or a signal says that the machine stops."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._be_told_to_end)
        self._write_down()
        for line in self._lines():
            request = json.loads(line)
            number = request.pop("number")
            try:
                answer = self._answer(request)
            except OSError as error:
                answer = {"error": str(error)}
            try:
                print(json.dumps({"number": number, **answer}), flush=True)
            except BrokenPipeError:
                # The owner was killed while this was done for it.
                return

    def end(self) -> list[str]:
        """End and remove everything; what cannot be removed stays written down."""
        trouble = end_started(self._started)
        for child in self._children.values():
            child.poll()
        if not trouble:
            self._state_file.unlink(missing_ok=True)
        return trouble

    def _be_told_to_end(self, _number: int, _frame: object) -> None:
        self._told_to_end = True

    def _lines(self) -> Iterator[bytes]:
        waiting = b""
        while not self._told_to_end and is_running(self._owner):
            readable, _, _ = select.select([STANDARD_INPUT], [], [], LOOK_AT_OWNER_SECONDS)
            for child in self._children.values():
                child.poll()
            if not readable:
                continue
            read = os.read(STANDARD_INPUT, 65536)
            if not read:
                return
            *lines, waiting = (waiting + read).split(b"\n")
            yield from lines

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request.pop("do"):
            case "make_folder":
                return self._make_folder(**request)
            case "watch_container":
                return self._watch_container(**request)
            case "start_process":
                return self._start_process(**request)
            case "exit_code":
                return {"exit_code": self._children[request["pid"]].poll()}
            case unknown:
                return {"error": f"unknown request {unknown}"}

    def _make_folder(self, path: str, account: str | None) -> dict[str, Any]:
        self._started.folders.append(path)
        self._write_down()
        Path(path).mkdir(mode=0o700)
        if account is not None:
            user = pwd.getpwnam(account)
            os.chown(path, user.pw_uid, user.pw_gid)
        return {}

    def _watch_container(self, name: str) -> dict[str, Any]:
        self._started.containers.append(name)
        self._write_down()
        return {}

    def _start_process(
        self,
        name: str,
        argv: list[str],
        env: dict[str, str],
        folder: str,
        log: str,
        account: str | None,
        farewell: int,
    ) -> dict[str, Any]:
        group = None if account is None else pwd.getpwnam(account).pw_gid
        with Path(log).open("ab") as output:
            child = subprocess.Popen(
                argv,
                env=env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account,
                group=group,
                extra_groups=None if account is None else [],
                umask=0o077,
            )
        # A child is not reaped before it is polled, so even one that has ended can be identified.
        identity = identify(child.pid)
        if identity is None:
            return {"error": f"{name} cannot be seen in /proc"}
        self._children[child.pid] = child
        self._started.processes.append(StartedProcess(name, identity, farewell))
        self._write_down()
        return {"pid": identity.pid, "started": identity.started}

    def _write_down(self) -> None:
        living = [one for one in self._started.processes if is_running(one.identity)]
        self._started.processes = living
        write_started(self._state_file, self._started)


def main(state_folder: str, owner_pid: str, owner_started: str) -> int:
    """Guard for one owner; 1 if something could not be removed."""
    me = identify(os.getpid())
    if me is None:
        print("/proc does not show this process", file=sys.stderr)
        return 1
    owner = ProcessIdentity(int(owner_pid), int(owner_started))
    state_file = Path(state_folder) / f"servers-{me.pid}-{me.started}.json"
    guardian = GuardianProcess(owner, state_file, me)
    try:
        guardian.serve_until_owner_ends()
    finally:
        trouble = guardian.end()
        for sentence in trouble:
            print(f"local servers: {sentence}", file=sys.stderr)
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
