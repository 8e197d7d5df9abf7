"""What is declared works: dead letters arrive, and a queue that differs is used as it is."""

from typing import Any

import aio_pika
import pytest

from shared.broker.topology import (
    DELIVERY_LIMIT,
    EXCHANGE,
    QUEUES,
    TICKET_ROUTER,
    dead_queue,
    declare_topology,
)
from tests.eventually import eventually
from tests.faults.envelopes import channel_to, dead_letters, envelope_of, event_of, publish
from tests.integration.broker.conftest import Lines, Worker, working
from tests.integration.broker.test_consume import expect_handled, vhost_of
from tests.servers import Management, TestServers


async def test_a_message_that_is_returned_too_often_really_arrives_in_the_dead_letters(
    amqp_url: str,
) -> None:
    bodies = [envelope_of([event_of("34600111222", text)]) for text in ("m000", "m001")]
    await publish(amqp_url, bodies)
    async with channel_to(amqp_url) as channel:
        queue = await channel.get_queue(TICKET_ROUTER, ensure=False)
        for _ in range(DELIVERY_LIMIT + 1):
            message = await eventually(lambda: queue.get(no_ack=False))
            assert message is not None
            await message.reject(requeue=True)

    letters: list[bytes] = []

    async def arrived() -> None:
        letters.extend(letter.body for letter in await dead_letters(amqp_url))
        assert letters == bodies[:1]

    await eventually(arrived)


async def test_a_dead_letter_that_no_queue_takes_is_kept(
    amqp_url: str, servers: TestServers
) -> None:
    """RabbitMQ has it in the queue where it was, and tries again; an operator sees it there."""
    await publish(amqp_url, [envelope_of([event_of("34600111222", "m000")])])
    async with channel_to(amqp_url) as channel:
        await channel.queue_delete(dead_queue(TICKET_ROUTER))
        queue = await channel.get_queue(TICKET_ROUTER, ensure=False)
        message = await eventually(lambda: queue.get(no_ack=False))
        assert message is not None
        await message.reject(requeue=False)

    async def kept() -> None:
        async with Management(str(servers.management_url)) as management:
            path = f"queues/{vhost_of(amqp_url)}/{TICKET_ROUTER}"
            told: Any = await management.call("GET", path)
        assert told["messages_dlx"] == 1

    await eventually(kept)


async def test_declaring_again_changes_nothing(amqp_url: str, lines: Lines) -> None:
    async with await aio_pika.connect(amqp_url) as connection:
        for _ in range(3):
            await declare_topology(connection)

    assert lines.said == []


async def test_every_queue_survives_a_restart_and_has_its_dead_letters(
    amqp_url: str, servers: TestServers
) -> None:
    async with channel_to(amqp_url), Management(str(servers.management_url)) as management:
        listed = await management.call("GET", f"queues/{vhost_of(amqp_url)}")
    assert isinstance(listed, list)
    queues = {queue["name"]: queue for queue in listed}
    assert queues.keys() == {*QUEUES, *map(dead_queue, QUEUES)}
    for name, queue in queues.items():
        assert (queue["durable"], queue["type"]) == (True, "quorum"), name
    for name in QUEUES:
        arguments = queues[name]["arguments"]
        assert arguments["x-dead-letter-routing-key"] == dead_queue(name)
        assert arguments["x-dead-letter-strategy"] == "at-least-once"
        # Without it RabbitMQ falls back to at-most-once, and only its log says so.
        assert arguments["x-overflow"] == "reject-publish"


@pytest.mark.parametrize(
    "arguments",
    [{"x-queue-type": "quorum"}, {"x-queue-type": "classic"}],
    ids=["another limit", "another type"],
)
async def test_a_queue_that_stands_with_other_arguments_is_said_and_used(
    worker: Worker, lines: Lines, arguments: dict[str, str]
) -> None:
    async with await aio_pika.connect(worker.amqp_url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(TICKET_ROUTER, durable=True, arguments=dict(arguments))
    async with working(worker):
        await publish(worker.amqp_url, [envelope_of([event_of("34600111222", "m000")])])
        await expect_handled(worker, ["m000"])

    differing = lines.of("amqp.queue_differs")
    assert {line["queue"] for line in differing} == {TICKET_ROUTER}
    assert all("x-" in line["reason"] for line in differing)


async def test_dead_letters_that_stand_with_other_arguments_are_used(
    amqp_url: str, lines: Lines
) -> None:
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(dead_queue(TICKET_ROUTER), durable=True)
        await declare_topology(connection)
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        for queue in QUEUES:
            await exchange.publish(aio_pika.Message(b"{}"), queue)

    assert {line["queue"] for line in lines.of("amqp.queue_differs")} == {dead_queue(TICKET_ROUTER)}
