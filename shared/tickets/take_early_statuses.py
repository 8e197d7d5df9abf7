"""Let statuses that came before our record of the send count, once their wamid is known."""

from collections.abc import Mapping
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.delivery import delivery_of
from shared.domain.timestamp import read_timestamp
from shared.tickets.advance_deliveries import Told, advance_deliveries
from shared.whatsapp.read_status import read_status

TAKE_EARLY_STATUSES = """
DELETE FROM early_statuses
USING unnest($1::text[], $2::bigint[]) AS known (wamid, message_id)
WHERE early_statuses.wamid = known.wamid
RETURNING early_statuses.item_id, early_statuses.status, known.message_id
"""

# Apart from the statement above: nearly always there is nothing to take, and joined to it the
# ledger was read from end to end where PostgreSQL had no statistics of it yet.
CORRECT_ITEMS = """
UPDATE received_events SET outcome = 'stored', reason = taken.status, message_id = taken.message_id
FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS taken (item_id, status, message_id)
WHERE received_events.item_id = taken.item_id
RETURNING received_events.item_id, received_events.raw, received_events.received_at, taken.status,
          taken.message_id
"""


async def take_early_statuses(
    tx: Transaction, message_ids: Mapping[str, int], now: datetime
) -> None:
    """Move messages on by what waits for their wamids, and correct the ledger's rows.

    `message_ids` has a message for each wamid that becomes known in this transaction. The caller
    has locked the messages' contacts and then the wamids (`lock_wamids`): otherwise a status may
    be put aside unseen just before the wamid is there to be found, and wait for ever.
    """
    taken = await tx.connection.fetch(
        TAKE_EARLY_STATUSES, list(message_ids), list(message_ids.values())
    )
    if not taken:
        return
    rows = await tx.connection.fetch(
        CORRECT_ITEMS,
        [row["item_id"] for row in taken],
        [row["status"] for row in taken],
        [row["message_id"] for row in taken],
    )
    told = []
    for row in rows:
        tx.log("status.matched", item_id=row["item_id"], message_id=row["message_id"])
        if (state := delivery_of(row["status"])) is not None:
            status = read_status(row["raw"] or b"")
            at = read_timestamp(status.timestamp, row["received_at"])
            told.append(Told(row["message_id"], status.wamid, state, status.error_code, at))
    await advance_deliveries(tx, told, now)
