"""Processes of our services, each in a slot: killed or frozen at work, and started again."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from tests.eventually import eventually
from tests.faults.campaign.work_in_hand import WorkInHand
from tests.system import Process, System

LOOK_SECONDS = 0.02


@dataclass
class Slot:
    """One of the processes of a service; its successors have the same port and count."""

    service: str
    number: int
    port: int
    work: WorkInHand
    process: Process | None = None
    deaths: int = 0
    frozen: bool = False

    @property
    def name(self) -> str:
        return f"{self.service} {self.number}"

    @property
    def running(self) -> Process:
        """Give the process that runs now; raise LookupError between two."""
        if self.process is None or not self.process.running:
            raise LookupError(f"{self.name} does not run")
        return self.process


@dataclass(kw_only=True)
class Processes:
    """The slots of a system, whose folder is also where the processes meet whoever breaks them."""

    folder: Path
    system: System
    slots: list[Slot] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    """Processes that ended otherwise than by us."""
    began: float = field(default_factory=monotonic)

    def add(self, service: str, number: int, port: int) -> None:
        """Add a slot; its process is not started."""
        work = WorkInHand(self.folder / f"{service}-{number}.work")
        self.slots.append(Slot(service, number, port, work))

    async def start_all(self) -> None:
        """Start a process in each slot, and wait until all are ready."""
        await asyncio.gather(*(self.start(slot, wait=True) for slot in self.slots))

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Start again whatever ends, until the block is left."""
        watching = asyncio.create_task(self.watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    @property
    def work(self) -> int:
        """Count what all processes have in hand."""
        return sum(slot.work.count for slot in self.slots)

    async def work_is_in_hand(self, within: float = 10.0) -> int:
        """Wait until something is in hand, and give how much; 0 if nothing came."""

        async def some_work() -> int:
            work = self.work
            assert work > 0
            return work

        try:
            return await eventually(some_work, within=within, every=0.002)
        except AssertionError:
            return 0

    async def hold_one_at_work(self, services: Sequence[str], chance: Random) -> Slot | None:
        """Freeze a process of these services in the middle of work; None where none had any."""
        slots = [slot for slot in self.slots if slot.service in services and not slot.frozen]
        began = monotonic()
        while monotonic() - began < 10:
            chance.shuffle(slots)
            for slot in slots:
                if slot.work.count > 0 and self._freeze(slot):
                    return slot
            await asyncio.sleep(0.002)
        return None

    def _freeze(self, slot: Slot) -> bool:
        """Freeze it, and let it go again where its work has ended meanwhile."""
        if slot.process is None or not slot.process.running:
            return False
        slot.process.signal(signal.SIGSTOP)
        # It takes effect a moment after the signal was sent.
        while not _is_stopped(slot.process.pid):
            if not _is_there(slot.process.pid):
                return False
        if slot.work.count > 0:
            slot.frozen = True
            return True
        slot.process.signal(signal.SIGCONT)
        return False

    def thaw(self, slot: Slot) -> None:
        """Let a frozen process go on, if it is still there."""
        slot.frozen = False
        if slot.process is not None and slot.process.running:
            slot.process.signal(signal.SIGCONT)

    async def watch(self) -> None:
        """Start again whatever has ended, until cancelled."""
        while True:
            for slot in self.slots:
                process = slot.process
                if process is not None and not process.running:
                    self._note_end(slot, process)
                    await self.start(slot)
            await asyncio.sleep(LOOK_SECONDS)

    def _note_end(self, slot: Slot, process: Process) -> None:
        slot.deaths += 1
        slot.frozen = False
        code = process.process.returncode
        if code not in {0, -signal.SIGKILL}:
            tail = process.log_file.read_text(errors="replace").splitlines()[-3:]
            self.crashes.append(f"{slot.name} ended with {code}: {' | '.join(tail)}")

    async def start(self, slot: Slot, *, wait: bool = False) -> None:
        """Start a slot's next process."""
        # What its predecessor died with is not this one's.
        slot.work.set(0)
        slot.process = await self.system.start(
            slot.service,
            port=slot.port,
            module=("tests.faults.campaign.victim", str(self.folder), slot.service,
                    str(slot.number)),
            wait=wait,
        )  # fmt: skip

    async def everything_is_ready(self) -> None:
        """Raise AssertionError where a process is not ready."""
        for slot in self.slots:
            status, body = await self.system.health(slot.running)
            assert status == 200, f"{slot.name}: {body}"

    def count_lines(self, event: str) -> int:
        """Count the log lines of an event, of every process that ever ran."""
        mark = f'"event":"{event}"'.encode()
        return sum(one.log_file.read_bytes().count(mark) for one in self.system.processes)


def _is_stopped(pid: int) -> bool:
    return _state(pid) in {"T", "t"}


def _is_there(pid: int) -> bool:
    return _state(pid) not in {"", "Z", "X"}


def _state(pid: int) -> str:
    """Give the letter with which Linux tells what a process does, "" where there is none."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return told.rpartition(")")[2].split()[0]
