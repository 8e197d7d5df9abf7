"""What one guardian looks after, kept in a file so that the next run finds it after any crash."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local.processes import ProcessIdentity


@dataclass(frozen=True)
class StartedProcess:
    """A process that was started, and the signal that it is ended with."""

    name: str
    identity: ProcessIdentity
    farewell: int


@dataclass
class Started:
    """Processes, containers and folders; whose they are, and who will end and remove them."""

    owner: ProcessIdentity
    guardian: ProcessIdentity
    boot: str
    pid_namespace: str
    processes: list[StartedProcess] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def this_boot() -> str:
    """Give the machine's boot: process numbers and start times mean nothing beyond it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def this_pid_namespace() -> str:
    """Give the space in which process numbers count: a container has its own."""
    return str(Path("/proc/self/ns/pid").readlink())


def write_started(file: Path, started: Started) -> None:
    """Write the file so that a reader sees the old or the new one, never half of one."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(started), indent=1), encoding="utf-8")
    os.replace(draft, file)  # noqa: PTH105  the one call whose name says what it does


def read_started(file: Path) -> Started:
    """Read what `write_started` wrote; ValueError if it is something else."""
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        return Started(
            owner=ProcessIdentity(**facts["owner"]),
            guardian=ProcessIdentity(**facts["guardian"]),
            boot=facts["boot"],
            pid_namespace=facts["pid_namespace"],
            processes=[
                StartedProcess(one["name"], ProcessIdentity(**one["identity"]), one["farewell"])
                for one in facts["processes"]
            ],
            containers=facts["containers"],
            folders=facts["folders"],
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"{file} is not a list of started servers"
        raise ValueError(message) from error
