"""The end of what was started: processes, then containers, then the folders with their data."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local.processes import is_running, kill_tree, send, wait_until_gone
from deploy.local.started import Started, StartedProcess

# The data is thrown away, so nobody has to be waited for who writes it down in good order.
FAREWELL_SECONDS = 5.0
KILL_SECONDS = 5.0
DOCKER_SECONDS = 30.0

FOLDER_PREFIX = "ventanilla-"


def end_started(started: Started) -> list[str]:
    """End and remove everything; give one sentence for each thing that could not be removed."""
    return [
        *_end_processes(started.processes),
        *_remove_containers(started.containers),
        *_remove_folders(started.folders),
    ]


def _end_processes(processes: list[StartedProcess]) -> Iterator[str]:
    running = [process for process in processes if is_running(process.identity)]
    refused: list[StartedProcess] = []
    for process in running:
        try:
            _say_farewell(process)
        except PermissionError:
            refused.append(process)
            yield f"{process.name} (pid {process.identity.pid}) belongs to another user"
    mine = [process for process in running if process not in refused]
    if wait_until_gone((process.identity for process in mine), FAREWELL_SECONDS):
        return
    for process in mine:
        wait_until_gone(kill_tree(process.identity), KILL_SECONDS)
        if is_running(process.identity):
            yield f"{process.name} (pid {process.identity.pid}) cannot be killed"


def _say_farewell(process: StartedProcess) -> None:
    if process.farewell == signal.SIGKILL:
        kill_tree(process.identity)
    else:
        send(process.identity, process.farewell)


def _remove_containers(names: list[str]) -> Iterator[str]:
    for name in names:
        if (trouble := remove_container(name)) is not None:
            yield trouble


def remove_container(name: str) -> str | None:
    """Remove a container and its data; give a sentence if that fails."""
    command = ["docker", "rm", "--force", "--volumes", name]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=DOCKER_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the container {name} may still be there ({error})"
    if done.returncode != 0 and "No such container" not in done.stderr:
        return f"the container {name} may still be there ({done.stderr.strip()})"
    return None


def _remove_folders(folders: list[str]) -> Iterator[str]:
    for folder in map(Path, folders):
        if not folder.name.startswith(FOLDER_PREFIX):
            yield f"{folder} is no folder of ours and stays"
            continue
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield f"{folder} could not be removed ({error})"
