"""Track a batch of statuses in one transaction."""

from collections.abc import Iterable, Mapping, Sequence

from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.domain.delivery import delivery_of, is_further
from shared.events import Event
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.lock_contacts import lock_contacts
from shared.tickets.queue_message import NOTIFY_SENDERS
from shared.tickets.record_items import Recorded, record_items, sift_items
from shared.whatsapp.read_status import ReceivedStatus, read_status

# By our callback data, which a status brings even if the answer to the send was lost; else by
# wamid. Never by recipient, which may be missing or written differently.
FIND_MESSAGES = """
SELECT messages.id, messages.wamid, tickets.contact_id
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
WHERE messages.direction = 'outbound'
  AND (messages.id = ANY($1::bigint[]) OR messages.wamid = ANY($2::text[]))
"""

FIND_DELIVERIES = "SELECT id, delivery FROM messages WHERE id = ANY($1::bigint[])"

SET_DELIVERIES = """
UPDATE messages SET delivery = new.delivery, wamid = coalesce(messages.wamid, new.wamid)
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS new (id, delivery, wamid)
WHERE messages.id = new.id
"""

# WhatsApp has the message, so it is not sent again; a send under way records itself.
SETTLE_UNKNOWN = """
DELETE FROM outbox
WHERE message_id = ANY($1::bigint[]) AND attempts > 0 AND state IN ('unknown', 'queued')
RETURNING message_id, contact_id
"""

SIGN_OF_LIFE = """
UPDATE status_traffic SET last_status_at = $1
WHERE last_status_at < $1::timestamptz - interval '1 second'
"""


async def track_statuses(pool: Pool, phone_number_id: str, events: Sequence[Event]) -> None:
    """Commit what the statuses tell, each once (R14); raise and change nothing otherwise."""
    statuses = {event.item_id: read_status(event.raw) for event in events}
    async with transaction(pool) as tx:
        messages, contacts = await _find_messages(tx, statuses.values())
        now = await lock_contacts(tx, contacts.values())
        new, rows = await sift_items(tx, events)
        states: dict[int, tuple[str, str | None]] = {}
        known = await _find_deliveries(tx, contacts)
        for event in new:
            status = statuses[event.item_id]
            message_id = _message_of(status, messages)
            row = _judge(event, status, message_id, phone_number_id)
            rows.append(row)
            state = delivery_of(status.status)
            if row.outcome == "stored" and message_id is not None and state is not None:
                if is_further(state, known[message_id]):
                    known[message_id] = state
                states[message_id] = (str(known[message_id]), status.wamid)
        await _store(tx, states)
        settled = await tx.connection.fetch(SETTLE_UNKNOWN, list(states))
        for done in settled:
            state = states[done["message_id"]][0]
            tx.log("send.settled", message_id=done["message_id"], state=state)
        await date_next_messages(tx, [done["contact_id"] for done in settled], now)
        if settled:
            await tx.connection.execute(NOTIFY_SENDERS)
        await tx.connection.execute(SIGN_OF_LIFE, now)
        await record_items(tx, rows)
        for recorded in rows:
            tx.log(
                "status.received", item_id=recorded.event.item_id, outcome=recorded.outcome,
                reason=recorded.reason, message_id=recorded.message_id,
                trace_id=recorded.event.trace_id,
            )  # fmt: skip


def _judge(
    event: Event, status: ReceivedStatus, message_id: int | None, phone_number_id: str
) -> Recorded:
    if status.phone_number_id not in {phone_number_id, None}:
        return Recorded(event, "recorded", "another number")
    if status.in_group:
        return Recorded(event, "recorded", "group status")
    if delivery_of(status.status) is None:
        return Recorded(event, "recorded", "unknown status", message_id)
    if message_id is None:
        return Recorded(event, "recorded", "unknown message")
    return Recorded(event, "stored", status.status, message_id)


def _message_of(status: ReceivedStatus, messages: Mapping[int | str, int]) -> int | None:
    by_callback = messages.get(status.message_id) if status.message_id is not None else None
    if by_callback is not None or status.wamid is None:
        return by_callback
    return messages.get(status.wamid)


async def _find_messages(
    tx: Transaction, statuses: Iterable[ReceivedStatus]
) -> tuple[dict[int | str, int], dict[int, int]]:
    """Give message ids by id and by wamid, and the contacts by message id."""
    all_statuses = list(statuses)
    rows = await tx.connection.fetch(
        FIND_MESSAGES,
        [one.message_id for one in all_statuses if one.message_id is not None],
        [one.wamid for one in all_statuses if one.wamid is not None],
    )
    messages: dict[int | str, int] = {row["id"]: row["id"] for row in rows}
    messages |= {row["wamid"]: row["id"] for row in rows if row["wamid"] is not None}
    return messages, {row["id"]: row["contact_id"] for row in rows}


async def _find_deliveries(tx: Transaction, ids: Iterable[int]) -> dict[int, str | None]:
    rows = await tx.connection.fetch(FIND_DELIVERIES, list(ids))
    return {row["id"]: row["delivery"] for row in rows}


async def _store(tx: Transaction, states: Mapping[int, tuple[str, str | None]]) -> None:
    if states:
        await tx.connection.execute(
            SET_DELIVERIES,
            list(states),
            [state for state, _ in states.values()],
            [wamid for _, wamid in states.values()],
        )
