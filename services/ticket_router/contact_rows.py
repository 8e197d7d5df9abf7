"""The rows of contacts and their addresses, as the router reads, locks and writes them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.address_book import FIRST_NEW, AddressBook
from shared.domain.contact import Address

# All addresses of every contact that has one of the given.
FIND_ADDRESSES = """
SELECT kind, match_key, contact_id, seen_at FROM contact_addresses
WHERE contact_id IN (
    SELECT contact_id FROM contact_addresses
    WHERE (kind, match_key) IN (SELECT * FROM unnest($1::text[], $2::text[])))
"""

# In the order of the keys, so that two routers never wait for one another in a circle. Whoever
# comes second for an address gets a unique violation, does the batch again, and finds the contact.
INSERT_ADDRESSES = """
INSERT INTO contact_addresses (kind, match_key, value, contact_id, seen_at)
SELECT kind, match_key, value, contact_id, seen_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
     AS new (kind, match_key, value, contact_id, seen_at)
ORDER BY kind, match_key
"""

NEXT_CONTACTS = """
SELECT nextval(pg_get_serial_sequence('contacts', 'id')) AS id FROM generate_series(1, $1)
"""

INSERT_CONTACTS = "INSERT INTO contacts (id) SELECT * FROM unnest($1::bigint[])"

FIND_APART = """
SELECT survivor_id, merged_id FROM contact_merges
WHERE undone_at IS NOT NULL AND survivor_id = ANY($1::bigint[]) AND merged_id = ANY($1::bigint[])
"""

LOCK_ADDRESSES = """
SELECT pg_advisory_xact_lock(hashtextextended(address, 1))
FROM (SELECT address FROM unnest($1::text[]) AS wanted (address) ORDER BY address) AS in_order
"""


async def read_addresses(
    tx: Transaction, addresses: Iterable[Address]
) -> tuple[dict[Address, int], dict[Address, datetime]]:
    """Give owners, and when each was first seen there, of all addresses of whoever has one."""
    wanted = sorted(addresses)
    rows = await tx.connection.fetch(
        FIND_ADDRESSES, [kind for kind, _ in wanted], [key for _, key in wanted]
    )
    keys = [(row["kind"], row["match_key"]) for row in rows]
    owners = {key: row["contact_id"] for key, row in zip(keys, rows, strict=True)}
    return owners, {key: row["seen_at"] for key, row in zip(keys, rows, strict=True)}


async def lock_addresses(tx: Transaction, addresses: Iterable[Address]) -> None:
    """Lock addresses that may have no row yet, until the transaction ends."""
    await tx.connection.execute(LOCK_ADDRESSES, [f"{kind}:{key}" for kind, key in addresses])


async def find_apart(tx: Transaction, contacts: Iterable[int]) -> frozenset[frozenset[int]]:
    """Give the pairs of these contacts whose merge a person has undone."""
    rows = await tx.connection.fetch(FIND_APART, [one for one in contacts if one < FIRST_NEW])
    return frozenset(frozenset({row["survivor_id"], row["merged_id"]}) for row in rows)


async def make_contacts(tx: Transaction, new: Sequence[int]) -> dict[int, int]:
    """Write new contacts; give their ids by the provisional ones."""
    if not new:
        return {}
    rows = await tx.connection.fetch(NEXT_CONTACTS, len(new))
    ids = {one: row["id"] for one, row in zip(new, rows, strict=True)}
    await tx.connection.execute(INSERT_CONTACTS, list(ids.values()))
    for contact_id in ids.values():
        tx.log("contact.created", contact_id=contact_id)
    return ids


async def insert_addresses(
    tx: Transaction, book: AddressBook, owners: Mapping[Address, int]
) -> None:
    """Write new addresses; those of one contact show when they were first seen."""
    if owners:
        await tx.connection.execute(
            INSERT_ADDRESSES,
            [kind for kind, _ in owners],
            [key for _, key in owners],
            [book.adds[address] for address in owners],
            list(owners.values()),
            [book.seen[address] for address in owners],
        )
