"""Track a batch of statuses in one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.status_tracker.keep_early_statuses import keep_early_statuses
from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.domain.delivery import delivery_of
from shared.domain.timestamp import read_timestamp
from shared.errors import TryAgainError
from shared.events import WebhookEvent
from shared.tickets.advance_deliveries import Told, advance_deliveries
from shared.tickets.lock_contacts import lock_contacts_of
from shared.tickets.lock_wamids import lock_wamids
from shared.tickets.mark_messages import attach_marks
from shared.tickets.record_items import Recorded, record_items, sift_items
from shared.tickets.retry_failed import may_pass
from shared.tickets.settle_proved import settle_proved
from shared.tickets.take_early_statuses import take_early_statuses
from shared.whatsapp.read_status import ReceivedStatus, read_status

UNKNOWN_MESSAGE = "unknown message"

# By our callback data, which a status brings even if the answer to the send was lost; else by
# wamid. Never by recipient, which may be missing or written differently.
FIND_MESSAGES = """
SELECT messages.id, messages.wamid, tickets.contact_id
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
WHERE messages.direction = 'outbound'
  AND (messages.id = ANY($1::bigint[]) OR messages.wamid = ANY($2::text[]))
"""

# The second look, under the lock of the wamids: what it does not find, nobody has recorded.
FIND_RECORDED = """
SELECT EXISTS (SELECT FROM messages WHERE direction = 'outbound' AND wamid = ANY($1::text[]))
"""

# A message that was sent again keeps the wamid that is there; the other one's statuses find it by
# our callback data.
FILL_WAMIDS = """
UPDATE messages SET wamid = new.wamid
FROM unnest($1::text[], $2::bigint[]) AS new (wamid, id)
WHERE messages.id = new.id AND messages.wamid IS NULL AND new.wamid <> ALL(messages.failed_wamids)
"""

# Their senders have no answer yet.
FIND_UNDER_WAY = """
SELECT message_id FROM outbox
WHERE message_id = ANY($1::bigint[]) AND state = 'sending' AND lease_until > $2
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
    under_way: frozenset[int] = frozenset()
    """Those of which a sender still waits for the answer, where that matters to a status."""

    def message_of(self, status: ReceivedStatus) -> int | None:
        """Give the message's id: by callback data first, which cannot be ambiguous."""
        for key in (status.message_id, status.wamid):
            if key is not None and key in self.by_id_or_wamid:
                return self.by_id_or_wamid[key]
        return None


async def track_statuses(pool: Pool, phone_number_id: str, events: Sequence[WebhookEvent]) -> None:
    """Commit what the statuses tell, each once (R14); raise and change nothing otherwise.

    One that comes before our record of the send is kept. Raises TryAgainError where that record was
    made at this very moment: its contact is not locked, and contacts are locked before wamids.
    """
    statuses = {event.item_id: read_status(event.raw) for event in events}
    usable = [one for one in statuses.values() if _unusable(one, phone_number_id) is None]
    async with transaction(pool) as tx:
        known = await _find_messages(tx, statuses.values())
        now, places = await lock_contacts_of(tx, known.contacts)
        known.contacts = {message_id: one.contact_id for message_id, one in places.items()}
        known.under_way = await _find_under_way(tx, known, usable, now)
        await _lock_new_wamids(tx, known, usable)
        new, rows = await sift_items(tx, events)
        judged = [
            (statuses[one.item_id], _judge(one, statuses[one.item_id], known, phone_number_id))
            for one in new
        ]
        rows += [row for _, row in judged]
        await record_items(tx, rows)
        await keep_early_statuses(
            tx, [(row.event, one) for one, row in judged if row.reason == UNKNOWN_MESSAGE]
        )
        stored = [(one, row) for one, row in judged if row.outcome == "stored"]
        await _advance(tx, known, stored, now)
        await settle_proved(tx, known.contacts.values(), now)
        await _note_traffic(tx, rows)


def _unusable(status: ReceivedStatus, phone_number_id: str) -> str | None:
    """Say why a status tells nothing of any message of ours; None where it may."""
    if status.phone_number_id not in {phone_number_id, None}:
        return "another number"
    if status.in_group:
        return "group status"
    return "unknown status" if delivery_of(status.status) is None else None


def _judge(
    event: WebhookEvent, status: ReceivedStatus, known: _Known, phone_number_id: str
) -> Recorded:
    message_id = known.message_of(status)
    if (reason := _unusable(status, phone_number_id)) is not None:
        return Recorded(event, "recorded", reason, message_id)
    if message_id is None or (message_id in known.under_way and _asks_for_another_send(status)):
        # Of the latter the answer to the send is on its way, and this counts after it.
        return Recorded(event, "recorded", UNKNOWN_MESSAGE)
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


def _asks_for_another_send(status: ReceivedStatus) -> bool:
    return delivery_of(status.status) == "failed" and may_pass(status.error_code)


async def _find_under_way(
    tx: Transaction, known: _Known, statuses: Iterable[ReceivedStatus], now: datetime
) -> frozenset[int]:
    asking = [
        known.message_of(one)
        for one in statuses
        if _asks_for_another_send(one) or one.wamid not in known.by_id_or_wamid
    ]
    messages = sorted({one for one in asking if one is not None})
    if not messages:
        return frozenset()
    rows = await tx.connection.fetch(FIND_UNDER_WAY, messages, now)
    return frozenset(row["message_id"] for row in rows)


async def _lock_new_wamids(
    tx: Transaction, known: _Known, statuses: Collection[ReceivedStatus]
) -> None:
    """Lock wamids that no message has, and look again whether that is so."""
    new = {one.wamid for one in statuses if one.wamid and one.wamid not in known.by_id_or_wamid}
    await lock_wamids(tx, new)
    lonely = [one.wamid for one in statuses if one.wamid in new and known.message_of(one) is None]
    if lonely and await tx.connection.fetchval(FIND_RECORDED, lonely):
        raise TryAgainError("wamid")


async def _advance(
    tx: Transaction,
    known: _Known,
    told: Sequence[tuple[ReceivedStatus, Recorded]],
    now: datetime,
) -> None:
    """Move messages on, by what waits for a wamid that becomes known here too."""
    states: list[Told] = []
    wamids: dict[str, int] = {}
    for status, row in told:
        state = delivery_of(status.status)
        if state is None or row.message_id is None:
            continue
        at = read_timestamp(status.timestamp, row.event.received_at)
        states.append(Told(row.message_id, status.wamid, state, status.error_code, at))
        if status.wamid and status.wamid not in known.by_id_or_wamid:
            wamids[status.wamid] = row.message_id
    await advance_deliveries(tx, states, now)
    if wamids:
        await tx.connection.execute(FILL_WAMIDS, list(wamids), list(wamids.values()))
        # Where the answer is still to come, its record takes them: the message may go again then.
        settled = {one: of for one, of in wamids.items() if of not in known.under_way}
        await take_early_statuses(tx, settled, now)
        await attach_marks(tx, known.contacts.values(), wamids=wamids)


async def _note_traffic(tx: Transaction, told: Sequence[Recorded]) -> None:
    """Keep when the newest status of a message of ours came in."""
    newest = max((row.event.received_at for row in told if row.outcome == "stored"), default=None)
    if newest is not None:
        await tx.connection.execute(SIGN_OF_LIFE, newest)
