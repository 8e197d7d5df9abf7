"""One sending campaign: load, kills beside it, rest, audit."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from time import monotonic

import asyncpg

from tests.eventually import eventually
from tests.faults.campaign.victim import SEND_SECONDS
from tests.faults.sending.audit import violations_in
from tests.faults.sending.evidence import Evidence, collect
from tests.faults.sending.load import Load
from tests.faults.sending.world import SendingWorld, open_world
from tests.system import System

REST_SECONDS = 240.0
POINTS = ("after taking before send", "after send before record")
COUNT_ITEMS = "SELECT count(*) FROM received_events"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent, and how much of it goes wrong."""

    contacts: int = 200
    messages: int = 10
    """To each contact; the first is the one that opens the ticket."""
    contacts_per_second: float = 6.0
    kills: int = 50
    seconds_between_kills: float = 0.5
    answers_lost: float = 0.1
    statuses_lost: float = 0.05
    pair_limit: bool = True
    """The sender keeps to WhatsApp's limit for one contact, and the simulator sees that it does."""
    send_seconds: float = SEND_SECONDS
    """How long a sender waits for an answer; a dead one is given up after three times that."""


@dataclass
class Result:
    """What a campaign did and found."""

    seed: int
    plan: Plan
    evidence: Evidence
    seconds: float
    violations: list[str] = field(default_factory=list)


async def run_campaign(seed: int, system: System, plan: Plan) -> Result:
    """Send everything while senders are killed; audit what is left."""
    async with open_world(system, plan.send_seconds, pair_limit=plan.pair_limit) as world:
        load = Load(system, plan.contacts, plan.messages, plan.contacts_per_second)
        await system.behave(
            duplicates=1, shuffle=True, batch=4, delay_seconds=0.05, status_before_answer=True,
            pair_limit=plan.pair_limit, lose_answer_share=plan.answers_lost,
            lose_status_share=plan.statuses_lost, seed=seed,
        )  # fmt: skip
        await load.open_tickets()
        await world.start_all()
        began = monotonic()
        async with world.watched():
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(load.answer())
                tasks.create_task(_kill(world, plan, Random(seed)))  # noqa: S311  repeatable on purpose
            stuck = await _rest(world)
        seconds = monotonic() - began
        evidence = await collect(world, load)
    violations = [*stuck, *world.crashes, *violations_in(evidence)]
    return Result(seed, plan, evidence, seconds, violations)


async def _kill(world: SendingWorld, plan: Plan, chance: Random) -> None:
    """Kill senders in the middle of work, half of them at the points where it matters most."""
    while len(world.kills) < plan.kills:
        await asyncio.sleep(chance.expovariate(1 / plan.seconds_between_kills))
        point = chance.choice((None, None, *POINTS))
        hit = await (world.kill_anywhere(chance) if point is None else world.kill_at(point))
        if not hit and await _outbox_is_empty(world):
            return


async def _outbox_is_empty(world: SendingWorld) -> bool:
    status, outbox = await world.system.desk("GET", "/outbox")
    return status == 200 and outbox["waiting"] == 0


async def _rest(world: SendingWorld) -> list[str]:
    """Wait until nothing is under way any more; give what is, if it does not end."""

    async def all_is_done() -> None:
        assert await _outbox_is_empty(world), "the outbox is not empty"
        await world.system.webhooks_at_rest(within=0)
        database = await asyncpg.connect(world.system.database_url)
        try:
            items = await database.fetchval(COUNT_ITEMS)
        finally:
            await database.close()
        assert items >= world.gate.accepted.total(), "not all that was told is written down"

    try:
        await eventually(all_is_done, within=REST_SECONDS, every=0.3)
    except AssertionError as error:
        return [f"did not come to rest in {REST_SECONDS:.0f} s: {error}"]
    return []
