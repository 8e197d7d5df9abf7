"""Ingress: accepted webhooks a second, against bare aiohttp and against the best peer."""

from contextlib import AsyncExitStack

from tests.benchmarks.bench.best_peer import best_peers
from tests.benchmarks.bench.load import Load
from tests.benchmarks.bench.peers import Peer, serving
from tests.benchmarks.bench.stage import Stage, helper, http_environment, put_load
from tests.benchmarks.bench.turns import Bar, Measure, Section
from tests.system import System, free_port

SECONDS = 4.0
TRIAL_SECONDS = 2.0
CONNECTIONS = 64
OURS, BARE = "ingress", "bare aiohttp"


async def measure_ingress(stage: Stage, turns: int) -> Section:
    """Compare; every side keeps its process over all turns."""
    section = Section("ingress, one process, 64 connections", "accepted webhooks/s")
    best = await best_peers(section, "ingress", lambda peer: _try(stage, peer))
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(stage.place())
        port = free_port()
        await ours.start("ingress", port=port)
        bare = free_port()
        http = helper("tests.benchmarks.bench.bare_http", environment=http_environment(bare))
        await stack.enter_async_context(http)
        sides: dict[str, Measure] = {
            OURS: lambda: _accepted(stage, ours, port),
            BARE: lambda: _accepted(stage, ours, bare),
        }
        for peer in best:
            place = await stack.enter_async_context(stage.place())
            at = await stack.enter_async_context(serving(peer, place))
            sides[peer.title] = _side(stage, place, at)
        await section.take_turns(sides, turns)
    section.compare(Bar("ingress ÷ bare aiohttp", OURS, BARE, 0.6))
    for peer in best:
        section.compare(Bar(f"ingress ÷ {peer.title}", OURS, peer.title, 3))
    return section


def _side(stage: Stage, place: System, port: int) -> Measure:
    return lambda: _accepted(stage, place, port)


async def _try(stage: Stage, peer: Peer) -> float:
    async with stage.place() as place, serving(peer, place) as port:
        return await _accepted(stage, place, port, TRIAL_SECONDS)


async def _accepted(stage: Stage, place: System, port: int, seconds: float = SECONDS) -> float:
    done = await put_load(Load(port, seconds, CONNECTIONS))
    await stage.empty_queues(place)
    return done.accepted / done.seconds
