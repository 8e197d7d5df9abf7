"""Make one contact of two that a person knows to be one (R13)."""

import argparse
import asyncio

from services.operations.command_failed import CommandFailedError
from services.operations.show import say
from shared import config
from shared.database.pool import create_pool
from shared.database.transaction import Transaction, transaction
from shared.tickets.join_contacts import join_contacts
from shared.tickets.lock_contacts import lock_contacts

FIND_CONTACTS = """
SELECT id, merged_into, typed_phone IS NOT NULL OR typed_email IS NOT NULL AS is_typed,
       EXISTS (SELECT FROM tickets WHERE contact_id = contacts.id AND channel = 'whatsapp'
               AND (status = 'open' OR status = 'closing' AND closes_at > $2)) AS has_open_ticket
FROM contacts WHERE id = ANY($1::bigint[])
"""
LONGEST_NAME = 60


def merge_options(parser: argparse.ArgumentParser) -> None:
    """Name both contacts, and the person who decides."""
    parser.add_argument("contacts", type=int, nargs=2, help="the older one goes on")
    parser.add_argument("--by", type=person_name, required=True, help="who decided it")


def merge_contacts(env: config.Env, arguments: argparse.Namespace) -> None:
    """Merge two contacts; refused while both have an open ticket."""
    asyncio.run(_merge(config.database_url(env), sorted(arguments.contacts), arguments.by))


async def _merge(database_url: str, contacts: list[int], person: str) -> None:
    async with (
        await create_pool(database_url, "operations", size=1) as pool,
        transaction(pool) as tx,
    ):
        await merge_under_lock(tx, contacts, person)
    say(f"contact {contacts[0]} has taken over contact {contacts[1]}")


async def merge_under_lock(tx: Transaction, contacts: list[int], person: str) -> None:
    """Merge; raise CommandFailedError where that cannot be."""
    survivor, merged = contacts
    if survivor == merged:
        raise CommandFailedError("a contact cannot be merged with itself")
    now = await lock_contacts(tx, contacts)
    rows = await tx.connection.fetch(FIND_CONTACTS, contacts, now)
    if missing := set(contacts) - {row["id"] for row in rows}:
        raise CommandFailedError(f"there is no contact {min(missing)}")
    for row in rows:
        if row["merged_into"] is not None:
            raise CommandFailedError(
                f"contact {row['id']} was merged into contact {row['merged_into']} already"
            )
        if row["is_typed"]:
            raise CommandFailedError(
                f"contact {row['id']} is one that an agent typed, which is no address to go by"
            )
    if all(row["has_open_ticket"] for row in rows):
        raise CommandFailedError("both have an open ticket: close one of them, and try again then")
    await join_contacts(tx, survivor, merged, person, now)


def person_name(value: str) -> str:
    """Read who decides; raise ArgumentTypeError for what is no name."""
    if not value.strip() or len(value) > LONGEST_NAME or not value.isprintable():
        raise argparse.ArgumentTypeError(f"a name of at most {LONGEST_NAME} characters")
    return value.strip()
