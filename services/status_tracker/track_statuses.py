"""Track a batch of statuses in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.domain.delivery import delivery_of, is_further
from shared.events import WebhookEvent
from shared.tickets.lock_contacts import lock_contacts
from shared.tickets.record_items import Recorded, record_items, sift_items
from shared.tickets.settle_proved import settle_proved
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

# The moment at which ingress took it: one that waited in the queue since before a send says
# nothing of that send (R17).
SIGN_OF_LIFE = """
UPDATE status_traffic SET last_status_at = $1
WHERE last_status_at < $1::timestamptz - interval '1 second'
"""


@dataclass(slots=True)
class _Known:
    """The messages that a batch of statuses speaks of."""

    by_id_or_wamid: dict[int | str, int]
    contacts: dict[int, int]
    """Their contacts, by message id."""

    def message_of(self, status: ReceivedStatus) -> int | None:
        """Give the message's id: by callback data first, which cannot be ambiguous."""
        for key in (status.message_id, status.wamid):
            if key is not None and key in self.by_id_or_wamid:
                return self.by_id_or_wamid[key]
        return None


async def track_statuses(pool: Pool, phone_number_id: str, events: Sequence[WebhookEvent]) -> None:
    """Commit what the statuses tell, each once (R14); raise and change nothing otherwise."""
    statuses = {event.item_id: read_status(event.raw) for event in events}
    async with transaction(pool) as tx:
        known = await _find_messages(tx, statuses.values())
        now = await lock_contacts(tx, known.contacts.values())
        new, rows = await sift_items(tx, events)
        told: list[tuple[int, ReceivedStatus]] = []
        for event in new:
            status = statuses[event.item_id]
            row = _judge(event, status, known.message_of(status), phone_number_id)
            rows.append(row)
            if row.outcome == "stored" and row.message_id is not None:
                told.append((row.message_id, status))
        await _advance(tx, told)
        await settle_proved(tx, known.contacts.values(), now)
        await _note_traffic(tx, rows)
        await record_items(tx, rows)


def _judge(
    event: WebhookEvent, status: ReceivedStatus, message_id: int | None, phone_number_id: str
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


async def _find_messages(tx: Transaction, statuses: Iterable[ReceivedStatus]) -> _Known:
    wanted = list(statuses)
    rows = await tx.connection.fetch(
        FIND_MESSAGES,
        [one.message_id for one in wanted if one.message_id is not None],
        [one.wamid for one in wanted if one.wamid is not None],
    )
    keys: dict[int | str, int] = {row["wamid"]: row["id"] for row in rows if row["wamid"]}
    keys |= {row["id"]: row["id"] for row in rows}
    return _Known(keys, {row["id"]: row["contact_id"] for row in rows})


async def _advance(tx: Transaction, told: Sequence[tuple[int, ReceivedStatus]]) -> None:
    """Move messages on to the furthest state that they were told of."""
    rows = await tx.connection.fetch(FIND_DELIVERIES, [message_id for message_id, _ in told])
    states: dict[int, str] = {row["id"]: row["delivery"] for row in rows}
    wamids: dict[int, str | None] = {}
    for message_id, status in told:
        state = delivery_of(status.status)
        if state is not None and is_further(state, states[message_id]):
            states[message_id] = state
        wamids[message_id] = status.wamid
    await tx.connection.execute(
        SET_DELIVERIES, list(states), list(states.values()), [wamids[one] for one in states]
    )


async def _note_traffic(tx: Transaction, told: Sequence[Recorded]) -> None:
    """Keep when the newest status of a message of ours came in."""
    newest = max((row.event.received_at for row in told if row.outcome == "stored"), default=None)
    if newest is not None:
        await tx.connection.execute(SIGN_OF_LIFE, newest)
