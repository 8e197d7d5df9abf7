"""`make bench`: measure, print the table, write the JSON and draw the plots."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import msgspec
import uvloop

from shared.log import configure_logging
from tests.benchmarks.bench.machine import describe
from tests.benchmarks.bench.measure_grown import measure_grown
from tests.benchmarks.bench.measure_ingress import measure_ingress
from tests.benchmarks.bench.measure_latency import measure_latency
from tests.benchmarks.bench.measure_memory import measure_memory
from tests.benchmarks.bench.measure_pipeline import measure_pipeline
from tests.benchmarks.bench.measure_router import measure_router, measure_two_routers
from tests.benchmarks.bench.measure_scheduler import measure_scheduler
from tests.benchmarks.bench.plots import draw
from tests.benchmarks.bench.stage import Stage
from tests.benchmarks.bench.turns import Section, table
from tests.servers import ROOT, migrated_template, servers_for_tests

SECTIONS: dict[str, Callable[[Stage, int], Awaitable[Section]]] = {
    "ingress": measure_ingress,
    "router": measure_router,
    "two_routers": measure_two_routers,
    "latency": measure_latency,
    "scheduler": measure_scheduler,
    "pipeline": measure_pipeline,
}
LONG: dict[str, Callable[[Stage, int], Awaitable[Section]]] = {
    "grown": measure_grown,
    "memory": measure_memory,
}
RESULTS = ROOT / ".local" / "bench"
FIGURES = ROOT / "docs" / "figures"


async def measure(names: Sequence[str], turns: int, figures: Path) -> None:
    """Measure these sections and say what came out."""
    began = monotonic()
    with servers_for_tests() as started, tempfile.TemporaryDirectory() as folder:
        async with migrated_template(started) as servers:
            stage = Stage(servers, Path(folder))
            machine = await describe(servers)
            sections = []
            for name in names:
                since = monotonic()
                print(f"{name} (load {os.getloadavg()[0]:.1f})", flush=True)
                sections.append(await {**SECTIONS, **LONG}[name](stage, turns))
                sections[-1].details["seconds"] = round(monotonic() - since, 1)
    results = {
        "machine": machine,
        "turns": turns,
        "seconds": round(monotonic() - began),
        "sections": [asdict(one) for one in sections],
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(results, indent=1))
    show(path, figures)


def show(path: Path, figures: Path) -> None:
    """Print the table of a run and draw its plots."""
    results = msgspec.json.decode(path.read_bytes())
    sections = msgspec.convert(results["sections"], list[Section])
    machine = results["machine"]
    told = f"{machine['cpu']}, {machine['cores']} cores; PostgreSQL {machine['postgresql']}, "
    told += f"RabbitMQ {machine['rabbitmq']}; load before {machine['load_before'][0]:.1f}"
    print(f"\n{told}; {results['turns']} turns, {results['seconds']} s\n\n{table(sections)}")
    print(f"every value: {path}")
    for one in draw(sections, figures):
        print(f"drawn: {one}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the main path on this machine.")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="comma-separated")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--show", type=Path, help="a JSON of an earlier run; nothing is measured")
    asked = parser.parse_args()
    configure_logging("benchmark", as_json=True, level="warning", hash_key=b"benchmark")
    if asked.show:
        show(asked.show, asked.figures)
        sys.exit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(asked.sections.split(","), asked.turns, asked.figures))
