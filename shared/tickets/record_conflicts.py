"""Record addresses that do not fit together, for a person to look at (R13)."""

from collections.abc import Sequence
from datetime import datetime

from shared.database.transaction import Transaction

RECORD_CONFLICTS = """
INSERT INTO contact_conflicts (user_contact, phone_contact, first_at, last_at)
SELECT user_contact, phone_contact, $3, $3
FROM unnest($1::bigint[], $2::bigint[]) AS new (user_contact, phone_contact)
ORDER BY 1, 2
ON CONFLICT (user_contact, phone_contact) DO UPDATE
SET times = contact_conflicts.times + 1, last_at = excluded.last_at, settled_at = NULL
"""


async def record_conflicts(
    tx: Transaction, conflicts: Sequence[tuple[int, int]], now: datetime
) -> None:
    """Write down whose user id came with whose phone: pairs of contacts, locked by the caller."""
    pairs = sorted({(one, other) for one, other in conflicts if one != other})
    if not pairs:
        return
    await tx.connection.execute(
        RECORD_CONFLICTS, [one for one, _ in pairs], [other for _, other in pairs], now
    )
    for user_contact, phone_contact in pairs:
        tx.log("contact.conflict", contact_id=user_contact, other_id=phone_contact)
