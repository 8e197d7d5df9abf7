"""Where the programs of an installed PostgreSQL and RabbitMQ are."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.local.errors import NoServerError

POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
POSTGRES_PROGRAMS = ("initdb", "postgres")

# Debian's programs on PATH are wrappers that insist on root or the user rabbitmq.
RABBIT_PROGRAMS = (
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server",
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
)
DEBIAN_WRAPPER = "rabbitmq-script-wrapper"

# The PATH of an ordinary user often lacks the folders in which servers are installed.
SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def search_path() -> str:
    """Give the PATH of whoever runs this, and the system's folders after it."""
    return os.pathsep.join([os.environ.get("PATH", ""), SYSTEM_FOLDERS]).strip(os.pathsep)


def find_postgres() -> Path | None:
    """Give the folder with PostgreSQL's programs, or None."""
    for folder in _postgres_folders():
        if all(os.access(folder / program, os.X_OK) for program in POSTGRES_PROGRAMS):
            return folder
    return None


def get_postgres() -> Path:
    """Give the folder with PostgreSQL's programs."""
    folder = find_postgres()
    if folder is None:
        raise NoServerError("PostgreSQL is not installed")
    return folder


def find_rabbit() -> Path | None:
    """Give RabbitMQ's start script, or None."""
    if shutil.which("erl", path=search_path()) is None:
        return None
    for program in _rabbit_programs():
        if os.access(program, os.X_OK):
            return program
    return None


def get_rabbit() -> Path:
    """Give RabbitMQ's start script."""
    program = find_rabbit()
    if program is None:
        raise NoServerError("RabbitMQ is not installed")
    return program


def _postgres_folders() -> Iterator[Path]:
    pg_config = shutil.which("pg_config", path=search_path())
    if pg_config is not None:
        told = subprocess.run(
            [pg_config, "--bindir"], check=False, capture_output=True, text=True, timeout=10
        )
        if told.returncode == 0:
            yield Path(told.stdout.strip())
    yield from _newest_first(POSTGRES_FOLDERS)
    on_path = shutil.which("postgres", path=search_path())
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _rabbit_programs() -> Iterator[Path]:
    yield from _newest_first(RABBIT_PROGRAMS)
    on_path = shutil.which("rabbitmq-server", path=search_path())
    if on_path is not None and Path(on_path).resolve().name != DEBIAN_WRAPPER:
        yield Path(on_path)


def _newest_first(patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        found = Path("/").glob(pattern.lstrip("/"))
        yield from sorted(found, key=_numbers, reverse=True)


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]
