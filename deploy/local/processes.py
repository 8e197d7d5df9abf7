"""Processes that can be told apart from later ones with the same number, and their end."""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

PROC = Path("/proc")
LOOK_EVERY_SECONDS = 0.02


@dataclass(frozen=True)
class ProcessIdentity:
    """A process: its number, and when it started in clock ticks since the machine's boot."""

    pid: int
    started: int


def identify(pid: int) -> ProcessIdentity | None:
    """Give the identity of the process with this number, or None if there is none (any more)."""
    stat = _read_stat(pid)
    return None if stat is None else ProcessIdentity(pid, stat.started)


def is_running(process: ProcessIdentity) -> bool:
    """Tell whether this very process runs; one that waits only to be reaped does not."""
    stat = _read_stat(process.pid)
    if stat is None or stat.started != process.started:
        return False
    # The first thread of a killed process can be gone while others still hold its ports open.
    return stat.state not in "ZX" or stat.threads > 1


def send(process: ProcessIdentity, number: int) -> None:
    """Send a signal to this very process; to nobody if it is gone or its number is used again."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(process.pid)
        try:
            # The handle holds the process, so between this look and the signal nothing can change.
            if is_running(process):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def kill_tree(process: ProcessIdentity) -> list[ProcessIdentity]:
    """Send SIGKILL to a process and all that descend from it; give those that were hit."""
    # Stopped first, so that it starts nobody between the look at its children and its end.
    send(process, signal.SIGSTOP)
    members = family(process)
    for member in members:
        send(member, signal.SIGKILL)
    return members


def family(process: ProcessIdentity) -> list[ProcessIdentity]:
    """Give a process and all that descend from it; nothing if it does not run any more."""
    if not is_running(process):
        return []
    children: dict[int, list[_Stat]] = {}
    for stat in _every_stat():
        children.setdefault(stat.parent, []).append(stat)
    members = [process]
    for member in members:
        members += [
            ProcessIdentity(child.pid, child.started) for child in children.get(member.pid, [])
        ]
    return members


def wait_until_gone(processes: Iterable[ProcessIdentity], seconds: float) -> bool:
    """Wait until none of the processes runs; False if the time is over first."""
    deadline = monotonic() + seconds
    remaining = [process for process in processes if is_running(process)]
    while remaining:
        if monotonic() > deadline:
            return False
        sleep(LOOK_EVERY_SECONDS)
        remaining = [process for process in remaining if is_running(process)]
    return True


@dataclass(frozen=True)
class _Stat:
    pid: int
    state: str
    parent: int
    threads: int
    started: int


def _read_stat(pid: int) -> _Stat | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name of the program stands in brackets and may hold brackets and spaces itself.
    fields = text[text.rindex(")") + 2 :].split()
    return _Stat(
        pid=pid,
        state=fields[0],
        parent=int(fields[1]),
        threads=int(fields[17]),
        started=int(fields[19]),
    )


def _every_stat() -> Iterator[_Stat]:
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _read_stat(int(entry.name))) is not None:
            yield stat
