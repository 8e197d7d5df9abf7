"""All services but the senders once, four senders, and a gate that remembers what was told."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from time import time

from tests.eventually import eventually
from tests.faults.campaign.crash_points import Armed
from tests.faults.campaign.gate import Gate
from tests.faults.campaign.processes import Processes
from tests.faults.campaign.victim import SEND_SECONDS_NAME
from tests.system import System, free_port

SENDERS = 4
UNKNOWN_RESEND_SECONDS = 3
# So slow that kills meet messages everywhere, and so fast that it ends.
MESSAGES_PER_SECOND = 60
ONCE = ("ticket_router", "status_tracker", "scheduler", "agent_desk")
REACHED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Kill:
    """A sender that was ended in the middle of work; `at` in Unix seconds."""

    at: float
    pid: int
    place: str


@dataclass(kw_only=True)
class SendingWorld(Processes):
    """The senders are in the slots; everything else stays whole."""

    gate: Gate
    armed: Armed
    kills: list[Kill] = field(default_factory=list)

    async def kill_anywhere(self, chance: Random) -> bool:
        """Kill a sender that has work in hand; False where none has any."""
        slot = await self.hold_one_at_work(["sender"], chance)
        if slot is None:
            return False
        self.kills.append(Kill(time(), slot.running.pid, "anywhere"))
        slot.running.signal(signal.SIGKILL)
        return True

    async def kill_at(self, point: str) -> bool:
        """Kill the next sender that comes by a point; False where none does."""
        self.armed.arm(point, signal.SIGKILL)

        async def is_reached() -> None:
            assert not self.armed.is_armed(point)

        try:
            await eventually(is_reached, within=REACHED_SECONDS, every=0.01)
        except AssertionError:
            if self.armed.disarm(point):
                return False
        self.kills.append(Kill(time(), self.armed.victim_of(point), point))
        return True


@asynccontextmanager
async def open_world(
    system: System, send_seconds: float, *, pair_limit: bool
) -> AsyncIterator[SendingWorld]:
    """Start everything but the senders, whose slots are there; keep senders alive once started."""
    ingress_port, gate_port = free_port(), free_port()
    gate = Gate((f"http://127.0.0.1:{ingress_port}/webhook",))
    system.environment |= {
        "SIMULATOR_WEBHOOK_URL": f"http://127.0.0.1:{gate_port}/webhook",
        "UNKNOWN_RESEND_SECONDS": str(UNKNOWN_RESEND_SECONDS),
        "WHATSAPP_MESSAGES_PER_SECOND": str(MESSAGES_PER_SECOND),
        "WHATSAPP_PAIR_LIMIT": "on" if pair_limit else "off",
        SEND_SECONDS_NAME: str(send_seconds),
    }
    world = SendingWorld(folder=system.folder, system=system, gate=gate, armed=Armed(system.folder))
    async with gate.open(gate_port):
        await system.start("ingress", port=ingress_port)
        await system.start("whatsapp_simulator")
        for service in ONCE:
            await system.start(service, wait=False)
        for process in system.processes:
            await system.ready(process)
        for number in range(1, SENDERS + 1):
            world.add("sender", number, free_port())
        yield world
