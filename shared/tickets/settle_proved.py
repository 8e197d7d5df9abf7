"""Finish sends of which a status has proved that WhatsApp has the message (R17)."""

from collections.abc import Iterable
from datetime import datetime

from shared.database.transaction import Transaction
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.queue_message import NOTIFY_SENDERS
from shared.tickets.record_actions import Action, record_actions

# A send under way records itself, unless its sender is given up.
FINISH_PROVED = """
WITH proved AS (
    DELETE FROM outbox USING messages
    WHERE outbox.contact_id = ANY($1::bigint[]) AND messages.id = outbox.message_id
      AND outbox.attempts > 0
      AND (outbox.state <> 'sending' OR outbox.lease_until <= $2)
      AND messages.delivery IN ('sent', 'delivered', 'read', 'failed', 'undeliverable')
    RETURNING messages.id, outbox.attempts
)
UPDATE messages SET send_attempts = proved.attempts FROM proved WHERE messages.id = proved.id
RETURNING messages.id, messages.ticket_id, messages.delivery
"""


async def settle_proved(tx: Transaction, contact_ids: Iterable[int], now: datetime) -> int:
    """Take proved messages out of the outbox and date what waits behind them; give how many.

    Whoever changes a delivery or gives a send up calls it: a status may come before the answer to
    its send, and the answer may never come. The caller has locked the contacts.
    """
    contacts = sorted(set(contact_ids))
    rows = await tx.connection.fetch(FINISH_PROVED, contacts, now)
    for row in rows:
        tx.log("send.settled", message_id=row["id"], state=row["delivery"])
    await record_actions(
        tx, [Action(row["ticket_id"], now, "system", "settled", str(row["id"])) for row in rows]
    )
    if rows:
        await date_next_messages(tx, contacts, now)
        await tx.connection.execute(NOTIFY_SENDERS)
    return len(rows)
