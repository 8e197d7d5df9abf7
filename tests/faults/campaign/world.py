"""The servers, the proxies before them, two processes of each service, and the simulator."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

import asyncpg

from deploy.local.guardian import Guardian
from deploy.local.private_postgres import PrivatePostgres
from deploy.local.private_rabbit import PrivateRabbit
from shared.database.migrate import migrate
from tests.eventually import eventually
from tests.faults.campaign.crash_points import Armed
from tests.faults.campaign.gate import Gate
from tests.faults.campaign.work_in_hand import WorkInHand
from tests.faults.tcp_proxy import TcpProxy, proxy_to
from tests.servers import TestServers, with_path
from tests.system import WORKERS, Process, System, free_port

TWICE = ("ingress", *WORKERS, "agent_desk")
GRACE_SECONDS = 5
UNKNOWN_RESEND_SECONDS = 6
LOOK_SECONDS = 0.02
WITNESS = Path(__file__).with_name("witness.sql")


@dataclass
class Slot:
    """One of two processes of a service; its successors have the same port and count."""

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


@dataclass
class World:
    """Everything that a fault can be done to."""

    folder: Path
    system: System
    postgres: PrivatePostgres
    rabbit: PrivateRabbit
    amqp_proxy: TcpProxy
    postgres_proxy: TcpProxy
    gate: Gate
    armed: Armed
    database_url: str
    amqp_url: str
    slots: list[Slot] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    """Processes that ended otherwise than by us."""
    complaints: list[str] = field(default_factory=list)
    """What a fault saw at once, for instance a process that did not drain."""
    began: float = field(default_factory=monotonic)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        """Connect past the proxy."""
        connection = await asyncpg.connect(self.database_url, timeout=5)
        try:
            yield connection
        finally:
            await connection.close()

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


@asynccontextmanager
async def open_world(folder: Path, say: Callable[[str], None]) -> AsyncIterator[World]:
    """Start everything with servers of its own, and end it."""
    async with AsyncExitStack() as stack:
        guardian = stack.enter_context(Guardian(folder))
        postgres, rabbit = PrivatePostgres(guardian), PrivateRabbit(guardian)
        await asyncio.gather(asyncio.to_thread(postgres.start), asyncio.to_thread(rabbit.start))
        database_url = await _make_database(postgres.url)
        amqp_proxy, amqp_url = await stack.enter_async_context(proxy_to(rabbit.url))
        postgres_proxy, proxied_url = await stack.enter_async_context(proxy_to(database_url))
        servers = TestServers(proxied_url, amqp_url, rabbit.management_url, "")
        system = await stack.enter_async_context(System(servers, proxied_url, amqp_url, folder))
        ports = [free_port(), free_port()]
        gate = Gate(tuple(f"http://127.0.0.1:{port}/webhook" for port in ports))
        gate_port = free_port()
        await stack.enter_async_context(gate.open(gate_port))
        system.environment |= {
            "SIMULATOR_WEBHOOK_URL": f"http://127.0.0.1:{gate_port}/webhook",
            "GRACE_PERIOD_SECONDS": str(GRACE_SECONDS),
            "REFUSAL_NOTICE_SECONDS": "2",
            "UNKNOWN_RESEND_SECONDS": str(UNKNOWN_RESEND_SECONDS),
            # Few citizens write much here: what waits for WhatsApp's limit would not be at rest.
            "WHATSAPP_PAIR_LIMIT": "off",
        }
        world = World(
            folder, system, postgres, rabbit, amqp_proxy, postgres_proxy, gate, Armed(folder),
            database_url, rabbit.url,
        )  # fmt: skip
        await system.start("whatsapp_simulator")
        for service in TWICE:
            for number in (1, 2):
                port = ports[number - 1] if service == "ingress" else free_port()
                work = WorkInHand(folder / f"{service}-{number}.work")
                world.slots.append(Slot(service, number, port, work))
        await asyncio.gather(*(world.start(slot, wait=True) for slot in world.slots))
        say(f"{len(world.slots)} processes are ready after {monotonic() - world.began:.1f} s")
        watching = asyncio.create_task(world.watch())
        try:
            yield world
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _make_database(url: str) -> str:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE DATABASE campaign")
    await connection.close()
    database_url = with_path(url, "campaign")
    await asyncio.to_thread(migrate, database_url)
    connection = await asyncpg.connect(database_url)
    await connection.execute(WITNESS.read_text(encoding="utf-8"))
    await connection.close()
    return database_url


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
