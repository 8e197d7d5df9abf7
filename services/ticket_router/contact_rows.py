"""The rows of contacts and their addresses, as the router reads, locks and writes them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.address_book import FIRST_NEW, AddressBook
from shared.domain.contact import Address

# All addresses of every contact that has one of the given. LIMIT and OFFSET have each looked up by
# itself: a plan that was made while the table was small would go on to read all of it.
FIND_ADDRESSES = """
SELECT theirs.*
FROM unnest($1::text[], $2::text[]) AS wanted (kind, match_key)
CROSS JOIN LATERAL (
    SELECT contact_id FROM contact_addresses AS found
    WHERE found.kind = wanted.kind AND found.match_key = wanted.match_key LIMIT 1) AS owner
CROSS JOIN LATERAL (
    SELECT kind, match_key, contact_id, seen_at FROM contact_addresses AS found
    WHERE found.contact_id = owner.contact_id OFFSET 0) AS theirs
"""

# New contacts come with provisional numbers, and get their ids here. Addresses are written in the
# order of the keys, so that two routers never wait for one another in a circle.
INSERT_CONTACTS = """
WITH made AS MATERIALIZED (
    SELECT provisional, nextval(pg_get_serial_sequence('contacts', 'id')) AS id
    FROM unnest($1::bigint[]) AS provisional
), contacts_written AS (
    INSERT INTO contacts (id) SELECT id FROM made
), addresses_written AS (
    INSERT INTO contact_addresses (kind, match_key, value, contact_id, seen_at)
    SELECT kind, match_key, value, coalesce(made.id, contact_id), seen_at
    FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
         AS new (kind, match_key, value, contact_id, seen_at)
         LEFT JOIN made ON made.provisional = new.contact_id
    ORDER BY kind, match_key
)
SELECT provisional, id FROM made
"""

FIND_ANY_KNOWN = """
SELECT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS wanted (kind, match_key)
               CROSS JOIN LATERAL (
                   SELECT FROM contact_addresses AS found
                   WHERE found.kind = wanted.kind AND found.match_key = wanted.match_key
                   LIMIT 1) AS owner)
    OR EXISTS (SELECT FROM identity_changes
               WHERE (old_phone = ANY($2::text[]) OR previous_user_id = ANY($2::text[]))
                 AND event_key <> ALL($3::text[]))
"""

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


async def are_known(tx: Transaction, addresses: Collection[Address], told: Collection[str]) -> bool:
    """Tell whether one of these has an owner, or a change is kept about one that was not told."""
    kinds, keys = [kind for kind, _ in addresses], [key for _, key in addresses]
    return bool(await tx.connection.fetchval(FIND_ANY_KNOWN, kinds, keys, told))


async def find_apart(tx: Transaction, contacts: Iterable[int]) -> frozenset[frozenset[int]]:
    """Give the pairs of these contacts whose merge a person has undone."""
    rows = await tx.connection.fetch(FIND_APART, [one for one in contacts if one < FIRST_NEW])
    return frozenset(frozenset({row["survivor_id"], row["merged_id"]}) for row in rows)


async def insert_contacts(
    tx: Transaction, new: Sequence[int], book: AddressBook, owners: Mapping[Address, int]
) -> dict[int, int]:
    """Write new contacts, and new addresses with when they were first seen at their owners.

    Gives the ids of the new contacts by the provisional ones.
    """
    if not (new or owners):
        return {}
    rows = await tx.connection.fetch(
        INSERT_CONTACTS,
        new,
        [kind for kind, _ in owners],
        [key for _, key in owners],
        [book.adds[address] for address in owners],
        list(owners.values()),
        [book.seen[address] for address in owners],
    )
    ids = {row["provisional"]: row["id"] for row in rows}
    for one in new:
        tx.log("contact.created", contact_id=ids[one])
    return ids
