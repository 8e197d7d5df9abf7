"""From a webhook to the opening message on the phone, against the sum of the bare hops between."""

import asyncio
import statistics
from datetime import datetime
from time import monotonic, time
from typing import Any

import asyncpg

from tests.benchmarks.bench.bare_hops import time_hops
from tests.benchmarks.bench.stage import Stage
from tests.benchmarks.bench.turns import Bar, Section, quantile
from tests.benchmarks.bench.workload import phone_of, webhook
from tests.eventually import eventually
from tests.system import System
from tests.webhooks import signed

PER_SECOND = 80
SECONDS = 8
# `sent`, `delivered` and `read`, each in a webhook of its own.
STATUSES_PER_SEND = 3

COUNT_ITEMS = "SELECT count(*) FROM received_events"

P50, P99, HOPS = "webhook to phone, p50", "webhook to phone, p99", "sum of the bare hops' medians"


async def measure_latency(stage: Stage, turns: int) -> Section:
    """Measure the way and its hops, turn by turn."""
    statuses = PER_SECOND * STATUSES_PER_SEND
    section = Section(f"latency at {PER_SECOND} messages and {statuses} statuses a second", "ms")
    hops: dict[str, list[float]] = {}
    every: list[float] = []
    async with stage.place() as system:
        await system.start_all(media_validator=0, agent_desk=0)
        await system.behave(read_receipts=True)
        await _turn(system, 0, seconds=2)  # to be warm
        for turn in range(1, turns + 1):
            latencies = await _turn(system, turn, seconds=SECONDS)
            every += latencies
            medians = await time_hops(stage, system)
            for name, value in medians.items():
                hops.setdefault(name, []).append(value)
            for name, value in (
                (P50, quantile(latencies, 50)),
                (P99, quantile(latencies, 99)),
                (HOPS, sum(medians.values())),
            ):
                section.values.setdefault(name, []).append(value)
                print(f"  {section.name}: {name}: {value:.1f} ms", flush=True)
        section.notes.append(_say_stages(system))
    section.compare(Bar("p50 ÷ hops", P50, HOPS, 3, at_most=True))
    section.compare(Bar("p99 ÷ hops", P99, HOPS, 5, at_most=True))
    section.values |= {f"hop: {name}": values for name, values in hops.items()}
    section.details["latencies_ms"] = [round(one, 2) for one in every]
    return section


async def _turn(system: System, turn: int, *, seconds: int) -> list[float]:
    """Give milliseconds from posting a first message to its opening message on the phone.

    Returns when all statuses are tracked, so that what follows begins at rest.
    """
    first = 1_000_000 * (turn + 1)
    numbers = range(first, first + PER_SECOND * seconds)
    database = await asyncpg.connect(system.database_url)
    before = await database.fetchval(COUNT_ITEMS)
    posted: dict[int, float] = {}
    began = monotonic()

    async def write(number: int) -> None:
        await asyncio.sleep(max(0.0, began + (number - first) / PER_SECOND - monotonic()))
        body = webhook(number, at=time(), contact=number)
        posted[number] = time()
        url = f"{system.ingress_urls[0]}/webhook"
        async with system.http.post(url, data=body, headers=signed(body)) as answer:
            assert answer.status == 200

    await asyncio.gather(*(write(number) for number in numbers))
    latencies = [await _arrival(system, phone_of(one)) - posted[one] for one in numbers]

    async def tracked() -> None:
        items = await database.fetchval(COUNT_ITEMS) - before
        assert items == len(numbers) * (1 + STATUSES_PER_SEND), items

    await eventually(tracked)
    await database.close()
    return [1000 * one for one in latencies]


async def _arrival(system: System, phone: str) -> float:
    """Give when the opening message came to a phone, in seconds since 1970."""

    async def arrived() -> float:
        (message,) = await system.phone(phone)
        return datetime.fromisoformat(message["at"]).timestamp()

    return await eventually(arrived)


def _say_stages(system: System) -> str:
    """Tell from the logs how long a message is with ingress, and then until the router commits."""
    accepted = {one["trace_id"]: one for one in system.events("webhook.accepted")}
    opened = [one for one in system.events("ticket.opened") if one["trace_id"] in accepted]
    confirming = statistics.median(accepted[one["trace_id"]]["took_ms"] for one in opened)
    routing = statistics.median(
        1000 * (_logged_at(one) - _logged_at(accepted[one["trace_id"]])) for one in opened
    )
    return (
        f"medians by stage: ingress {confirming:.1f} ms until confirmed, then {routing:.1f} ms "
        "until the router's commit; the rest is the sender's"
    )


def _logged_at(line: dict[str, Any]) -> float:
    return datetime.fromisoformat(line["timestamp"]).timestamp()
