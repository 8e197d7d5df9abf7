"""The ledger: every item that a signed webhook brought, and what became of it (R14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.database.transaction import Transaction
from shared.errors import TryAgainError
from shared.events import WebhookEvent
from shared.log import pseudonym

Outcome = Literal["stored", "duplicate", "refused", "recorded", "dead"]

DISCARDED = "discarded: "
"""How the reason of a dead item begins that an operator has given up."""

# These items, and what holds the keys of their events; a message keeps its key for longer than the
# ledger does.
FIND_KNOWN = """
SELECT item_id, event_key, outcome FROM received_events WHERE item_id = ANY($1::uuid[])
UNION ALL
SELECT item_id, event_key, outcome FROM received_events
WHERE event_key = ANY($2::text[]) AND outcome NOT IN ('duplicate', 'dead')
UNION ALL
SELECT NULL, event_key, NULL FROM messages WHERE event_key = ANY($2::text[])
"""

# In the order of the keys: items without a contact are guarded by no lock, and two workers that
# insert the same ones must not wait for one another in a circle.
# An item that was given up and is tried again gets its true outcome, and so does one that is
# replayed and led to nothing so far; besides, only a status that came early changes its row
# (`take_early_statuses`).
INSERT_ITEMS = """
INSERT INTO received_events (item_id, event_key, outcome, reason, received_at, message_id, raw)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                     $6::bigint[], $7::bytea[])
ORDER BY 2
ON CONFLICT (item_id) DO UPDATE
SET outcome = excluded.outcome, reason = excluded.reason, message_id = excluded.message_id,
    recorded_at = clock_timestamp()
WHERE received_events.outcome = 'dead'
   OR (received_events.outcome IN ('recorded', 'refused')
       AND received_events.item_id = ANY($8::uuid[]))
RETURNING item_id
"""

# A replay may fail where the first time did not; what led to something never becomes dead.
INSERT_DEAD = """
INSERT INTO received_events (item_id, event_key, outcome, reason, received_at, raw)
VALUES ($1, $2, 'dead', $3, $4, $5)
ON CONFLICT (item_id) DO UPDATE
SET outcome = 'dead', reason = excluded.reason, message_id = NULL, recorded_at = clock_timestamp()
WHERE received_events.outcome = 'dead'
   OR (received_events.outcome IN ('recorded', 'refused') AND $6)
"""

FIND_OUTCOME = "SELECT outcome FROM received_events WHERE item_id = $1"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One item's row in the ledger."""

    event: WebhookEvent
    outcome: Outcome
    reason: str | None = None
    message_id: int | None = None


async def sift_items(
    tx: Transaction, events: Sequence[WebhookEvent]
) -> tuple[list[WebhookEvent], list[Recorded]]:
    """Give the events that are new, and the rows of those that only repeat one.

    An item that the ledger has is a redelivery by RabbitMQ, done already, and in neither list;
    unless it was given up, or is replayed and led to nothing so far: then it is judged again.
    Nothing is locked by that: of two workers who are at the same events, one loses the race in the
    indexes of keys or in `record_items`, and does its batch again.
    """
    rows = await tx.connection.fetch(
        FIND_KNOWN, [event.item_id for event in events], [event.event_key for event in events]
    )
    before = {row["item_id"]: row["outcome"] for row in rows}
    open_events = {
        event.item_id: event for event in events if _is_open(event, before.get(event.item_id))
    }
    # Those whose rows hold their keys come first: in one batch, another item with such a key is the
    # repetition, or two rows would hold it for a moment, which the index refuses for ever.
    holders = {one for one in open_events if before.get(one) in _JUDGED_BEFORE}
    ordered = sorted(open_events.values(), key=lambda event: event.item_id not in holders)
    known = {
        row["event_key"]
        for row in rows
        if row["item_id"] not in holders and row["outcome"] not in _HOLD_NO_KEY
    }
    new: list[WebhookEvent] = []
    repeated: list[Recorded] = []
    for event in ordered:
        if event.event_key in known:
            repeated.append(Recorded(event, "duplicate"))
        else:
            known.add(event.event_key)
            new.append(event)
    return new, repeated


_JUDGED_BEFORE = frozenset({"recorded", "refused"})
_HOLD_NO_KEY = frozenset({"duplicate", "dead"})


def _is_open(event: WebhookEvent, before: str | None) -> bool:
    """Tell whether an item is to be judged, by what the ledger says of it."""
    return before in {None, "dead"} or (event.replay and before in _JUDGED_BEFORE)


async def record_items(tx: Transaction, items: Sequence[Recorded]) -> None:
    """Write the rows, in the transaction that does what they say, and one log line for each.

    Raises TryAgainError where somebody else has recorded one of these items since `sift_items`.
    """
    for item in items:
        tx.log(
            "item.recorded", item_id=item.event.item_id,
            event_hash=pseudonym(item.event.event_key), outcome=item.outcome,
            reason=item.reason, message_id=item.message_id, trace_id=item.event.trace_id,
        )  # fmt: skip
    if not items:
        return
    written = await tx.connection.fetch(
        INSERT_ITEMS,
        [item.event.item_id for item in items],
        [item.event.event_key for item in items],
        [item.outcome for item in items],
        [item.reason for item in items],
        [item.event.received_at for item in items],
        [item.message_id for item in items],
        [item.event.raw for item in items],
        [item.event.item_id for item in items if item.event.replay],
    )
    if len(written) < len(items):
        raise TryAgainError("items were recorded meanwhile")


async def record_dead(tx: Transaction, event: WebhookEvent, reason: str) -> None:
    """Write down that an item went to the dead letters."""
    await _insert_dead(tx, event, reason, replay=event.replay)


async def record_discarded(tx: Transaction, event: WebhookEvent, reason: str) -> Outcome:
    """Write down why an operator gave up a dead letter; give the outcome that the item has now.

    Where it was handled after all, its row stays as it is.
    """
    await _insert_dead(tx, event, reason, replay=False)
    outcome: Outcome = await tx.connection.fetchval(FIND_OUTCOME, event.item_id)
    return outcome


async def _insert_dead(tx: Transaction, event: WebhookEvent, reason: str, *, replay: bool) -> None:
    await tx.connection.execute(
        INSERT_DEAD,
        event.item_id,
        event.event_key,
        reason,
        event.received_at,
        event.raw,
        replay,
    )
