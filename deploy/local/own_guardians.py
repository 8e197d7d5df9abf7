"""The wait for this process's guardians, which end by themselves what Ctrl-C had interrupted."""

import os
import signal
from pathlib import Path

from deploy.local.clear_stale import STATE_FILES
from deploy.local.processes import ProcessIdentity, send, wait_until_gone
from deploy.local.started import read_started

END_SECONDS = 60.0


def wait_for_own_guardians(state_folder: Path) -> None:
    """Wait until they have ended, and with them all that they had started."""
    guardians = _own_guardians(state_folder)
    for guardian in guardians:
        # One that was not told yet would wait for the end of this process, which waits for it.
        send(guardian, signal.SIGTERM)
    wait_until_gone(guardians, END_SECONDS)


def _own_guardians(state_folder: Path) -> list[ProcessIdentity]:
    guardians = []
    for file in state_folder.glob(STATE_FILES):
        try:
            started = read_started(file)
        except (FileNotFoundError, ValueError):
            continue
        if started.owner.pid == os.getpid():
            guardians.append(started.guardian)
    return guardians
