"""Changes of addresses that came before the contact whom they are about (R13, R15)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.contact import IdentityChange, Sender
from shared.domain.phone import phone_key

FIND_CHANGES = """
SELECT event_key, old_phone, previous_user_id, new_phone, new_user_id, changed_at
FROM identity_changes
WHERE old_phone = ANY($1::text[]) OR previous_user_id = ANY($2::text[])
ORDER BY event_key
"""

KEEP_CHANGES = """
INSERT INTO identity_changes
    (event_key, old_phone, previous_user_id, new_phone, new_user_id, changed_at, kept_at)
SELECT event_key, old_phone, previous_user_id, new_phone, new_user_id, changed_at, $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
     AS new (event_key, old_phone, previous_user_id, new_phone, new_user_id, changed_at)
ON CONFLICT (event_key) DO NOTHING
"""


DROP_CHANGES = "DELETE FROM identity_changes WHERE event_key = ANY($1::text[])"


async def find_waiting_changes(
    tx: Transaction, senders: Sequence[Sender]
) -> dict[str, IdentityChange]:
    """Give the kept changes that are about one of these senders' addresses, by event key."""
    rows = await tx.connection.fetch(
        FIND_CHANGES,
        [phone_key(one.phone) for one in senders if one.phone],
        [one.user_id for one in senders if one.user_id],
    )
    return {
        row["event_key"]: IdentityChange(
            Sender(row["old_phone"], row["previous_user_id"]),
            Sender(row["new_phone"], row["new_user_id"]),
            row["changed_at"],
        )
        for row in rows
    }


async def keep_changes(
    tx: Transaction, changes: Mapping[str, IdentityChange], now: datetime
) -> None:
    """Keep changes, each by its event key, until their contact comes."""
    if changes:
        told = changes.values()
        await tx.connection.execute(
            KEEP_CHANGES,
            list(changes),
            [phone_key(one.before.phone) if one.before.phone else None for one in told],
            [one.before.user_id for one in told],
            [one.after.phone for one in told],
            [one.after.user_id for one in told],
            [one.at for one in told],
            now,
        )


async def drop_changes(tx: Transaction, event_keys: Sequence[str]) -> None:
    """Forget changes that have found their contact: the phone may be somebody else's one day."""
    if event_keys:
        await tx.connection.execute(DROP_CHANGES, event_keys)
