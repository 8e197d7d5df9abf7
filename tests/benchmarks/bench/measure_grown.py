"""What work costs when much is stored: routing, and what agents look at all day."""

import statistics
from time import perf_counter

from tests.benchmarks.bench.grown_store import FIRST_MESSAGE, MESSAGES, analyse, grow, warm
from tests.benchmarks.bench.measure_router import FIFTY, route_stream
from tests.benchmarks.bench.stage import Stage
from tests.benchmarks.bench.turns import Bar, Section
from tests.system import System

LOOKS = 60
# Ten seconds of work. After a checkpoint each page goes into the log whole when it first changes;
# in two seconds a store that has grown does little else, and no store that works is in that state.
ROUTED = 60_000
SMALL, GROWN = "an empty database", f"{MESSAGES:,} messages stored"


async def measure_grown(stage: Stage, turns: int) -> Section:
    """Compare one router on an empty database with one on a grown one."""
    section = Section("ticket_router as the store grows, envelopes of 50", "messages/s")
    async with stage.place() as place:
        await grow(place.database_url)
        grown = stage.with_template(place.database_url)
        await section.take_turns(
            {
                SMALL: lambda: _rate(stage, 0),
                GROWN: lambda: _rate(grown, FIRST_MESSAGE),
            },
            turns,
        )
        section.compare(Bar("grown ÷ empty", GROWN, SMALL, 0.85))
        await _look(stage, grown, section)
    return section


async def _rate(stage: Stage, first: int) -> float:
    async with stage.place() as place:
        await warm(place.database_url)
        return await route_stream(place, FIFTY, first=first, count=ROUTED)


async def _look(small: Stage, grown: Stage, section: Section) -> None:
    """Compare what the desk answers; the small database has the messages of one turn."""
    medians: dict[str, dict[str, float]] = {}
    for name, stage, first in ((SMALL, small, 0), (GROWN, grown, FIRST_MESSAGE)):
        async with stage.place() as place:
            await route_stream(place, FIFTY, first=first)
            await analyse(place.database_url)
            await place.start("agent_desk")
            medians[name] = {
                what: await _median(place, path) for what, path in (await _paths(place)).items()
            }
    for what in medians[SMALL]:
        bar = Bar(f"{what}, grown ÷ small", what, what, 1.5, at_most=True)
        bar.reached = [medians[GROWN][what] / medians[SMALL][what]]
        section.bars.append(bar)
        section.notes.append(
            f"{what}: median {medians[SMALL][what]:.1f} ms and {medians[GROWN][what]:.1f} ms"
        )


async def _paths(place: System) -> dict[str, str]:
    """Give what an agent's page asks for: the inbox, what is unread, and one conversation."""
    (newest, *_) = await place.tickets(status="open")
    return {
        "the inbox": "/tickets?status=open&limit=50",
        "the unread": "/tickets?unread=true&limit=50",
        "a conversation": f"/tickets/{newest['number']}/messages?limit=50",
    }


async def _median(place: System, path: str) -> float:
    took = []
    for _ in range(LOOKS):
        began = perf_counter()
        status, answer = await place.desk("GET", path)
        took.append(1000 * (perf_counter() - began))
        assert status == 200, answer
    return statistics.median(took)
