"""Deliveries are acknowledged together only where nothing older is outstanding."""

from shared.broker.topology import TICKET_ROUTER
from tests.eventually import eventually
from tests.faults.envelopes import channel_to, envelope_of, event_of, publish
from tests.integration.broker.conftest import Worker, everything_delivered, working
from tests.integration.broker.test_consume import close_connections, expect_empty, expect_handled
from tests.servers import TestServers

PHONE = "34600111222"


def envelope(text: str) -> bytes:
    return envelope_of([event_of(PHONE, text)])


async def test_what_is_older_than_a_batch_is_not_acknowledged_with_it(
    worker: Worker, servers: TestServers
) -> None:
    """A delivery that came before waits for its turn behind the fresh ones."""

    def hold_what_follows(texts: list[str]) -> None:
        if "fresh" in texts:
            worker.handling.clear()
            worker.may_go_on.clear()

    worker.fault = hold_what_follows
    await publish(worker.amqp_url, [envelope("older"), envelope("first")])
    async with channel_to(worker.amqp_url) as channel:
        queue = await channel.get_queue(TICKET_ROUTER, ensure=False)
        await eventually(lambda: queue.get(no_ack=False))
        async with working(worker):
            await expect_handled(worker, ["first"])
            worker.may_go_on.clear()
            worker.handling.clear()
            await publish(worker.amqp_url, [envelope("second")])
            await worker.handling.wait()
            await channel.close()
            await publish(worker.amqp_url, [envelope("fresh")])
            await everything_delivered(worker)
            worker.may_go_on.set()
            await expect_handled(worker, ["first", "fresh", "second"])

            await worker.handling.wait()
            await close_connections(servers, worker.amqp_url)
            worker.may_go_on.set()

            await expect_handled(worker, ["first", "fresh", "older", "older", "second"])
            await expect_empty(worker.amqp_url)
