"""The publisher knows what RabbitMQ has stored, and says so when it does not."""

import asyncio
import math
from collections.abc import AsyncIterator

import aio_pika
import pytest

from shared.broker import publish as publishing_module
from shared.broker.publish import IN_FLIGHT, Publisher
from shared.broker.topology import QUEUES, STATUS_TRACKER, TICKET_ROUTER, dead_queue
from shared.errors import OutsideAwayError
from shared.events import MAX_BYTES, MAX_EVENTS, encode_event, open_envelope
from shared.service import Service
from tests.eventually import eventually
from tests.faults.envelopes import channel_to, event_of
from tests.faults.tcp_proxy import proxy_to
from tests.integration.broker.conftest import publishing
from tests.integration.broker.test_consume import call, close_connections, vhost_of
from tests.servers import Management, TestServers

EVENT = encode_event(event_of("34600111222", "Hola"))


@pytest.fixture
async def publisher(amqp_url: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(amqp_url, Service())
    async with publishing(publisher):
        await eventually(lambda: goes_through(publisher))
        await take_all(amqp_url, TICKET_ROUTER)
        yield publisher


async def take_all(amqp_url: str, queue: str) -> list[bytes]:
    """Take everything out of a queue."""
    bodies = []
    async with channel_to(amqp_url) as channel:
        declared = await channel.get_queue(queue, ensure=False)
        while (message := await declared.get(no_ack=True, fail=False)) is not None:
            bodies.append(message.body)
    return bodies


async def goes_through(publisher: Publisher) -> None:
    """Publish; fail as an assertion while RabbitMQ is away."""
    try:
        await publisher.publish(TICKET_ROUTER, [EVENT], "")
    except OutsideAwayError as error:
        raise AssertionError from error


async def test_before_it_is_connected_nothing_is_taken(amqp_url: str) -> None:
    publisher = Publisher(amqp_url, Service())

    with pytest.raises(OutsideAwayError):
        await publisher.publish(TICKET_ROUTER, [EVENT], "")
    with pytest.raises(OutsideAwayError):
        await publisher.publish_alone(TICKET_ROUTER, b"{}")
    with pytest.raises(OutsideAwayError):
        await publisher.publish_dead(TICKET_ROUTER, b"{}", {})


async def test_what_no_queue_takes_is_an_error(
    publisher: Publisher, servers: TestServers, amqp_url: str
) -> None:
    for queue in (STATUS_TRACKER, dead_queue(STATUS_TRACKER)):
        await call(servers, "DELETE", f"queues/{vhost_of(amqp_url)}/{queue}")

    with pytest.raises(OutsideAwayError):
        await publisher.publish(STATUS_TRACKER, [EVENT], "")
    with pytest.raises(OutsideAwayError):
        await publisher.publish_alone(STATUS_TRACKER, EVENT)
    with pytest.raises(OutsideAwayError):
        await publisher.publish_dead(STATUS_TRACKER, EVENT, {})
    await publisher.publish(TICKET_ROUTER, [EVENT], "")


async def test_what_a_full_queue_refuses_is_an_error(
    publisher: Publisher, servers: TestServers, amqp_url: str
) -> None:
    policy = {"pattern": f"^{TICKET_ROUTER}$", "definition": {"max-length": 1}}
    async with Management(str(servers.management_url)) as management:
        await management.call("PUT", f"policies/{vhost_of(amqp_url)}/short", policy)

    async def fill() -> int:
        for stored in range(1000):
            try:
                await publisher.publish(TICKET_ROUTER, [EVENT], "")
            except OutsideAwayError:
                return stored
        raise AssertionError("never refused")

    stored = await fill()
    assert len(await take_all(amqp_url, TICKET_ROUTER)) == stored > 0


async def test_after_a_lost_connection_it_connects_again(
    publisher: Publisher, servers: TestServers, amqp_url: str
) -> None:
    await close_connections(servers, amqp_url, at_least=1)

    await eventually(lambda: goes_through(publisher))


async def test_no_confirm_in_time_is_an_error(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing_module, "CONFIRM_SECONDS", 0.5)
    async with proxy_to(amqp_url) as (proxy, url):
        publisher = Publisher(url, Service())
        async with publishing(publisher):
            await eventually(lambda: goes_through(publisher))
            proxy.stall()
            with pytest.raises(OutsideAwayError):
                await asyncio.wait_for(publisher.publish(TICKET_ROUTER, [EVENT], ""), 3)
            proxy.flow()
            await eventually(lambda: goes_through(publisher))


async def test_what_waits_for_a_broker_that_does_not_answer_is_bounded(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blocked broker must not fill the memory: the rest hears at once that it is away."""
    monkeypatch.setattr(publishing_module, "MOST_WAITING", 10)
    async with proxy_to(amqp_url) as (proxy, url):
        publisher = Publisher(url, Service())
        async with publishing(publisher):
            await eventually(lambda: goes_through(publisher))
            proxy.stall()
            waiting = [
                asyncio.create_task(publisher.publish(TICKET_ROUTER, [EVENT], ""))
                for _ in range(20)
            ]
            done, pending = await asyncio.wait(waiting, timeout=1)

            assert {type(one.exception()) for one in done} == {OutsideAwayError}
            assert 0 < len(done) < len(waiting)
            proxy.flow()
            await asyncio.gather(*pending)


async def test_while_the_broker_refuses_connections_it_is_not_ready_and_then_goes_on(
    amqp_url: str,
) -> None:
    service = Service()
    async with proxy_to(amqp_url) as (proxy, url):
        publisher = Publisher(url, service)
        async with publishing(publisher):
            await eventually(lambda: goes_through(publisher))
            proxy.refuse()

            async def noticed() -> None:
                assert service.health.trouble
                with pytest.raises(OutsideAwayError):
                    await publisher.publish(TICKET_ROUTER, [EVENT], "")

            await eventually(noticed)
            await proxy.listen()
            await eventually(lambda: goes_through(publisher))
            assert service.health.trouble == {}


@pytest.mark.usefixtures("three_losses")
async def test_a_connection_lost_before_its_channel_is_open_does_not_end_the_publisher(
    amqp_url: str,
) -> None:
    publisher = Publisher(amqp_url, Service())
    async with publishing(publisher):
        await eventually(lambda: goes_through(publisher))


async def test_what_waits_for_a_confirm_travels_together_and_in_order(amqp_url: str) -> None:
    events = [encode_event(event_of("34600111222", f"m{number:04d}")) for number in range(1000)]

    async with proxy_to(amqp_url) as (proxy, url):
        publisher = Publisher(url, Service())
        async with publishing(publisher):
            await eventually(lambda: goes_through(publisher))
            await take_all(amqp_url, TICKET_ROUTER)
            proxy.stall()  # no confirm comes
            async with asyncio.TaskGroup() as tasks:
                for event in events:
                    tasks.create_task(publisher.publish(TICKET_ROUTER, [event], ""))
                    await asyncio.sleep(0)  # each webhook comes for itself
                proxy.flow()

    envelopes = [open_envelope(body) for body in await take_all(amqp_url, TICKET_ROUTER)]
    assert sorted(event for envelope in envelopes for event in envelope) == sorted(events)
    # What leaves at once are the first two; then whole envelopes of what has come meanwhile.
    assert len(envelopes) <= IN_FLIGHT + math.ceil(len(events) / MAX_EVENTS)
    assert max(map(len, envelopes)) <= MAX_EVENTS


async def test_a_large_event_travels_alone(publisher: Publisher, amqp_url: str) -> None:
    large = encode_event(event_of("34600111222", "x" * MAX_BYTES))

    await publisher.publish(TICKET_ROUTER, [EVENT, large, EVENT], "")

    envelopes = [open_envelope(body) for body in await take_all(amqp_url, TICKET_ROUTER)]
    assert envelopes == [[EVENT], [large], [EVENT]]


async def test_a_closed_publisher_takes_nothing(amqp_url: str) -> None:
    publisher = Publisher(amqp_url, Service())
    async with publishing(publisher):
        await eventually(lambda: goes_through(publisher))

    with pytest.raises(OutsideAwayError):
        await publisher.publish(TICKET_ROUTER, [EVENT], "")


async def test_everything_is_published_so_that_it_outlives_a_restart(
    publisher: Publisher, amqp_url: str
) -> None:
    await publisher.publish(TICKET_ROUTER, [EVENT], "0af7651916cd43dd8448eb211c80319c")

    async with channel_to(amqp_url) as channel:
        queue = await channel.get_queue(TICKET_ROUTER, ensure=False)
        message = await queue.get(no_ack=True)
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    trace = "00-0af7651916cd43dd8448eb211c80319c-"
    assert str(message.headers["traceparent"]).startswith(trace)


def test_each_queue_has_a_name_of_its_own() -> None:
    assert len({*QUEUES, *map(dead_queue, QUEUES)}) == 2 * len(QUEUES)
