"""Undo a merge of two contacts, by a person or by R13."""

import argparse
import asyncio

import asyncpg

from services.operations.command_failed import CommandFailedError
from services.operations.merge_contacts import person_name
from services.operations.show import say
from shared import config
from shared.database.pool import create_pool
from shared.database.transaction import Transaction, transaction
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.lock_contacts import lock_contacts

FIND_MERGE = "SELECT * FROM contact_merges WHERE id = $1"

# Only what is still where the merge had put it.
MOVE_ADDRESSES_BACK = """
UPDATE contact_addresses SET contact_id = $2
WHERE contact_id = $1 AND kind || ':' || match_key = ANY($3::text[])
"""
MOVE_TICKETS_BACK = """
UPDATE tickets SET contact_id = $2 WHERE contact_id = $1 AND id = ANY($3::bigint[])
"""
MOVE_MESSAGES_BACK = """
UPDATE messages SET ticket_id = $2 WHERE ticket_id = $1 AND id = ANY($3::bigint[])
"""
# What is still to be sent goes with its ticket; only the first row of a contact has a due time.
MOVE_OUTBOX_BACK = """
UPDATE outbox SET contact_id = tickets.contact_id, next_attempt_at = NULL
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
WHERE messages.id = outbox.message_id AND outbox.contact_id = $1
  AND tickets.contact_id = $2
"""
MOVE_MARKS_BACK = """
UPDATE message_marks SET contact_id = $2
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
WHERE messages.id = message_marks.message_id AND tickets.contact_id = $2
  AND message_marks.contact_id = $1
"""
FREE = "UPDATE contacts SET merged_into = NULL WHERE id = $1"
MARK_UNDONE = "UPDATE contact_merges SET undone_at = $2, undone_by = $3 WHERE id = $1"

FIND_LATER_MERGE = "SELECT merged_into FROM contacts WHERE id = $1"
# What somebody wrote into a ticket since may be either person's.
FIND_GROWN_TICKETS = """
SELECT number FROM tickets WHERE id = ANY($1::bigint[]) AND contact_id = $2 AND EXISTS (
    SELECT FROM messages WHERE ticket_id = tickets.id AND direction = 'inbound'
    AND received_at > $3)
ORDER BY id
"""


def unmerge_options(parser: argparse.ArgumentParser) -> None:
    """Name the merge."""
    parser.add_argument("merge", type=int, help="its number, as `contacts list` shows it")
    parser.add_argument("--by", type=person_name, required=True, help="who decided it")


def unmerge_contacts(env: config.Env, arguments: argparse.Namespace) -> None:
    """Undo a merge: addresses, tickets and messages go back; what came since stays."""
    asyncio.run(_unmerge(config.database_url(env), arguments.merge, arguments.by))


async def _unmerge(database_url: str, merge_id: int, person: str) -> None:
    async with (
        await create_pool(database_url, "operations", size=1) as pool,
        transaction(pool) as tx,
    ):
        merge = await _move_back(tx, merge_id, person)
        tx.log(
            "contact.unmerged", contact_id=merge["survivor_id"], other_id=merge["merged_id"],
            by=person,
        )  # fmt: skip
    say(f"contact {merge['merged_id']} is a contact of its own again")


async def _move_back(tx: Transaction, merge_id: int, person: str) -> asyncpg.Record:
    merge = await tx.connection.fetchrow(FIND_MERGE, merge_id)
    if merge is None:
        raise CommandFailedError(f"there is no merge {merge_id}")
    survivor, merged = merge["survivor_id"], merge["merged_id"]
    now = await lock_contacts(tx, [survivor, merged])
    merge = await tx.connection.fetchrow(FIND_MERGE, merge_id)
    if merge is None or merge["undone_at"] is not None:
        raise CommandFailedError(f"merge {merge_id} was undone already")
    if await tx.connection.fetchval(FIND_LATER_MERGE, survivor) is not None:
        raise CommandFailedError(f"contact {survivor} was merged since: undo that merge first")
    grown = await tx.connection.fetch(
        FIND_GROWN_TICKETS, merge["ticket_ids"], survivor, merge["at"]
    )
    if grown:
        numbers = ", ".join(row["number"] for row in grown)
        raise CommandFailedError(f"messages have come since into {numbers}: whose are they?")
    await tx.connection.execute(MOVE_ADDRESSES_BACK, survivor, merged, merge["addresses"])
    await tx.connection.execute(MOVE_TICKETS_BACK, survivor, merged, merge["ticket_ids"])
    if merge["from_ticket"] is not None:
        await tx.connection.execute(
            MOVE_MESSAGES_BACK, merge["into_ticket"], merge["from_ticket"], merge["message_ids"]
        )
    await tx.connection.execute(MOVE_OUTBOX_BACK, survivor, merged)
    await tx.connection.execute(MOVE_MARKS_BACK, survivor, merged)
    await date_next_messages(tx, [survivor, merged], now)
    await tx.connection.execute(FREE, merged)
    await tx.connection.execute(MARK_UNDONE, merge_id, now, person)
    return merge
