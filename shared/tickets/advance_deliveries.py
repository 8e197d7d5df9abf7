"""Move messages on to the furthest state that statuses told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.delivery import is_further
from shared.tickets.retry_failed import Failure, may_pass, retry_failed

FIND_DELIVERIES = """
SELECT id, delivery, failed_wamids FROM messages WHERE id = ANY($1::bigint[])
"""

SET_DELIVERIES = """
UPDATE messages SET delivery = new.delivery
FROM unnest($1::bigint[], $2::text[]) AS new (id, delivery)
WHERE messages.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What one status says of a message of ours."""

    message_id: int
    wamid: str | None
    state: str
    """One of `shared.domain.delivery`, translated."""
    error_code: int | None
    """Meta's code, where it failed."""
    at: datetime
    """WhatsApp's second."""

    @property
    def passing_failure(self) -> Failure | None:
        """Give the failure after which the message is sent again; None for everything else."""
        if self.state != "failed" or self.wamid is None or not may_pass(self.error_code):
            return None
        return Failure(self.message_id, self.wamid, self.error_code, self.at)


async def advance_deliveries(tx: Transaction, told: Sequence[Told], now: datetime) -> None:
    """Write each message's furthest state and log it once; the caller has locked the contacts.

    That a wamid under which the message has failed was `sent`, or failed, counts no more: the
    message is on its way under another one. That it arrived counts always.
    """
    rows = await tx.connection.fetch(FIND_DELIVERIES, [one.message_id for one in told])
    known: dict[int, str | None] = {row["id"]: row["delivery"] for row in rows}
    past = {(row["id"], wamid) for row in rows for wamid in row["failed_wamids"]}
    arrived = {one.message_id for one in told if is_further(one.state, "failed")}
    failures = [
        failure
        for one in told
        if (failure := one.passing_failure) is not None
        and (one.message_id, one.wamid) not in past
        and one.message_id not in arrived
        and is_further("failed", known[one.message_id])
    ]
    if failures:
        given_up = await retry_failed(tx, failures, now)
        again = [one for one in failures if one.message_id not in given_up]
        past |= {(one.message_id, one.wamid) for one in again}
        rows = await tx.connection.fetch(FIND_DELIVERIES, list(known))
        known = {row["id"]: row["delivery"] for row in rows}
    news = [
        one
        for one in told
        if (one.message_id, one.wamid) not in past or is_further(one.state, "failed")
    ]
    await _write(tx, known, news)


async def _write(tx: Transaction, known: dict[int, str | None], told: Sequence[Told]) -> None:
    changed: dict[int, Told] = {}
    for one in told:
        if is_further(one.state, known[one.message_id]):
            known[one.message_id] = one.state
            changed[one.message_id] = one
    if not changed:
        return
    await tx.connection.execute(
        SET_DELIVERIES, list(changed), [one.state for one in changed.values()]
    )
    for message_id, one in changed.items():
        if one.state == "failed":
            tx.log("delivery.failed", message_id=message_id, code=one.error_code)
        else:
            tx.log("delivery.changed", message_id=message_id, state=one.state)
