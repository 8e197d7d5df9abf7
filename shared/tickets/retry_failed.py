"""WhatsApp took a message and told later that it failed, for a reason that may pass.

What failed there was not delivered, so sending it once more makes no duplicate.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from shared.database.transaction import Transaction
from shared.tickets.change_channel import change_channel
from shared.tickets.close_window import close_window
from shared.tickets.count_refusals import count_refusals
from shared.tickets.queue_again import Again, queue_again
from shared.tickets.stop_channel import Refusal
from shared.whatsapp.error_codes import rule_of

FIND_MESSAGES = """
SELECT messages.id, messages.wamid, tickets.contact_id
FROM messages JOIN tickets ON tickets.id = messages.ticket_id WHERE messages.id = ANY($1::bigint[])
"""

# What statuses still say of these wamids is about the past. One that is not the message's own was
# that of an earlier send: the message is on its way under another one.
NOTE_FAILED_WAMIDS = """
UPDATE messages SET failed_wamids = failed_wamids || failed.wamids,
       wamid = CASE WHEN wamid = ANY(failed.wamids) THEN NULL ELSE wamid END
FROM (SELECT id, array_agg(wamid) AS wamids
      FROM unnest($1::bigint[], $2::text[]) AS one (id, wamid) GROUP BY id) AS failed
WHERE messages.id = failed.id
"""

SET_PENDING = "UPDATE messages SET delivery = 'pending' WHERE id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a status says of a message that failed."""

    message_id: int
    wamid: str
    code: int | None
    at: datetime


def may_pass(code: int | None) -> bool:
    """Tell whether a message that failed with this code is to be sent again."""
    return code is not None and rule_of(code).action != "fail"


async def retry_failed(
    tx: Transaction, failures: Sequence[Failure], now: datetime
) -> Collection[int]:
    """Send messages again, by their codes' rules; give those that failed often enough.

    The caller has locked the messages' contacts.
    """
    ids = sorted({one.message_id for one in failures})
    rows = {row["id"]: row for row in await tx.connection.fetch(FIND_MESSAGES, ids)}
    gone = {
        one.message_id: one
        for one in failures
        if rows[one.message_id]["wamid"] in {None, one.wamid}
    }
    times = await count_refusals(tx, {one.message_id: one.code for one in gone.values()})
    given_up = {one for one, failed in gone.items() if rule_of(failed.code).is_final(times[one])}
    noted = [one for one in failures if one.message_id not in given_up]
    await tx.connection.execute(
        NOTE_FAILED_WAMIDS, [one.message_id for one in noted], [one.wamid for one in noted]
    )
    again = [one for one in gone.values() if one.message_id not in given_up]
    closed = [one.message_id for one in again if rule_of(one.code).action == "window"]
    await close_window(tx, closed, now)
    await _queue(tx, [one for one in again if one.message_id not in closed], rows, times, now)
    await change_channel(
        tx, [Refusal(rule_of(one.code), one.code, None, one.at) for one in gone.values()], now
    )
    return given_up


async def _queue(
    tx: Transaction,
    failures: Sequence[Failure],
    rows: Mapping[int, asyncpg.Record],
    times: Mapping[int, int],
    now: datetime,
) -> None:
    if not failures:
        return
    delays = {
        one.message_id: rule_of(one.code).message_delay_seconds(times[one.message_id])
        for one in failures
    }
    await tx.connection.execute(SET_PENDING, list(delays))
    again = [
        Again(one, rows[one]["contact_id"], timedelta(seconds=delay))
        for one, delay in delays.items()
    ]
    await queue_again(tx, again, now)
    for one in failures:
        due_in_ms = round(delays[one.message_id] * 1000)
        tx.log("delivery.retry", message_id=one.message_id, code=one.code, due_in_ms=due_in_ms)
