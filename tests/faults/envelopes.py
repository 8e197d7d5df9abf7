"""Envelopes put straight into a queue, and dead letters taken out of one."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from shared.broker.topology import EXCHANGE, TICKET_ROUTER, dead_queue, declare_topology
from shared.events import Event, decode_event, encode_event, open_envelope, seal_envelope
from tests.webhooks import events_of, text_message, webhook_of


def event_of(phone: str, text: str, **more: Any) -> Event:
    """Give the event of one message."""
    return events_of(webhook_of(text_message(phone, text, **more)))[0]


def envelope_of(events: Iterable[Event]) -> bytes:
    """Seal events as ingress does."""
    return seal_envelope([encode_event(event) for event in events])


@asynccontextmanager
async def channel_to(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    """Give a channel with everything declared."""
    async with await aio_pika.connect(amqp_url) as connection:
        await declare_topology(connection)
        yield await connection.channel(on_return_raises=True)


async def publish(amqp_url: str, bodies: Sequence[bytes], queue: str = TICKET_ROUTER) -> None:
    """Put bodies into a queue, in their order."""
    async with channel_to(amqp_url) as channel:
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        for body in bodies:
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await exchange.publish(message, queue, timeout=10)


async def dead_letters(amqp_url: str, queue: str = TICKET_ROUTER) -> list[AbstractIncomingMessage]:
    """Take everything out of a queue's dead letters."""
    letters = []
    async with channel_to(amqp_url) as channel:
        dead = await channel.get_queue(dead_queue(queue), ensure=False)
        while (letter := await dead.get(no_ack=True, fail=False)) is not None:
            letters.append(letter)
    return letters


def events_in(letter: AbstractIncomingMessage) -> list[Event]:
    """Read an event, or an envelope of events, out of a dead letter."""
    if letter.body.startswith(b'{"events"'):
        return [decode_event(one) for one in open_envelope(letter.body)]
    return [decode_event(letter.body)]
