"""A PostgreSQL of this run alone: own data, own port, started from the installed programs."""

import re
import secrets
import signal
import subprocess
from pathlib import Path

from deploy.local.accounts import account_for, choose_folder, write_owned
from deploy.local.answering import postgres_answers
from deploy.local.errors import LocalServersError
from deploy.local.free_ports import LOOPBACK, free_ports
from deploy.local.guardian import Command, Guardian
from deploy.local.installed_servers import SYSTEM_FOLDERS, get_postgres
from deploy.local.processes import (
    ProcessIdentity,
    family,
    is_running,
    kill_tree,
    send,
    wait_until_gone,
)
from deploy.local.server import POSTGRES_SETTINGS, Server
from deploy.local.shared_memory import find_shared_memory, free_shared_memory
from deploy.local.wait_until_ready import run_to_end, wait_until_ready

SUPERUSER = "ventanilla"
DATABASE = "postgres"
FAST_STOP_SECONDS = 30.0
KILL_SECONDS = 10.0

# Durability is left as it is in production: what is committed here is on the disk.
SETTINGS = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
cluster_name = 'ventanilla'
timezone = 'UTC'
log_timezone = 'UTC'
"""


class PrivatePostgres:
    """Can be stopped, killed and started again on the same data and port; ends with its guardian.

    It belongs to a user of its own when this runs as root, because PostgreSQL refuses root.
    """

    def __init__(self, guardian: Guardian, programs: Path | None = None) -> None:
        self._guardian = guardian
        self._programs = programs or get_postgres()
        self._account = account_for("postgres")
        self._folder = choose_folder("postgres", self._account)
        self._data = self._folder / "data"
        self._log = self._folder / "postgres.log"
        (self._port,) = free_ports(1)
        self._password = secrets.token_hex(16)
        self._process: ProcessIdentity | None = None

    @property
    def url(self) -> str:
        """Give the address of a database whose user may create others."""
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self._port}/{DATABASE}"

    @property
    def pid(self) -> int:
        """Give the number of the server's first process."""
        return self._running().pid

    @property
    def origin(self) -> str:
        """Say in a sentence what this server is."""
        told = subprocess.run(
            [self._programs / "postgres", "--version"], check=True, capture_output=True, text=True
        )
        version = re.search(r"\d+(\.\d+)*", told.stdout)
        return (
            f"PostgreSQL {version[0] if version else 'of unknown version'}: a private instance of "
            f"the installed server on port {self._port}, its data in {self._folder} until the end."
        )

    def start(self) -> None:
        """Start the server, on a new cluster the first time, and wait until it answers."""
        if not self._folder.exists():
            self._create_cluster()
        argv = [str(self._programs / "postgres"), "-D", str(self._data)]
        # The guardian's farewell throws the data away, so the server may leave without a
        # checkpoint; SIGKILL would leave its shared memory behind.
        self._process = self._guardian.start_process(self._command(argv, signal.SIGQUIT))
        wait_until_ready(
            "PostgreSQL",
            self._guardian,
            self._process,
            lambda: postgres_answers(LOOPBACK, self._port),
            lambda: [self._log],
        )

    def stop(self) -> None:
        """Stop the server in good order; its data stay."""
        process = self._running()
        send(process, signal.SIGINT)
        if not wait_until_gone([process], FAST_STOP_SECONDS):
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill the server and all its children as a crash would; its data stay."""
        process = self._running()
        memory = find_shared_memory(family(process))
        if not wait_until_gone(kill_tree(process), KILL_SECONDS):
            raise LocalServersError(f"PostgreSQL (pid {process.pid}) cannot be killed")
        free_shared_memory(memory)
        self._process = None

    def _running(self) -> ProcessIdentity:
        if self._process is None or not is_running(self._process):
            raise LocalServersError("PostgreSQL is not running")
        return self._process

    def _create_cluster(self) -> None:
        self._guardian.make_folder(self._folder, self._account)
        password_file = self._folder / "password"
        write_owned(password_file, self._password, self._account)
        argv = [
            *(str(self._programs / "initdb"), "--pgdata", str(self._data)),
            *("--username", SUPERUSER, "--pwfile", str(password_file)),
            # Over loopback; scram would cost each client some 10 ms of hashing per connection.
            "--auth=password",
            # The same as in the containers: upper and lower case of Spanish letters, plain order.
            *("--encoding=UTF8", "--locale=C.UTF-8"),
            # Nothing is in it yet that a power cut could take.
            "--no-sync",
        ]
        process = self._guardian.start_process(self._command(argv, signal.SIGTERM))
        run_to_end("initdb", self._guardian, process, lambda: [self._log])
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(host=LOOPBACK, port=self._port))
            file.write("\n".join(POSTGRES_SETTINGS) + "\n")

    def _command(self, argv: list[str], farewell: signal.Signals) -> Command:
        return Command(
            name="PostgreSQL",
            argv=argv,
            env={"PATH": SYSTEM_FOLDERS, "LC_ALL": "C.UTF-8", "HOME": str(self._folder)},
            folder=str(self._folder),
            log=str(self._log),
            account=self._account,
            farewell=farewell,
        )


def start_private_postgres(guardian: Guardian) -> Server:
    """Start a PostgreSQL that ends with the guardian."""
    postgres = PrivatePostgres(guardian)
    postgres.start()
    return Server(postgres.url, postgres.origin)
