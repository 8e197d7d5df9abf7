"""Keep below WhatsApp's limit for one contact, so that it never has to refuse (131056)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.pace import Burst, count_message

FIND_BURSTS = """
SELECT contact_id, began_at, messages FROM contact_paces WHERE contact_id = ANY($1::bigint[])
"""

WRITE_BURSTS = """
INSERT INTO contact_paces (contact_id, began_at, messages)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::integer[])
ON CONFLICT (contact_id) DO UPDATE
SET began_at = excluded.began_at, messages = excluded.messages
"""

# Only of heads that are due; a contact's other messages have no due time.
HOLD_BACK = """
UPDATE outbox SET next_attempt_at = held.until
FROM unnest($1::bigint[], $2::timestamptz[]) AS held (contact_id, until)
WHERE outbox.contact_id = held.contact_id
  AND outbox.state = 'queued' AND outbox.next_attempt_at <= clock_timestamp()
RETURNING message_id, until
"""


async def read_bursts(tx: Transaction, contact_ids: Iterable[int]) -> dict[int, Burst]:
    """Give what contacts, whom the caller has locked, were sent lately."""
    rows = await tx.connection.fetch(FIND_BURSTS, list(contact_ids))
    return {row["contact_id"]: Burst(row["began_at"], row["messages"]) for row in rows}


async def hold_back(
    tx: Transaction, contact_ids: Sequence[int], bursts: Mapping[int, Burst], now: datetime
) -> list[int]:
    """Date anew what would be too much for its contact; give the contacts that may be sent to."""
    next_at = {one: bursts[one].next_at(now) for one in contact_ids if one in bursts}
    held = {one: at for one, at in next_at.items() if at > now}
    if held:
        rows = await tx.connection.fetch(HOLD_BACK, list(held), list(held.values()))
        for row in rows:
            due_in_ms = round((row["until"] - now).total_seconds() * 1000)
            tx.log("send.held_back", message_id=row["message_id"], due_in_ms=due_in_ms)
    return [one for one in contact_ids if one not in held]


async def count_messages(
    tx: Transaction, contact_ids: Sequence[int], bursts: Mapping[int, Burst], now: datetime
) -> None:
    """Count a message that leaves now for each of these contacts."""
    if contact_ids:
        after = [count_message(bursts.get(one), now) for one in contact_ids]
        await tx.connection.execute(
            WRITE_BURSTS,
            contact_ids,
            [burst.began_at for burst in after],
            [burst.messages for burst in after],
        )
