"""Keep the audit log: who did what to a ticket, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction

INSERT_TICKET_EVENTS = """
INSERT INTO ticket_events (ticket_id, at, actor, action, details)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[])
"""


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the audit log; `actor` is an agent, `contact` or `system`."""

    ticket_id: int
    at: datetime
    actor: str
    action: str
    details: str | None = None


async def record_actions(tx: Transaction, actions: Sequence[Action]) -> None:
    """Write the lines in the transaction that makes them true."""
    if actions:
        await tx.connection.execute(
            INSERT_TICKET_EVENTS,
            [action.ticket_id for action in actions],
            [action.at for action in actions],
            [action.actor for action in actions],
            [action.action for action in actions],
            [action.details for action in actions],
        )
