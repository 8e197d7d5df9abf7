"""Keep below WhatsApp's limit for one contact, so that it never has to refuse (131056)."""

from collections.abc import Iterable, Sequence

import asyncpg

from shared.database.transaction import Transaction
from shared.domain.pace import Burst, count_message
from shared.tickets.queue_message import NOTIFY_SENDERS

# Only of heads that are due, whose contacts are locked.
HOLD_BACK = """
UPDATE outbox SET next_attempt_at = held.until
FROM unnest($1::bigint[], $2::timestamptz[]) AS held (message_id, until)
WHERE outbox.message_id = held.message_id
"""


async def hold_back(tx: Transaction, heads: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """Date anew what would be too much for its contact; give those that may be sent.

    Heads are those of `take_messages`, with what their contacts were sent lately.
    """
    bursts = {one["message_id"]: _burst(one) for one in heads}
    now = {one["message_id"]: one["now"] for one in heads}
    next_at = {one: burst.next_at(now[one]) for one, burst in bursts.items() if burst is not None}
    held = {one: at for one, at in next_at.items() if at > now[one]}
    if held:
        await tx.connection.execute(HOLD_BACK, list(held), list(held.values()))
        # Others may be due that were not looked at, because these stood before them.
        await tx.connection.execute(NOTIFY_SENDERS)
    for message_id, at in held.items():
        due_in_ms = round((at - now[message_id]).total_seconds() * 1000)
        tx.log("send.held_back", message_id=message_id, due_in_ms=due_in_ms)
    return [one for one in heads if one["message_id"] not in held]


def count_messages(heads: Iterable[asyncpg.Record]) -> dict[int, Burst]:
    """Give the burst of each contact with the message that leaves now."""
    return {one["contact_id"]: count_message(_burst(one), one["now"]) for one in heads}


def _burst(head: asyncpg.Record) -> Burst | None:
    return Burst(head["began_at"], head["messages"]) if head["began_at"] is not None else None
