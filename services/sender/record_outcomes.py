"""Write down what became of messages that were sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.sender.take_messages import Taken
from services.sender.upload_anew import upload_anew
from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.log import failure
from shared.tickets.change_channel import change_channel
from shared.tickets.close_window import close_window
from shared.tickets.count_refusals import count_refusals
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.lock_contacts import find_places, lock_contacts
from shared.tickets.lock_wamids import lock_wamids
from shared.tickets.mark_messages import attach_marks
from shared.tickets.resume_channel import resume_channel
from shared.tickets.settle_proved import settle_proved
from shared.tickets.stop_channel import Refusal
from shared.tickets.take_early_statuses import take_early_statuses
from shared.whatsapp.send_message import (
    Accepted,
    NotUploaded,
    Outcome,
    Refused,
    Undeliverable,
    Unknown,
)

# Only this attempt's row: a sender that was given up meanwhile may come too late.
FINISH = """
DELETE FROM outbox USING unnest($1::bigint[], $2::integer[]) AS done (message_id, attempts)
WHERE outbox.message_id = done.message_id AND outbox.attempts = done.attempts
RETURNING outbox.message_id
"""

# A status may have come before this; it says more than an acceptance does.
SET_ACCEPTED = """
UPDATE messages SET wamid = done.wamid, send_attempts = greatest(send_attempts, done.attempts),
       delivery = CASE WHEN delivery = 'unknown' THEN 'pending' ELSE delivery END
FROM unnest($1::bigint[], $2::integer[], $3::text[]) AS done (message_id, attempts, wamid)
WHERE messages.id = done.message_id AND done.wamid <> ALL(messages.failed_wamids)
"""

ACCEPT = f"WITH finished AS ({FINISH}) {SET_ACCEPTED}"

# Nearly always there is none of it, and to look for all of it takes less than a single one of the
# statements that would find nothing. The caller has locked the contacts and the wamids.
FIND_REST = """
SELECT EXISTS (SELECT FROM early_statuses WHERE wamid = ANY($2::text[])) AS early_statuses,
       EXISTS (SELECT FROM message_marks
               WHERE contact_id = ANY($1::bigint[]) AND message_id IS NULL
                 AND target_wamid = ANY($2::text[])) AS marks,
       EXISTS (SELECT FROM outbox WHERE contact_id = ANY($1::bigint[])) AS messages
"""

SET_ATTEMPTS = """
UPDATE messages SET send_attempts = greatest(send_attempts, done.attempts)
FROM unnest($1::bigint[], $2::integer[]) AS done (message_id, attempts)
WHERE messages.id = done.message_id
"""

SET_DELIVERY = """
UPDATE messages SET delivery = $2
WHERE id = ANY($1::bigint[]) AND delivery IN ('pending', 'unknown')
"""

# What was put before it meanwhile has the due time of its contact.
PUT_BACK = """
UPDATE outbox SET state = 'queued', lease_until = NULL,
       next_attempt_at = CASE WHEN NOT EXISTS (
           SELECT FROM outbox AS earlier WHERE earlier.contact_id = outbox.contact_id
           AND earlier.message_id < outbox.message_id) THEN again.due END
FROM unnest($1::bigint[], $2::integer[], $3::timestamptz[]) AS again (message_id, attempts, due)
WHERE outbox.message_id = again.message_id AND outbox.attempts = again.attempts
  AND outbox.state = 'sending'
"""

SET_UNKNOWN = """
UPDATE outbox SET state = 'unknown', lease_until = NULL, unknown_since = $3
FROM unnest($1::bigint[], $2::integer[]) AS lost (message_id, attempts)
WHERE outbox.message_id = lost.message_id AND outbox.attempts = lost.attempts
  AND outbox.state = 'sending'
RETURNING outbox.message_id
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and what the Graph API said of it."""

    taken: Taken
    outcome: Outcome
    took_ms: float


async def record_outcomes(pool: Pool, sent: Sequence[Sent]) -> bool:
    """Record a batch in one transaction and date the next message of each contact.

    Tells whether anything else of these contacts is in the outbox, which may be due by now.
    """
    contacts = {one.taken.contact_id for one in sent}
    while True:
        async with transaction(pool) as tx:
            now = await lock_contacts(tx, contacts)
            places = await find_places(tx, [one.taken.message_id for one in sent])
            # Whoever was joined with another one since the taking (R13) is not locked yet.
            found = {place.contact_id for place in places.values()}
            if found <= contacts:
                return await _record(tx, sent, sorted(found), now)
        contacts = found


async def _record(
    tx: Transaction, sent: Sequence[Sent], contacts: Sequence[int], now: datetime
) -> bool:
    accepted = [(s, s.outcome.wamid) for s in sent if isinstance(s.outcome, Accepted)]
    wamids = {wamid: one.taken.message_id for one, wamid in accepted}
    await _record_accepted(tx, accepted)
    await _record_refused(tx, sent, now)
    await _record_unknown(tx, sent, now)
    await _record_undeliverable(tx, sent)
    await _record_not_uploaded(tx, sent)
    (rest,) = await tx.connection.fetch(FIND_REST, contacts, list(wamids))
    if rest["early_statuses"]:
        await take_early_statuses(tx, wamids, now)
    if rest["marks"]:
        await attach_marks(tx, contacts, wamids=wamids)
    # An early status may have put its message back.
    waits = bool(rest["messages"] or rest["early_statuses"])
    if waits:
        await settle_proved(tx, contacts, now)
        await date_next_messages(tx, contacts, now)
    await _change_channel(tx, sent, now)
    return waits


async def _record_accepted(tx: Transaction, accepted: Sequence[tuple[Sent, str]]) -> None:
    if not accepted:
        return
    await lock_wamids(tx, [wamid for _, wamid in accepted])
    await tx.connection.execute(
        ACCEPT,
        [one.taken.message_id for one, _ in accepted],
        [one.taken.attempt for one, _ in accepted],
        [wamid for _, wamid in accepted],
    )
    for one, _ in accepted:
        tx.log(
            "send.accepted", message_id=one.taken.message_id, attempt=one.taken.attempt,
            took_ms=one.took_ms,
        )  # fmt: skip


async def _record_refused(tx: Transaction, sent: Sequence[Sent], now: datetime) -> None:
    refused = [(s, s.outcome) for s in sent if isinstance(s.outcome, Refused)]
    closed = [s for s, o in refused if o.rule.action == "window"]
    others = [(s, o) for s, o in refused if o.rule.action != "window"]
    if closed:
        await tx.connection.execute(
            SET_ATTEMPTS,
            [one.taken.message_id for one in closed],
            [one.taken.attempt for one in closed],
        )
        await close_window(tx, await _finish(tx, closed), now)
    times = await count_refusals(tx, {s.taken.message_id: o.code for s, o in others})
    counted = [(s, o, times[s.taken.message_id]) for s, o in others]
    failed = [(s, o) for s, o, n in counted if o.rule.is_final(n)]
    again = [
        (s, o, o.rule.message_delay_seconds(n)) for s, o, n in counted if not o.rule.is_final(n)
    ]
    if failed:
        # A later attempt may be under way, or have gone: its message has not failed.
        finished = await _finish(tx, [one for one, _ in failed])
        await tx.connection.execute(SET_DELIVERY, finished, "failed")
    for one, outcome in failed:
        tx.log(
            "send.failed", message_id=one.taken.message_id, attempt=one.taken.attempt,
            code=outcome.code, status=outcome.status,
        )  # fmt: skip
    if again:
        await tx.connection.execute(
            PUT_BACK,
            [one.taken.message_id for one, _, _ in again],
            [one.taken.attempt for one, _, _ in again],
            [now + timedelta(seconds=delay) for _, _, delay in again],
        )
    for one, outcome, delay in again:
        tx.log(
            "send.retry", message_id=one.taken.message_id, attempt=one.taken.attempt,
            code=outcome.code, status=outcome.status, due_in_ms=round(delay * 1000),
        )  # fmt: skip


async def _record_unknown(tx: Transaction, sent: Sequence[Sent], now: datetime) -> None:
    unknown = [(s, s.outcome.error) for s in sent if isinstance(s.outcome, Unknown)]
    if not unknown:
        return
    rows = await tx.connection.fetch(
        SET_UNKNOWN,
        [one.taken.message_id for one, _ in unknown],
        [one.taken.attempt for one, _ in unknown],
        now,
    )
    await tx.connection.execute(SET_DELIVERY, [row["message_id"] for row in rows], "unknown")
    for one, error in unknown:
        tx.log(
            "send.unknown", message_id=one.taken.message_id, attempt=one.taken.attempt,
            **(failure(error) if error is not None else {}),
        )  # fmt: skip


async def _record_undeliverable(tx: Transaction, sent: Sequence[Sent]) -> None:
    undeliverable = [one for one in sent if isinstance(one.outcome, Undeliverable)]
    if undeliverable:
        finished = await _finish(tx, undeliverable)
        await tx.connection.execute(SET_DELIVERY, finished, "undeliverable")
    for one in undeliverable:
        tx.log("send.undeliverable", message_id=one.taken.message_id, purpose=one.taken.purpose)


async def _record_not_uploaded(tx: Transaction, sent: Sequence[Sent]) -> None:
    missing = [(s.taken, s.outcome) for s in sent if isinstance(s.outcome, NotUploaded)]
    if missing:
        refused = [taken.message_id for taken, outcome in missing if outcome.is_refused]
        await upload_anew(tx, [(one.message_id, one.attempt) for one, _ in missing], refused)


async def _finish(tx: Transaction, done: Sequence[Sent]) -> list[int]:
    """Take them out of the outbox; give the messages whose newest attempt these were."""
    rows = await tx.connection.fetch(
        FINISH,
        [one.taken.message_id for one in done],
        [one.taken.attempt for one in done],
    )
    return [row["message_id"] for row in rows]


async def _change_channel(tx: Transaction, sent: Sequence[Sent], now: datetime) -> None:
    """Stop, slow or resume the channel by what WhatsApp said of the number."""
    refusals = [
        Refusal(said.rule, said.code, said.status, one.taken.taken_at, one.taken.is_probe)
        for one in sent
        if isinstance(said := one.outcome, Refused)
    ]
    await change_channel(tx, refusals, now)
    if any(one.taken.is_probe and isinstance(one.outcome, Accepted) for one in sent):
        await resume_channel(tx, "sender", now)
