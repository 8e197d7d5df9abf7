"""Keep statuses of wamids that no message of ours has yet, for whoever makes the wamid known."""

from collections.abc import Iterable

from shared.database.transaction import Transaction
from shared.events import WebhookEvent
from shared.whatsapp.read_status import ReceivedStatus

# Received here and not by ingress: one that waited in the queue for an hour, because the database
# was away, still gets its hour to be matched in; one that is replayed gets another.
INSERT_EARLY = """
INSERT INTO early_statuses (item_id, wamid, status, kept_at)
SELECT item_id, wamid, status, now()
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS early (item_id, wamid, status)
ON CONFLICT (item_id) DO UPDATE SET kept_at = excluded.kept_at
"""


async def keep_early_statuses(
    tx: Transaction, early: Iterable[tuple[WebhookEvent, ReceivedStatus]]
) -> None:
    """Put them aside, beside their rows in the ledger; the caller has locked their wamids.

    Most are not early but foreign, of another system on the same number: the scheduler drops those
    after an hour.
    """
    kept = [(event, status) for event, status in early if status.wamid]
    if kept:
        await tx.connection.execute(
            INSERT_EARLY,
            [event.item_id for event, _ in kept],
            [status.wamid for _, status in kept],
            [status.status for _, status in kept],
        )
