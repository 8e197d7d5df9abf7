"""Lock contacts: whoever changes a contact's tickets, messages or outbox does this first.

Lock order, for everyone: addresses (inserted in value order), contacts (in id order), addresses
read again, wamids (`lock_wamids`), tickets, messages (in id order). In trials, leaving it out
anywhere gave deadlocks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction
from shared.errors import TryAgainError

# FOR NO KEY UPDATE lets rows that refer to the contact be inserted meanwhile. The clock is read
# once all rows are counted, and none is counted before it is locked (R6).
LOCK_CONTACTS = """
SELECT clock_timestamp() FROM (
    SELECT count(*) FROM (
        SELECT FROM contacts WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE) AS locked
) AS all_locked
"""

READ_CLOCK = "SELECT clock_timestamp()"


FIND_PLACES = """
SELECT messages.id, messages.ticket_id, tickets.contact_id
FROM messages JOIN tickets ON tickets.id = messages.ticket_id WHERE messages.id = ANY($1::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands; a join of two contacts changes both (R13)."""

    ticket_id: int
    contact_id: int


async def lock_contacts(tx: Transaction, contact_ids: Iterable[int]) -> datetime:
    """Lock the contacts and give PostgreSQL's clock, read after all locks are held (R6)."""
    now: datetime = await tx.connection.fetchval(LOCK_CONTACTS, sorted(set(contact_ids)))
    return now


async def lock_contacts_of(
    tx: Transaction, message_ids: Iterable[int]
) -> tuple[datetime, dict[int, Place]]:
    """Lock the contacts of messages; give the clock after that, and where each message stands now.

    Raises TryAgainError where a contact was joined with another one at this very moment.
    """
    wanted = sorted(set(message_ids))
    before = await find_places(tx, wanted)
    now = await lock_contacts(tx, [place.contact_id for place in before.values()])
    places = await find_places(tx, wanted)
    if {one.contact_id for one in places.values()} - {one.contact_id for one in before.values()}:
        raise TryAgainError("contacts were joined")
    return now, places


async def find_places(tx: Transaction, message_ids: Sequence[int]) -> dict[int, Place]:
    """Give where messages stand, by their ids."""
    rows = await tx.connection.fetch(FIND_PLACES, message_ids)
    return {row["id"]: Place(row["ticket_id"], row["contact_id"]) for row in rows}
