"""Move messages on to the furthest state that statuses told of."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.database.transaction import Transaction
from shared.domain.delivery import is_further
from shared.tickets.close_window import close_window
from shared.tickets.lock_contacts import READ_CLOCK
from shared.whatsapp.error_codes import WINDOW_CLOSED

FIND_DELIVERIES = "SELECT id, delivery FROM messages WHERE id = ANY($1::bigint[])"

SET_DELIVERIES = """
UPDATE messages SET delivery = new.delivery
FROM unnest($1::bigint[], $2::text[]) AS new (id, delivery)
WHERE messages.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What one status says of a message of ours."""

    message_id: int
    state: str
    """One of `shared.domain.delivery`, translated."""
    error_code: int | None
    """Meta's code, where it failed."""


async def advance_deliveries(tx: Transaction, told: Sequence[Told]) -> None:
    """Write each message's furthest state and log it once; the caller has locked the contacts."""
    rows = await tx.connection.fetch(FIND_DELIVERIES, [one.message_id for one in told])
    known: dict[int, str | None] = {row["id"]: row["delivery"] for row in rows}
    changed: dict[int, Told] = {}
    for one in told:
        if is_further(one.state, known[one.message_id]):
            known[one.message_id] = one.state
            changed[one.message_id] = one
    closed = {
        message_id
        for message_id, one in changed.items()
        if one.state == "failed" and one.error_code == WINDOW_CLOSED
    }
    if closed:
        await close_window(tx, sorted(closed), await tx.connection.fetchval(READ_CLOCK))
        changed = {key: one for key, one in changed.items() if key not in closed}
    if not changed:
        return
    await tx.connection.execute(
        SET_DELIVERIES, list(changed), [one.state for one in changed.values()]
    )
    for message_id, one in changed.items():
        if one.state == "failed":
            tx.log("delivery.failed", message_id=message_id, code=one.error_code)
        else:
            tx.log("delivery.changed", message_id=message_id, state=one.state)
