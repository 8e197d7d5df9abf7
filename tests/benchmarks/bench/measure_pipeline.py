"""The whole pipeline: the highest steady rate of webhooks, and what limits it."""

from dataclasses import asdict, dataclass
from time import monotonic

import asyncpg

from tests.benchmarks.bench.load import Load
from tests.benchmarks.bench.stage import Stage, Used, put_load, used_between, used_so_far
from tests.benchmarks.bench.turns import Section, quantile
from tests.benchmarks.bench.workload import firsts_before
from tests.eventually import eventually
from tests.system import System

STEPS = (200, 400, 600, 800, 1000, 1300, 1700)
SECONDS = 8
STATUSES_PER_SEND = 3
# What a step brought is done so soon after its last webhook, or its queues were growing: a queue
# that grew by a tenth of the work during a step needs about so long to be emptied.
REST_WITHIN = 1.0
CONNECTIONS = 200

COUNT_ITEMS = "SELECT count(*) FROM received_events"
COUNT_OUTBOX = "SELECT count(*) FROM outbox"
TARGET = 1000


@dataclass
class Step:
    """One rate, held for a while."""

    rate: float
    accepted: float
    """Webhooks a second that were answered 200."""
    rest_seconds: float
    """From the last webhook until everything it caused was done."""
    webhook_p99_ms: float
    cores: dict[str, float]
    """How much of a core each process used meanwhile."""

    @property
    def steady(self) -> bool:
        return self.rest_seconds <= REST_WITHIN and self.accepted >= 0.98 * self.rate


async def measure_pipeline(stage: Stage, _turns: int) -> Section:
    """Raise the rate until a step is not steady; then try the middle once."""
    section = Section("whole pipeline, messages and their statuses, everything on it", "messages/s")
    steps: list[Step] = []
    async with stage.place() as system:
        await system.start_all(media_validator=0)
        await system.behave(read_receipts=True)
        first = await _warm(system)
        for rate in STEPS:
            step, first = await hold(system, rate, first)
            steps.append(step)
            if not step.steady:
                break
        held = max((one.rate for one in steps if one.steady), default=0.0)
        if not steps[-1].steady and held:
            step, first = await hold(system, (held + steps[-1].rate) / 2, first)
            steps.append(step)
    held = max((one.rate for one in steps if one.steady), default=0.0)
    section.values["highest steady rate"] = [held]
    section.details["steps"] = [asdict(one) for one in steps]
    section.notes.append(
        f"target {TARGET:,}; 30 % first messages, {STATUSES_PER_SEND} statuses for each send, so "
        f"that {held:,.0f} messages bring {held * 0.3 * STATUSES_PER_SEND:,.0f} statuses/s besides"
    )
    section.notes += [_say(step) for step in steps]
    return section


def _say(step: Step) -> str:
    cores = sorted(step.cores.items(), key=lambda one: -one[1])
    told = ", ".join(f"{name} {share:.2f}" for name, share in cores if share >= 0.02)
    verdict = "steady" if step.steady else "not steady"
    return (
        f"{step.rate:,.0f}/s: {verdict}; accepted {step.accepted:,.0f}/s, webhook p99 "
        f"{step.webhook_p99_ms:.0f} ms, at rest after {step.rest_seconds:.1f} s; cores: {told}"
    )


async def _warm(system: System) -> int:
    _, first = await hold(system, 100, 0, seconds=3)
    return first


async def hold(
    system: System, rate: float, first: int, *, seconds: int = SECONDS
) -> tuple[Step, int]:
    """Hold a rate from message `first` on; give what it came to, and the number of the next one."""
    database = await asyncpg.connect(system.database_url)
    before = await database.fetchval(COUNT_ITEMS)
    sends = firsts_before(first + int(rate * seconds)) - firsts_before(first)
    wanted = before + int(rate * seconds) + sends * STATUSES_PER_SEND
    used: Used = {}
    load = Load(system.of("ingress")[0].port, seconds, CONNECTIONS, first, rate, live=True)
    done = await put_load(load, began=lambda: used.update(used_so_far(_pids(system))))
    ended = monotonic()
    between = used_between(used, used_so_far(_pids(system)))
    cores = {name: value / done.seconds for name, value in between.items()}
    cores["load generator"] = done.cpu_seconds / done.seconds

    async def at_rest() -> None:
        items = await database.fetchval(COUNT_ITEMS)
        assert items >= wanted, f"{items} of {wanted}"
        assert await database.fetchval(COUNT_OUTBOX) == 0

    await eventually(at_rest, within=120, every=0.1)
    step = Step(
        rate, done.accepted / done.seconds, monotonic() - ended,
        quantile(done.latencies_ms, 99), {name: round(one, 3) for name, one in cores.items()},
    )  # fmt: skip
    print(f"  {_say(step)}", flush=True)
    await database.close()
    return step, first + int(rate * seconds)


def _pids(system: System) -> dict[str, list[int]]:
    return {
        service: [one.pid for one in system.of(service)]
        for service in dict.fromkeys(one.service for one in system.processes)
    }
