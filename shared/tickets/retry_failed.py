"""WhatsApp took a message and told later that it failed, for a reason that may pass.

What failed there was not delivered, so sending it once more makes no duplicate.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.transaction import Transaction
from shared.tickets.close_window import close_window
from shared.tickets.queue_again import Again, queue_again
from shared.tickets.slow_channel import slow_channel
from shared.tickets.stop_channel import Refusal, stop_channel
from shared.whatsapp.error_codes import rule_of

FIND_ATTEMPTS = """
SELECT messages.id, tickets.contact_id,
       greatest(messages.send_attempts, outbox.attempts, 1) AS attempts
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
LEFT JOIN outbox ON outbox.message_id = messages.id
WHERE messages.id = ANY($1::bigint[])
"""

# Whatever statuses still say of these wamids is about the past.
NOTE_FAILED_WAMIDS = """
UPDATE messages SET wamid = NULL, failed_wamids = failed_wamids || failed.wamid
FROM unnest($1::bigint[], $2::text[]) AS failed (id, wamid) WHERE messages.id = failed.id
"""

SET_PENDING = "UPDATE messages SET delivery = 'pending' WHERE id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a status says of a message that failed."""

    wamid: str
    code: int | None
    at: datetime


def may_pass(code: int | None) -> bool:
    """Tell whether a message that failed with this code is to be sent again."""
    return code is not None and rule_of(code).action != "fail"


async def retry_failed(
    tx: Transaction, failures: Mapping[int, Failure], now: datetime
) -> Collection[int]:
    """Send messages again, by their codes' rules; give those that were tried often enough.

    The keys of `failures` are messages; the caller has locked their contacts.
    """
    rows = await tx.connection.fetch(FIND_ATTEMPTS, list(failures))
    again: dict[int, Again] = {}
    closed: list[int] = []
    given_up: list[int] = []
    for row in rows:
        failed = failures[row["id"]]
        rule = rule_of(failed.code)
        refusal = Refusal(rule, failed.code, None, failed.at)
        if rule.action == "window":
            closed.append(row["id"])
        elif rule.most_attempts is not None and row["attempts"] >= rule.most_attempts:
            given_up.append(row["id"])
        else:
            delay = timedelta(seconds=rule.delay_seconds(row["attempts"]))
            again[row["id"]] = Again(row["id"], row["contact_id"], delay)
        if rule.action == "stop":
            await stop_channel(tx, refusal, now)
        elif rule.action == "slow":
            await slow_channel(tx, refusal, now)
    gone = [*closed, *again]
    await tx.connection.execute(NOTE_FAILED_WAMIDS, gone, [failures[one].wamid for one in gone])
    await close_window(tx, closed, now)
    if again:
        await tx.connection.execute(SET_PENDING, list(again))
        await queue_again(tx, list(again.values()), now)
    for one in again.values():
        tx.log(
            "delivery.retry", message_id=one.message_id, code=failures[one.message_id].code,
            due_in_ms=one.delay.total_seconds() * 1000,
        )  # fmt: skip
    return given_up
