"""One campaign: load, faults one after the other, rest, audit."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from time import monotonic

import asyncpg

from tests.eventually import eventually
from tests.faults.campaign.audit import violations_in
from tests.faults.campaign.citizens import Agents, Citizens
from tests.faults.campaign.evidence import Evidence, collect
from tests.faults.campaign.kinds import KINDS
from tests.faults.campaign.resources import connections, footprints
from tests.faults.campaign.schedule import Planned, plan
from tests.faults.campaign.world import World, open_world
from tests.system import ADMIN_TOKEN

Say = Callable[[str], None]

WARM_UP_SECONDS = 6.0
REST_SECONDS = 240.0
AGENTS = 4

IS_AT_REST = """
SELECT (SELECT count(*) FROM outbox) AS outbox,
       (SELECT count(*) FROM attachments WHERE state = 'pending') AS files,
       (SELECT count(*) FROM tickets WHERE status = 'closing') AS closing,
       (SELECT count(*) FROM tickets WHERE refusal_notice_at IS NOT NULL) AS notices
"""


@dataclass(frozen=True, slots=True)
class Load:
    """How much is going on."""

    contacts: int = 60
    messages_per_second: float = 12.0
    answers_per_second: float = 4.0


@dataclass
class Result:
    """What a campaign did and found."""

    seed: int
    hits: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    evidence: Evidence | None = None
    deaths: int = 0
    rest_seconds: float = 0.0


async def run_campaign(
    seed: int,
    folder: Path,
    say: Say,
    *,
    seconds: float,
    load: Load,
    most_faults: int | None = None,
    kinds: Collection[str] = KINDS,
) -> Result:
    """Break for so many seconds, or so many times, what the seed says; audit what is left."""
    result = Result(seed)
    async with open_world(folder, say) as world:
        system = world.system
        citizens = Citizens(system, load.contacts, load.messages_per_second, seed)
        desks = tuple(
            f"http://127.0.0.1:{slot.port}/api/v1"
            for slot in world.slots
            if slot.service == "agent_desk"
        )
        agents = Agents(system.http, desks, ADMIN_TOKEN, seed)
        await system.behave(
            duplicates=1, shuffle=True, batch=4, collect_seconds=0.1, read_receipts=True, seed=seed
        )
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(citizens.write_until(stop))
            tasks.create_task(agents.work_until(stop, AGENTS, load.answers_per_second))
            await asyncio.sleep(WARM_UP_SECONDS)
            before = footprints(world), await connections(world)
            planned = islice(plan(seed, kinds), most_faults)
            await _break(world, citizens, planned, seconds, result, say)
            stop.set()
        result.rest_seconds = await _rest(world, result)
        evidence = await collect(world, tuple(citizens.written), tuple(agents.answers), before)
    result.evidence = evidence
    result.deaths = sum(slot.deaths for slot in world.slots)
    result.violations += [*world.crashes, *world.complaints, *violations_in(evidence)]
    return result


async def _break(
    world: World,
    citizens: Citizens,
    planned: Iterable[Planned],
    seconds: float,
    result: Result,
    say: Say,
) -> None:
    began = monotonic()
    for fault in planned:
        if monotonic() - began > seconds:
            break
        await asyncio.sleep(fault.pause)
        started = monotonic()
        words = await KINDS[fault.kind](world, citizens, Random(fault.seed))  # noqa: S311  repeatable on purpose
        took = monotonic() - started
        (result.hits if words is not None else result.misses)[fault.kind] += 1
        say(
            f"{started - began:6.1f} s  {fault.kind}: {words or 'nothing was under way'}"
            f" ({took:.1f} s)"
        )
    result.seconds = monotonic() - began


async def _rest(world: World, result: Result) -> float:
    """Wait until nothing is under way any more; give the seconds that took."""
    began = monotonic()

    async def all_is_done() -> None:
        async with world.system.http.get(f"{world.system.simulator_url}/webhooks") as answer:
            assert (await answer.json())["pending"] == 0, "webhooks are under way"
        await world.everything_is_ready()
        async with world.database() as database:
            left = await database.fetchrow(IS_AT_REST)
        assert left is not None
        assert not any(left.values()), dict(left)
        lengths = await world.system.queue_lengths()
        assert not any(n for name, n in lengths.items() if not name.endswith(".dead")), lengths

    async def check() -> None:
        # What cannot be asked yet is not at rest.
        try:
            await all_is_done()
        except (asyncpg.PostgresError, TimeoutError) as error:
            raise AssertionError(str(error)) from error

    for _ in range(2):  # what is at rest for a moment may have been between two steps
        try:
            await eventually(check, within=REST_SECONDS, every=0.5)
        except (AssertionError, LookupError, OSError) as error:
            result.violations.append(f"did not come to rest in {REST_SECONDS:.0f} s: {error}")
            break
        await asyncio.sleep(6.0)  # RabbitMQ counts every 5 s
    return monotonic() - began
