"""Messages that were sent without a sender, and statuses of them as WhatsApp would write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.take_messages import Taken
from services.status_tracker.track_statuses import track_statuses
from shared.database.pool import Pool
from shared.events import WebhookEvent
from shared.whatsapp.send_message import Accepted, Recipient, callback_data
from tests.system import PHONE_NUMBER_ID
from tests.webhooks import events_of, webhook_of

TAKEN_AT = datetime(2026, 11, 1, tzinfo=UTC)

# One contact, ticket and message each; where the wamid is not known, its send is under way.
WRITE_OUTGOING = """
WITH person AS (
    INSERT INTO contacts (profile_name) SELECT 'x' FROM generate_series(1, $1) RETURNING id
), ticket AS (
    INSERT INTO tickets (number, contact_id, channel, status, opened_at)
    SELECT 'out-' || id, id, 'whatsapp', 'open', now() FROM person RETURNING id, contact_id
), message AS (
    INSERT INTO messages (ticket_id, direction, author, kind, text, sent_at, received_at, delivery)
    SELECT id, 'outbound', 'system', 'text', 'x', now(), now(), $2 FROM ticket
    RETURNING id, ticket_id
), under_way AS (
    INSERT INTO outbox (message_id, contact_id, state, attempts, lease_until)
    SELECT message.id, contact_id, 'sending', 1, now() + interval '1 minute'
    FROM message JOIN ticket ON ticket.id = ticket_id WHERE NOT $3
)
SELECT message.id, contact_id FROM message JOIN ticket ON ticket.id = ticket_id ORDER BY message.id
"""

SET_WAMIDS = """
UPDATE messages SET wamid = new.wamid
FROM unnest($1::bigint[], $2::text[]) AS new (id, wamid) WHERE messages.id = new.id
"""


@dataclass(frozen=True)
class Outgoing:
    """A message that WhatsApp has."""

    message_id: int
    contact_id: int

    @property
    def wamid(self) -> str:
        return f"wamid.out.{self.message_id}"

    def status(
        self, state: str, *, by_wamid: bool = True, by_callback: bool = False, **more: Any
    ) -> dict[str, Any]:
        """Give one element of `statuses`."""
        status = {"status": state, "timestamp": "1795000100", "recipient_id": "34600111222", **more}
        if by_wamid:
            status["id"] = self.wamid
        if by_callback:
            status["biz_opaque_callback_data"] = callback_data(self.message_id)
        return status


async def write_outgoing(
    database: asyncpg.Connection,
    count: int = 1,
    *,
    wamid_known: bool = True,
    delivery: str = "pending",
) -> list[Outgoing]:
    """Write messages of as many contacts; with `wamid_known` their answers are recorded."""
    rows = await database.fetch(WRITE_OUTGOING, count, delivery, wamid_known)
    written = [Outgoing(row["id"], row["contact_id"]) for row in rows]
    if wamid_known:
        ids = [one.message_id for one in written]
        await database.execute(SET_WAMIDS, ids, [one.wamid for one in written])
    return written


async def record_accepted(pool: Pool, messages: Sequence[Outgoing]) -> None:
    """Record WhatsApp's answers as a sender does."""
    if messages:
        await record_outcomes(
            pool,
            [
                Sent(
                    Taken(
                        one.message_id,
                        one.contact_id,
                        1,
                        "x",
                        Recipient("34600111222", None),
                        TAKEN_AT,
                    ),
                    Accepted(one.wamid),
                    1.0,
                )
                for one in messages
            ],
        )


def status_events(
    *statuses: dict[str, Any], received_at: datetime | None = None, **metadata: Any
) -> list[WebhookEvent]:
    """Give the events of a webhook with these statuses, each with an item id of its own."""
    return events_of(webhook_of(statuses=list(statuses), **metadata), received_at=received_at)


async def track(
    pool: Pool, *statuses: dict[str, Any], received_at: datetime | None = None, **metadata: Any
) -> None:
    """Track one webhook with these statuses, in one batch."""
    events = status_events(*statuses, received_at=received_at, **metadata)
    await track_statuses(pool, PHONE_NUMBER_ID, events)


async def deliveries(
    database: asyncpg.Connection, messages: Sequence[Outgoing]
) -> list[str | None]:
    """Give how far the messages have come, in their order."""
    rows = await database.fetch("SELECT id, delivery FROM messages")
    found = {row["id"]: row["delivery"] for row in rows}
    return [found[one.message_id] for one in messages]


async def ledger(database: asyncpg.Connection) -> list[tuple[str, str | None, int | None]]:
    """Give outcome, reason and message of every item, in the order in which they came."""
    rows = await database.fetch(
        "SELECT outcome, reason, message_id FROM received_events ORDER BY item_id"
    )
    return [(row["outcome"], row["reason"], row["message_id"]) for row in rows]
