"""What an earlier run left because its guardian was killed: found by its file, and cleared."""

import os
from collections.abc import Callable
from pathlib import Path

from deploy.local.end_started import end_started
from deploy.local.processes import is_running
from deploy.local.started import Started, read_started, this_boot, this_pid_namespace

STATE_FILES = "servers-*.json"


def clear_stale(state_folder: Path, say: Callable[[str], None]) -> None:
    """End what stands in a state file whose guardian and run are gone."""
    for file in sorted(state_folder.glob(STATE_FILES)):
        try:
            started = read_started(file)
        except FileNotFoundError:
            continue
        except ValueError as error:
            say(f"{error}; remove it when nothing of this checkout runs")
            continue
        if not _is_looked_after(started):
            _clear(file, started, say)


def _is_looked_after(started: Started) -> bool:
    if started.boot != this_boot():
        return False
    # Its process numbers are those of another container: nothing can be known about them here.
    if started.pid_namespace != this_pid_namespace():
        return True
    # A run whose guardian was killed still uses its servers, and clears up itself at its end.
    return is_running(started.guardian) or _is_of_another_run(started)


def _is_of_another_run(started: Started) -> bool:
    return started.owner.pid != os.getpid() and is_running(started.owner)


def _clear(file: Path, started: Started, say: Callable[[str], None]) -> None:
    if started.boot != this_boot():
        started.processes.clear()
    names = [process.name for process in started.processes if is_running(process.identity)]
    say(f"clearing what an earlier run left: {', '.join([*names, *started.containers]) or 'data'}")
    trouble = end_started(started)
    for sentence in trouble:
        say(sentence)
    if not trouble:
        file.unlink(missing_ok=True)
