"""A contact who has no open ticket writes twice at once, and two routers meet (R1, R3)."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg

from tests.faults.races import Race
from tests.webhooks import events_of, text_message, webhook_of

# A contact whose last ticket is closed: then only the lock lets one router wait for the other.
WRITE_FORMER_CONTACT = """
WITH contact AS (INSERT INTO contacts DEFAULT VALUES RETURNING id),
     address AS (INSERT INTO contact_addresses (kind, value, contact_id)
                 SELECT 'phone', phone, id FROM contact, unnest($1::text[]) AS phone)
INSERT INTO tickets (number, contact_id, channel, status, opened_at, closed_at)
SELECT 'former-' || phone, id, 'whatsapp', 'closed', now(), now()
FROM contact, unnest($1::text[]) AS phone
"""

# What nobody should do: it takes no lock.
OPEN_BY_HAND = """
INSERT INTO tickets (number, contact_id, channel, status, opened_at)
SELECT 'hand-' || value, contact_id, 'whatsapp', 'open', now()
FROM contact_addresses WHERE value = $1
"""

FIND_OPEN_TICKETS = """
SELECT open, count(*) FROM (
    SELECT count(*) FILTER (WHERE status <> 'closed') AS open FROM tickets GROUP BY contact_id
) AS contacts GROUP BY open
"""

FIND_RESULTS = """
SELECT phone.value AS phone,
       (SELECT count(*) FROM tickets WHERE contact_id = phone.contact_id
        AND status <> 'closed') AS open,
       (SELECT count(*) FROM tickets WHERE contact_id = phone.contact_id
        AND number NOT LIKE 'former-%') AS opened,
       (SELECT count(*) FROM messages JOIN tickets ON tickets.id = ticket_id
        WHERE contact_id = phone.contact_id AND purpose = 'opening') AS openings,
       (SELECT count(*) FROM messages JOIN tickets ON tickets.id = ticket_id
        WHERE contact_id = phone.contact_id AND direction = 'inbound'
        AND status = 'open') AS messages,
       (SELECT count(*) FROM outbox WHERE contact_id = phone.contact_id
        AND next_attempt_at IS NOT NULL) AS due
FROM contact_addresses AS phone
"""
EXPECTED = {"open": 1, "opened": 1, "openings": 1, "messages": 2, "due": 1}


async def two_first_messages(race: Race, number: int) -> None:
    """Let two routers route one message each; every second contact was known before."""
    phone = _phone(number)
    if number % 2:
        await race.pool.execute(WRITE_FORMER_CONTACT, [phone])
    await asyncio.gather(race.route(_first(phone)), race.route(_first(phone)))


async def message_against_a_hand(race: Race, number: int) -> None:
    """Let a router meet somebody who opens a ticket by hand, without a lock."""
    phone = _phone(number)
    await race.pool.execute(WRITE_FORMER_CONTACT, [phone])
    # From before the router looks to after its commit, however slow either side is just then.
    await asyncio.gather(race.route(_first(phone)), _open_by_hand(race, phone, number % 40))


async def _open_by_hand(race: Race, phone: str, later: int) -> None:
    async with race.pool.acquire() as connection:
        for _ in range(later):
            await connection.execute("SELECT 1")
        with suppress(asyncpg.UniqueViolationError):
            await connection.execute(OPEN_BY_HAND, phone)


async def two_batches_crosswise(race: Race, heat: int, size: int) -> None:
    """Let two routers route a message of each of several contacts, in opposite orders."""
    phones = [_phone(heat * size + place) for place in range(size)]
    for phone in phones:
        await race.pool.execute(WRITE_FORMER_CONTACT, [phone])
    there = [event for phone in phones for event in _first(phone)]
    back = [event for phone in reversed(phones) for event in _first(phone)]
    await asyncio.gather(race.route(there), race.route(back))


async def find_faults(race: Race, contacts: int) -> list[str]:
    """Say in which races a ticket or a message is missing, torn or one too many."""
    rows = await race.database.fetch(FIND_RESULTS)
    faults = [
        f"{row['phone']}: {found}"
        for row in rows
        if (found := {name: row[name] for name in EXPECTED}) != EXPECTED
    ]
    if len(rows) != contacts:
        faults.append(f"{len(rows)} contacts instead of {contacts}")
    outcomes = await race.database.fetch(
        "SELECT outcome, count(*) FROM received_events GROUP BY outcome"
    )
    if [tuple(row) for row in outcomes] != [("stored", 2 * contacts)]:
        faults.append(f"ledger: {[tuple(row) for row in outcomes]}")
    return faults + [f"{what}: {times} times" for what, times in race.unexpected.items()]


async def find_open_tickets(race: Race) -> dict[int, int]:
    """Give how many contacts have how many tickets that are not closed."""
    rows = await race.database.fetch(FIND_OPEN_TICKETS)
    return {row["open"]: row["count"] for row in rows}


def _first(phone: str) -> list[Any]:
    return events_of(webhook_of(text_message(phone, "hola")))


def _phone(number: int) -> str:
    return f"34{number:09d}"
