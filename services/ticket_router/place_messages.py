"""Put a batch's messages into tickets: close, reopen and open what their times ask for."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.ticket_router.find_contacts import Found
from services.ticket_router.judge_event import ToRoute
from services.ticket_router.settings import Settings
from shared.database.transaction import Transaction
from shared.domain.plan_messages import Plan, plan_messages
from shared.domain.ticket import Status, Ticket
from shared.events import AttachmentReceived
from shared.tickets.add_attachments import add_attachments
from shared.tickets.append_message import Inbound, append_messages
from shared.tickets.close_ticket import close_tickets
from shared.tickets.open_ticket import Opened, Opening, announce_tickets, open_tickets
from shared.tickets.record_items import Recorded
from shared.tickets.reopen_ticket import CONTACT, Reopening, reopen_tickets

# Each contact's open WhatsApp ticket, or else the newest; one that ended by a join may be newer.
FIND_LATEST_TICKETS = """
SELECT latest.* FROM unnest($1::bigint[]) AS wanted (contact_id)
CROSS JOIN LATERAL (
    SELECT id, number, contact_id, status, closing_at, closes_at, closing_message_id,
           reopened_from, closing_taken_at IS NOT NULL AS closing_taken
    FROM tickets WHERE tickets.contact_id = wanted.contact_id AND channel = 'whatsapp'
    ORDER BY status = 'closed', id DESC LIMIT 1) AS latest
"""


@dataclass(frozen=True, slots=True)
class _Latest:
    """A contact's newest ticket, with the state that the rules decide over."""

    id: int
    number: str
    closing_message_id: int
    state: Ticket


async def place_messages(
    tx: Transaction, settings: Settings, messages: Sequence[ToRoute], found: Found, now: datetime
) -> tuple[list[Recorded], list[AttachmentReceived]]:
    """Put messages into tickets; give their rows of the ledger, and their files."""
    by_contact: dict[int, list[tuple[datetime, ToRoute]]] = defaultdict(list)
    for message in messages:
        by_contact[found.contacts[message.sender]].append((message.sent_at, message))
    latest = await _find_latest(tx, by_contact.keys() - found.created)
    plans = {
        contact_id: plan_messages(
            latest[contact_id].state if contact_id in latest else None,
            arrived,
            now,
            grace_reply_reopens=settings.grace_reply_reopens,
        )
        for contact_id, arrived in by_contact.items()
    }
    opened = await _change_tickets(tx, settings, plans, latest, now)
    targets = {(contact_id, False): old.id for contact_id, old in latest.items()}
    targets |= {(contact_id, True): new.id for contact_id, new in opened.items()}
    inbound = [
        _inbound(
            contact_id, targets[contact_id, placed.in_new], placed.message, placed.after_closing
        )
        for contact_id, plan in plans.items()
        for placed in plan.placed
    ]
    ids = await append_messages(tx, inbound, {new.id for new in opened.values()})
    attachments = await add_attachments(tx, inbound, ids)
    await announce_tickets(tx, opened, now, settings.texts)
    reasons = {
        message.event.item_id: "conflict"
        for message in messages
        if message.sender in found.conflicts
    }
    rows = [
        Recorded(
            message.event,
            "stored",
            reasons.get(message.event.item_id),
            ids[message.event.event_key],
        )
        for message in messages
    ]
    return rows, attachments


async def _find_latest(tx: Transaction, contacts: Collection[int]) -> dict[int, _Latest]:
    if not contacts:
        return {}
    rows = await tx.connection.fetch(FIND_LATEST_TICKETS, list(contacts))
    return {
        row["contact_id"]: _Latest(
            row["id"],
            row["number"],
            row["closing_message_id"] or 0,  # always there where the ticket is closing
            Ticket(
                Status(row["status"]),
                row["closing_at"],
                row["closes_at"],
                row["reopened_from"],
                row["closing_taken"],
            ),
        )
        for row in rows
    }


async def _change_tickets(
    tx: Transaction,
    settings: Settings,
    plans: Mapping[int, Plan[ToRoute]],
    latest: Mapping[int, _Latest],
    now: datetime,
) -> dict[int, Opened]:
    """Close, reopen and open what the plans say; give the new tickets by contact."""
    await close_tickets(
        tx, [latest[contact_id].id for contact_id, plan in plans.items() if plan.closes], "router"
    )
    await reopen_tickets(
        tx,
        [
            Reopening(old.id, old.number, contact_id, old.closing_message_id, CONTACT)
            for contact_id, plan in plans.items()
            if plan.reopens
            for old in [latest[contact_id]]
        ],
        now,
        settings.texts,
    )
    return await open_tickets(
        tx,
        [
            _opening(contact_id, latest.get(contact_id), plan)
            for contact_id, plan in plans.items()
            if plan.opens
        ],
        now,
    )


def _opening(contact_id: int, previous: _Latest | None, plan: Plan[ToRoute]) -> Opening:
    messages = [placed.message for placed in plan.placed if placed.in_new]
    return Opening(
        contact_id,
        previous.id if previous else None,
        previous.number if previous else None,
        len(messages),
        messages[0].event.trace_id,
    )


def _inbound(contact_id: int, ticket_id: int, routed: ToRoute, after_closing: bool) -> Inbound:
    message = routed.message
    return Inbound(
        ticket_id=ticket_id,
        contact_id=contact_id,
        kind=message.kind,
        text=message.text,
        forwarded=message.forwarded,
        is_reply=message.is_reply,
        after_closing=after_closing,
        sent_at=routed.sent_at,
        received_at=routed.event.received_at,
        event_key=routed.event.event_key,
        wamid=message.wamid,
        profile_name=message.profile_name,
        username=message.username,
        media=message.media,
        trace_id=routed.event.trace_id,
    )
