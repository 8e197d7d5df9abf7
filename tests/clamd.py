"""Debian's ClamAV daemon, found or installed, with a signature of our own and nothing else."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.apt_install import install_packages, root_prefix
from deploy.local.errors import InstallationError
from deploy.local.free_ports import free_ports
from deploy.local.installed_servers import search_path
from shared.media.antivirus import Antivirus, AntivirusAwayError
from shared.service import Service
from tests.eventually import eventually
from tests.servers import ROOT

PACKAGE = "clamav-daemon"
LOCALHOST = "127.0.0.1"
# The test file that every antivirus knows (EICAR), in halves: nobody's scanner shall find it here.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = "Ventanilla.Eicar.UNOFFICIAL"
# ClamAV's extended signatures: name, any kind of file, anywhere in it, these bytes.
SIGNATURE = f"Ventanilla.Eicar:0:*:{EICAR.hex()}\n"
SETTINGS = ROOT / "deploy" / "clamav" / "clamd.conf"


class NoClamdError(Exception):
    """There is none, and none can be installed here; the text says what to do."""


def find_clamd() -> str:
    """Give the path of the daemon; apt installs it if it may, else NoClamdError."""
    path = shutil.which("clamd", path=search_path())
    prefix = root_prefix() if path is None else None
    if prefix is not None:
        try:
            install_packages([PACKAGE], prefix, _say)
        except InstallationError as error:
            raise NoClamdError(str(error)) from error
        path = shutil.which("clamd", path=search_path())
    if path is None:
        raise NoClamdError(f"no antivirus: install it with `sudo apt-get install {PACKAGE}`")
    return path


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")


@dataclass
class Clamd:
    """One daemon on a port of its own, with the settings of deploy/ unless a test has others."""

    program: str
    folder: Path
    port: int
    process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> tuple[str, int]:
        return LOCALHOST, self.port

    @property
    def url(self) -> str:
        return f"tcp://{LOCALHOST}:{self.port}"

    async def start(self, **settings: str) -> None:
        """Start it and wait until it answers; `settings` are in place of those of deploy/."""
        (self.folder / "signatures").mkdir(exist_ok=True, parents=True)
        (self.folder / "signatures" / "ours.ndb").write_text(SIGNATURE, encoding="ascii")
        lines = SETTINGS.read_text(encoding="ascii").splitlines()
        told = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
        told |= {
            "TCPSocket": str(self.port),
            "TCPAddr": LOCALHOST,
            "LocalSocket": str(self.folder / "socket"),
            "DatabaseDirectory": str(self.folder / "signatures"),
            "TemporaryDirectory": str(self.folder),
            "PidFile": str(self.folder / "pid"),
            **settings,
        }
        file = self.folder / "clamd.conf"
        file.write_text("".join(f"{key} {value}\n" for key, value in told.items()))
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.program, f"--config-file={file}", stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        await eventually(self._answers)

    async def _answers(self) -> None:
        assert self.process is not None
        assert self.process.returncode is None, (self.folder / "log").read_text()[-2000:]
        try:
            await Antivirus(self.address, Service()).check()
        except AntivirusAwayError as error:
            raise AssertionError("it does not answer yet") from error

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    async def kill(self) -> None:
        """End it at once, whatever it does."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            await self.process.wait()


@asynccontextmanager
async def clamd_in(folder: Path) -> AsyncIterator[Clamd]:
    """Give a daemon that is not started yet, and end it."""
    clamd = Clamd(find_clamd(), folder, free_ports(1)[0])
    try:
        yield clamd
    finally:
        await clamd.kill()
