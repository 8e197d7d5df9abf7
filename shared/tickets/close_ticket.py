"""Write down that closing tickets whose deadline has passed are closed (R6)."""

from collections.abc import Sequence

from shared.database.transaction import Transaction

# With its line of the audit log, as `record_actions` writes it: one statement for what is one fact.
CLOSE_TICKETS = """
WITH closed AS (
    UPDATE tickets SET status = 'closed', closed_at = closes_at
    WHERE id = ANY($1::bigint[]) AND status = 'closing'
    RETURNING id, number, closed_at
), recorded AS (
    INSERT INTO ticket_events (ticket_id, at, actor, action)
    SELECT id, closed_at, 'system', 'closed' FROM closed
)
SELECT number, closed_at FROM closed
"""


async def close_tickets(tx: Transaction, ticket_ids: Sequence[int], by: str) -> int:
    """Close them at their deadline, whenever that is noticed; give how many that were.

    The caller has locked their contacts and seen that they are over; `by` is the service.
    """
    if not ticket_ids:
        return 0
    rows = await tx.connection.fetch(CLOSE_TICKETS, ticket_ids)
    for row in rows:
        tx.log("ticket.closed", ticket=row["number"], closed_at=row["closed_at"], by=by)
    return len(rows)
