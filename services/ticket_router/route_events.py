"""Route a batch of events in one transaction: into tickets, onto messages, into the ledger."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.ticket_router.find_contacts import Found, confirm_contacts, find_contacts
from services.ticket_router.judge_event import (
    ToChange,
    ToMark,
    ToRecord,
    ToRoute,
    Verdict,
    judge_event,
)
from services.ticket_router.place_messages import place_messages
from services.ticket_router.settings import Settings
from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.domain.contact import IdentityChange, Sender
from shared.events import AttachmentReceived, WebhookEvent
from shared.tickets.identity_changes import keep_changes
from shared.tickets.lock_contacts import lock_contacts
from shared.tickets.mark_messages import MarkToKeep, attach_marks, keep_marks
from shared.tickets.record_items import Recorded, record_items, sift_items


async def route_events(
    pool: Pool, settings: Settings, events: Sequence[WebhookEvent]
) -> list[AttachmentReceived]:
    """Commit what the events cause, each once (R14); raise and change nothing otherwise.

    Gives the files that came with them: validators are to be told of these now.
    """
    # Where an item is both replayed and delivered once more, it is the replay that counts.
    copies = sorted(events, key=lambda event: event.replay)
    judged = {event.item_id: judge_event(event, settings.phone_number_id) for event in copies}
    async with transaction(pool) as tx:
        # What was done already says nothing of anybody: numbers pass on in between (R14).
        new, rows = await sift_items(tx, events)
        found = await find_contacts(tx, *_people(judged[event.item_id] for event in new))
        now = await lock_contacts(tx, found.to_lock)
        await confirm_contacts(tx, found, now)
        verdicts = [judged[event.item_id] for event in new]
        routed = [one for one in verdicts if isinstance(one, ToRoute)]
        placed, attachments = await place_messages(tx, settings, routed, found, now)
        rows += placed
        rows += await _mark(tx, verdicts, found)
        rows += await _change(tx, verdicts, found, now)
        for event, verdict in zip(new, verdicts, strict=True):
            if isinstance(verdict, ToRecord):
                rows.append(_record(tx, event, verdict))
        await record_items(tx, rows)
    return attachments


def _people(
    verdicts: Iterable[Verdict],
) -> tuple[dict[Sender, datetime], list[IdentityChange]]:
    """Give who shows himself in a batch, with his earliest message, and whose addresses change."""
    senders: dict[Sender, datetime] = {}
    changes: list[IdentityChange] = []
    for one in verdicts:
        if isinstance(one, ToRoute | ToMark):
            senders[one.sender] = min(senders.get(one.sender, one.sent_at), one.sent_at)
        elif isinstance(one, ToChange):
            changes.append(one.change)
    return senders, changes


async def _mark(tx: Transaction, verdicts: Sequence[Verdict], found: Found) -> list[Recorded]:
    """Attach marks to messages, also those that have waited for one of this batch."""
    marks = [one for one in verdicts if isinstance(one, ToMark)]
    await keep_marks(
        tx,
        [
            MarkToKeep(
                one.event.event_key, found.contacts[one.sender], one.mark.target, one.mark.kind,
                one.mark.value, one.sent_at,
            )
            for one in marks
        ],
    )  # fmt: skip
    # For a contact whom nobody has seen yet no mark can have waited.
    routed = [
        one.message.wamid
        for one in verdicts
        if isinstance(one, ToRoute) and found.contacts[one.sender] not in found.created
    ]
    attached = await attach_marks(
        tx,
        found.everybody,
        marks=[one.event.event_key for one in marks],
        wamids=[wamid for wamid in routed if wamid is not None],
        joined=[goes_on for goes_on, _ in found.joins],
    )
    return [
        Recorded(
            one.event,
            "stored" if one.event.event_key in attached else "recorded",
            one.mark.kind,
            attached.get(one.event.event_key),
        )
        for one in marks
    ]


async def _change(
    tx: Transaction, verdicts: Sequence[Verdict], found: Found, now: datetime
) -> list[Recorded]:
    """Record changed addresses; those of somebody unknown are kept until that contact comes."""
    changes = [one for one in verdicts if isinstance(one, ToChange)]
    unknown = {one.event.event_key: one.change for one in changes if one.change in found.unknown}
    await keep_changes(tx, unknown, now)
    return [
        Recorded(one.event, "stored", "addresses changed")
        if one.change in found.changed
        else Recorded(one.event, "recorded", "addresses of nobody known or nothing new")
        for one in changes
    ]


def _record(tx: Transaction, event: WebhookEvent, verdict: ToRecord) -> Recorded:
    if verdict.notice is not None and verdict.notice.is_urgent:
        tx.log(
            "platform.notice", item_id=event.item_id, field=verdict.notice.field,
            code=verdict.notice.code,
        )  # fmt: skip
    return Recorded(event, verdict.outcome, verdict.reason)
