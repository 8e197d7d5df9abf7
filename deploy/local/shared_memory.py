"""The shared memory of a PostgreSQL that is about to be killed, which nobody else would free."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import ProcessIdentity

# A line of /proc/<pid>/maps: addresses, rights, offset, device, inode, name.
POSIX_SEGMENT = re.compile(r"(/dev/shm/PostgreSQL\.\d+)")
SYSTEM_V_SEGMENT = re.compile(r"\s(\d+)\s+/SYSV[0-9a-f]{8}")


@dataclass(frozen=True)
class SharedMemory:
    """The segments that one server has mapped."""

    files: frozenset[Path]
    system_v_ids: frozenset[int]


def find_shared_memory(processes: Iterable[ProcessIdentity]) -> SharedMemory:
    """Give the segments of a running server; some are mapped by its children alone."""
    maps = "".join(_read_maps(process.pid) for process in processes)
    return SharedMemory(
        files=frozenset(map(Path, POSIX_SEGMENT.findall(maps))),
        system_v_ids=frozenset(map(int, SYSTEM_V_SEGMENT.findall(maps))),
    )


def free_shared_memory(memory: SharedMemory) -> None:
    """Free what a killed server left; it makes itself new segments when it starts again."""
    for file in memory.files:
        file.unlink(missing_ok=True)
    if shutil.which("ipcrm") is None:
        return
    for number in memory.system_v_ids:
        # It fails where the segment is gone already, which is what is wanted.
        subprocess.run(["ipcrm", "--shmem-id", str(number)], check=False, capture_output=True)


def _read_maps(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
