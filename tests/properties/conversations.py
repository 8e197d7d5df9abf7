"""Conversations in which things are ordered, repeated and batched, and what becomes of them."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from services.agent_desk.find_ticket import lock_ticket
from services.ticket_router.route_events import route_events
from shared.database.pool import Pool, create_pool
from shared.database.transaction import transaction
from shared.events import WebhookEvent
from shared.tickets.request_closing import request_closing
from tests.properties.clock import set_clock, stop_clock
from tests.properties.routing import EMPTY, contact_entry, router_settings, texts
from tests.webhooks import events_of, text_message, webhook_of

CLICK = datetime(2026, 11, 23, 10, 0, 0, 400_000, tzinfo=UTC)
GRACE = timedelta(minutes=30)
ROUTED_AT = CLICK + timedelta(seconds=2)

# Without numbers, ids, arrival times, and the order within a second.
TICKETS = """
SELECT json_agg(ticket ORDER BY who, ticket::text) FROM (
    SELECT (SELECT string_agg(value, ',' ORDER BY value) FROM contact_addresses
            WHERE contact_id = contacts.id) AS who,
           json_build_array(
               (SELECT array_agg(value ORDER BY value) FROM contact_addresses
                WHERE contact_id = contacts.id),
               last_inbound_at, status, closing_at, closes_at, unread, previous_id IS NULL,
               (SELECT json_agg(json_build_array(direction, author, kind, purpose, forwarded,
                                                 is_reply, after_closing, delivery,
                                                 CASE direction WHEN 'inbound' THEN text END,
                                                 CASE direction WHEN 'inbound' THEN sent_at END)
                                ORDER BY direction, sent_at, wamid, purpose)
                FROM messages WHERE ticket_id = tickets.id)) AS ticket
    FROM contacts JOIN tickets ON tickets.contact_id = contacts.id) AS tickets
"""
LEDGER = """
SELECT event_key, outcome, reason FROM received_events
WHERE outcome <> 'duplicate' ORDER BY event_key
"""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Citizen:
    """Somebody, and the addresses that a webhook may show of him (without R13's joins)."""

    shows: tuple[tuple[str | None, str | None], ...]


CITIZENS = (
    Citizen((("34600000001", None),)),
    Citizen((("34600000002", None), ("34600000002", "ES.Second"))),
    Citizen(((None, "ES.Third"), ("34600000003", "ES.Third"))),
)

DETAILS: dict[str, dict[str, Any]] = {
    "text": {},
    "image": {"type": "image", "image": {"id": "1", "caption": "a caption"}},
    "hologram": {"type": "hologram"},
    "reply": {"context": {"id": "wamid.of.ours"}},
    "forwarded": {"context": {"forwarded": True}},
    "reaction": {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "x"}},
    "edit": {"type": "unsupported", "unsupported": {"type": "edit"}},
    "group": {"group_id": "a group"},
}


@dataclass(frozen=True)
class Letter:
    """One message of a citizen, in the form in which it comes."""

    citizen: Citizen
    shows: int
    details: str
    second: int
    """From the click's second; the deadline is an hour away."""

    def webhook(self, place: int) -> dict[str, Any]:
        phone, user_id = self.citizen.shows[self.shows % len(self.citizen.shows)]
        message = text_message(
            "", f"letter {place}", at=int(CLICK.timestamp()) + self.second, id=f"wamid.{place}"
        )
        del message["from"]
        if phone:
            message["from"] = phone
        if user_id:
            message["from_user_id"] = user_id
        message |= DETAILS[self.details]
        return webhook_of(message, contacts=[contact_entry(phone, user_id, "Ana")])


letters = st.builds(
    Letter,
    st.sampled_from(CITIZENS),
    st.integers(0, 1),
    st.sampled_from(["text", *DETAILS]),
    st.sampled_from([-7200, -2, -1, 0, 0, 1, 1, 2, 200, 9999]),
)


@dataclass(frozen=True)
class Conversation:
    """What arrives, and in which order, how often, and in which batches it arrives otherwise."""

    letters: list[Letter]
    closing: frozenset[int]
    """Of which citizens a ticket is being closed before anything of this comes."""
    order: list[tuple[int, bool]]
    """Places in `letters`, each at least once; True: RabbitMQ's redelivery, else Meta's."""
    batches: list[int]


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    written = draw(st.lists(letters, min_size=2, max_size=7))
    places = st.integers(0, len(written) - 1)
    repeated = draw(st.lists(places, max_size=4))
    order = draw(st.permutations([*range(len(written)), *repeated]))
    return Conversation(
        written,
        draw(st.frozensets(st.integers(0, len(CITIZENS) - 1))),
        [(place, draw(st.booleans())) for place in order],
        draw(st.lists(st.integers(1, 5), min_size=len(order), max_size=len(order))),
    )


class Rows:
    """A database in which the same conversation happens several times."""

    def __init__(self, database_url: str) -> None:
        self._runner = asyncio.Runner()
        self.run(stop_clock(database_url))
        self.pool: Pool = self.run(create_pool(database_url, "tests", size=1))
        self._texts = texts()

    def run(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return self._runner.run(work)

    def end(self) -> None:
        self.run(self.pool.close())
        self._runner.close()

    async def happen(
        self, closing: frozenset[int], batches: list[list[WebhookEvent]], *, reopens: bool
    ) -> tuple[Any, Any]:
        """Begin anew, close some tickets, route the batches; give the tickets and the ledger."""
        await self.pool.execute(EMPTY)
        settings = router_settings(self._texts, grace_reply_reopens=reopens)
        await set_clock(self.pool, CLICK - timedelta(minutes=1))
        for number in sorted(closing):
            first = Letter(CITIZENS[number], 1, "text", -60).webhook(100 + number)
            await route_events(self.pool, settings, events_of(first, received_at=CLICK))
        await set_clock(self.pool, CLICK)
        for ticket in await self.pool.fetch("SELECT number FROM tickets ORDER BY id"):
            await self._close(ticket["number"])
        await set_clock(self.pool, ROUTED_AT)
        for batch in batches:
            await route_events(self.pool, settings, batch)
        tickets = json.loads(await self.pool.fetchval(TICKETS) or "[]")
        ledger = [tuple(row) for row in await self.pool.fetch(LEDGER)]
        return tickets, ledger

    async def _close(self, number: str) -> None:
        async with transaction(self.pool) as tx:
            ticket = await lock_ticket(tx, number)
            await request_closing(
                tx, ticket.row["id"], number, ticket.row["contact_id"], "agent",
                ticket.now, GRACE, self._texts,
            )  # fmt: skip


def arrivals(
    conversation: Conversation,
) -> tuple[list[list[WebhookEvent]], list[list[WebhookEvent]]]:
    """Give the plain course (one by one, once) and the other one."""
    arrived = [
        events_of(letter.webhook(place), received_at=ROUTED_AT)
        for place, letter in enumerate(conversation.letters)
    ]
    otherwise: list[WebhookEvent] = []
    for place, redelivered in conversation.order:
        otherwise += [
            event if redelivered else msgspec.structs.replace(event, item_id=uuid7())
            for event in arrived[place]
        ]
    batches = []
    for size in conversation.batches:
        batches.append(otherwise[:size])
        del otherwise[:size]
    return arrived, [batch for batch in batches if batch]
