"""The database goes away under a router: it holds what it has, waits, and goes on by itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from shared.broker.topology import PREFETCH, TICKET_ROUTER
from shared.database.pool import COMMAND_SECONDS
from tests.eventually import eventually
from tests.faults.envelopes import dead_letters, envelope_of, event_of, publish
from tests.faults.tcp_proxy import TcpProxy, proxy_to
from tests.system import Process, System

PHONES = [f"346{number:08d}" for number in range(20)]


@dataclass
class Behind:
    """A router whose database can be taken away from it."""

    system: System
    router: Process
    proxy: TcpProxy
    database: asyncpg.Connection

    async def publish(self, text: str) -> None:
        bodies = [envelope_of([event_of(phone, text)]) for phone in PHONES]
        await publish(self.system.amqp_url, bodies)

    async def expect_stored(self, *texts: str, within: float = 15.0) -> None:
        async def stored() -> None:
            rows = await self.database.fetch(
                "SELECT text, count(*) FROM messages WHERE author = 'contact' GROUP BY text"
            )
            assert {row["text"]: row["count"] for row in rows} == dict.fromkeys(texts, len(PHONES))

        await eventually(stored, within=within)

    async def expect_not_ready(self, *, within: float = 15.0) -> None:
        async def not_ready() -> None:
            status, body = await self.system.health(self.router)
            assert status == 503, body

        await eventually(not_ready, within=within)

    async def expect_nothing_was_delivered_again(self) -> None:
        """A redelivery would need a new consumer, or count against what was delivered."""
        await self.system.ready(self.router)
        consuming = [line["prefetch"] for line in self.router.events("worker.consuming")]
        assert consuming == [1, PREFETCH[TICKET_ROUTER]]
        assert self.router.events("amqp.lost") == []
        assert await dead_letters(self.system.amqp_url) == []


@pytest.fixture
async def behind(
    system: System, database_url: str, database: asyncpg.Connection
) -> AsyncIterator[Behind]:
    async with proxy_to(database_url) as (proxy, url):
        router = await system.start("ticket_router", environment={"DATABASE_URL": url})
        behind = Behind(system, router, proxy, database)
        await behind.publish("antes")
        await behind.expect_stored("antes")
        yield behind


async def test_a_cut_connection_costs_nothing(behind: Behind) -> None:
    behind.proxy.cut()
    await behind.publish("después")

    await behind.expect_stored("antes", "después")
    await behind.expect_nothing_was_delivered_again()


async def test_while_the_database_is_away_the_router_holds_and_waits(behind: Behind) -> None:
    behind.proxy.refuse()
    await behind.publish("mientras")
    await behind.expect_not_ready()

    async def tried_often() -> None:
        assert len(behind.router.events("worker.waiting")) >= 4

    await eventually(tried_often)
    await behind.proxy.listen()

    await behind.expect_stored("antes", "mientras")
    await behind.expect_nothing_was_delivered_again()
    assert behind.router.events("worker.resumed")


async def test_a_router_that_starts_without_its_database_takes_nothing(behind: Behind) -> None:
    behind.proxy.refuse()
    url = f"postgresql://nobody:nothing@127.0.0.1:{behind.proxy.listening_on}/nowhere"
    late = await behind.system.start("ticket_router", environment={"DATABASE_URL": url}, wait=False)

    async def waits() -> None:
        assert late.events("worker.waiting")
        status, _ = await behind.system.health(late)
        assert status == 503

    await eventually(waits)
    assert late.events("worker.consuming") == []


@pytest.mark.long
async def test_a_half_open_connection_to_the_database_is_given_up(behind: Behind) -> None:
    behind.proxy.stall()
    await behind.publish("mientras")
    # Once for the statement, once for the rollback that follows it.
    await behind.expect_not_ready(within=2 * COMMAND_SECONDS + 10)
    behind.proxy.cut()
    behind.proxy.flow()

    await behind.expect_stored("antes", "mientras", within=60)
    await behind.expect_nothing_was_delivered_again()
