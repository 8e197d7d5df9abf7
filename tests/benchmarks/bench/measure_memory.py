"""Resident memory of each process after 500,000 events."""

import psutil

from tests.benchmarks.bench.measure_pipeline import hold
from tests.benchmarks.bench.stage import Stage
from tests.benchmarks.bench.turns import Bar, Section
from tests.system import System

EVENTS = 500_000
PER_SECOND = 500.0
SECONDS = 60
WARM = 100_000
"""Events after which a process has filled its caches; what comes later should add nothing."""
EVENTS_PER_MESSAGE = 1.9
"""A message, and for three of ten a send with three statuses."""


async def measure_memory(stage: Stage, _turns: int) -> Section:
    """Hold a rate until so many events have passed; note the memory after each minute."""
    section = Section(f"resident memory after {EVENTS:,} events", "MiB")
    curve: list[tuple[int, dict[str, float]]] = []
    async with stage.place() as system:
        await system.start_all()
        await system.behave(read_receipts=True)
        messages = 0
        while messages * EVENTS_PER_MESSAGE < EVENTS:
            _, messages = await hold(system, PER_SECOND, messages, seconds=SECONDS)
            curve.append((int(messages * EVENTS_PER_MESSAGE), _resident(system)))
    warm = next(sizes for events, sizes in curve if events >= WARM)
    last = curve[-1][1]
    for service, size in last.items():
        section.values[service] = [size]
        bar = Bar(f"{service}: at the end ÷ after {WARM:,}", service, service, 1.05, at_most=True)
        bar.reached = [size / warm[service]]
        section.bars.append(bar)
    section.details["curve"] = curve
    return section


def _resident(system: System) -> dict[str, float]:
    return {
        one.service: psutil.Process(one.pid).memory_info().rss / 2**20
        for one in system.processes
        if one.running
    }
