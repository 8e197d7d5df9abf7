"""The messages of a benchmark for our own side: those of `tests.benchmarks.peers.stream`."""

import json
from collections.abc import Iterator
from typing import Any

from shared.events import MessageReceived, encode_event, seal_envelope
from tests.benchmarks.bench.grown_store import FIRST_MESSAGE
from tests.benchmarks.peers.stream import contact_of, webhook_body
from tests.system import PHONE_NUMBER_ID
from tests.webhooks import events_of, signed


def is_first(number: int) -> bool:
    """Tell whether message `number` is the first of its contact."""
    # Whoever is new is one more than all before.
    return contact_of(number) == firsts_before(number)


def firsts_before(number: int) -> int:
    """Count the contacts who have written before message `number`: of ten messages three."""
    return (3 * number + 9) // 10


def phone_of(contact: int) -> str:
    """Give a contact's number."""
    return f"346{contact:08}"


def webhook(number: int, *, at: float | None = None, contact: int | None = None) -> bytes:
    """Give the body of one webhook with one text message.

    `at` stamps it with a second of today, which it needs if it is to be answered; `contact` is
    somebody else than the stream says.
    """
    body = webhook_body(number, PHONE_NUMBER_ID)
    if at is None and contact is None:
        return body
    webhook: dict[str, Any] = json.loads(body)
    value = webhook["entry"][0]["changes"][0]["value"]
    if at is not None:
        value["messages"][0]["timestamp"] = str(int(at))
    if contact is not None:
        value["messages"][0]["from"] = value["contacts"][0]["wa_id"] = phone_of(contact)
    return json.dumps(webhook).encode()


def request(number: int, *, at: float | None = None) -> bytes:
    """Give the whole HTTP request that brings a webhook, signed."""
    body = webhook(number, at=at)
    headers = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **signed(body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /webhook HTTP/1.1\r\n{head}\r\n".encode() + body


def writer_in_a_grown_store(number: int) -> int | None:
    """Give who writes message `number` instead of whom the stream says; None: nobody else.

    Of the contacts whom a grown store begins with, only each tenth has an open ticket. Those write:
    a store that has grown shall be given the same work, and not three times as many new tickets.
    """
    contact = contact_of(number)
    is_old = number >= FIRST_MESSAGE and contact < firsts_before(FIRST_MESSAGE)
    return contact - contact % 10 + 9 if is_old else None


def events(first: int, count: int) -> Iterator[MessageReceived]:
    """Give the events that ingress makes of these messages."""
    for number in range(first, first + count):
        body = webhook(number, contact=writer_in_a_grown_store(number))
        for event in events_of(json.loads(body)):
            if not isinstance(event, MessageReceived):
                raise TypeError("a text message is a message")
            yield event


def envelopes(first: int, count: int, size: int) -> Iterator[bytes]:
    """Give the bodies of AMQP messages that hold these messages, `size` in each."""
    encoded = [encode_event(event) for event in events(first, count)]
    for place in range(0, count, size):
        yield seal_envelope(encoded[place : place + size])
