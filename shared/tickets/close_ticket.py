"""Write down that closing tickets whose deadline has passed are closed (R6)."""

from collections.abc import Sequence

from shared.database.transaction import Transaction
from shared.tickets.record_actions import Action, record_actions

CLOSE_TICKETS = """
UPDATE tickets SET status = 'closed', closed_at = closes_at
WHERE id = ANY($1::bigint[]) AND status = 'closing'
RETURNING id, number, closed_at
"""


async def close_tickets(tx: Transaction, ticket_ids: Sequence[int], by: str) -> int:
    """Close them at their deadline, whenever that is noticed; give how many that were.

    The caller has locked their contacts and seen that they are over; `by` is the service.
    """
    if not ticket_ids:
        return 0
    rows = await tx.connection.fetch(CLOSE_TICKETS, ticket_ids)
    await record_actions(
        tx, [Action(row["id"], row["closed_at"], "system", "closed") for row in rows]
    )
    for row in rows:
        tx.log("ticket.closed", ticket=row["number"], closed_at=row["closed_at"], by=by)
    return len(rows)
