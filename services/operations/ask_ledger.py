"""Ask the ledger for items of which the logs say nothing.

A worker that is killed between its commit and its log line leaves a row and no line. The ledger
does not know traces: a row belongs to a webhook that lacks one and was under way at its time.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from services.operations.read_log_lines import Webhook
from shared.database.pool import Pool

# Between an ingress' clock in its log line and the one in its events there is hardly anything.
_SLACK = timedelta(milliseconds=100)
# So much is asked for at once.
_LONGEST = timedelta(minutes=1)
_GAP = timedelta(seconds=5)

# One after the other, for the two indexes on the time.
FIND_RECEIVED = """
SELECT item_id, outcome, received_at FROM received_events
WHERE raw IS NOT NULL AND received_at >= $1 AND received_at < $2
UNION ALL
SELECT item_id, outcome, received_at FROM received_events
WHERE raw IS NULL AND received_at >= $1 AND received_at < $2
ORDER BY received_at
"""


async def ask_ledger(
    pool: Pool, lacking: Collection[Webhook], logged: Collection[str]
) -> Counter[str]:
    """Complete the webhooks' outcomes by rows of items that are not logged; give how many."""
    found: Counter[str] = Counter()
    waiting = deque(sorted(lacking, key=lambda webhook: webhook.at))
    for since, until in _times(tuple(waiting)):
        for row in await pool.fetch(FIND_RECEIVED, since, until):
            if str(row["item_id"]) in logged:
                continue
            webhook = _webhook_of(row["received_at"], waiting)
            if webhook is not None:
                webhook.outcomes[row["outcome"]] += 1
                found[row["outcome"]] += 1
    return found


def _webhook_of(received_at: datetime, waiting: deque[Webhook]) -> Webhook | None:
    """Give the first to end of those that were under way; rows come in the order of time."""
    while waiting and (waiting[0].at + _SLACK < received_at or not waiting[0].difference):
        waiting.popleft()
    for webhook in waiting:
        if webhook.difference and webhook.at - webhook.took - _SLACK <= received_at:
            return webhook
        if webhook.at - timedelta(minutes=1) > received_at:
            break
    return None


def _times(webhooks: Iterable[Webhook]) -> Iterator[tuple[datetime, datetime]]:
    """Give the times in which they were under way, in order; neighbours together, none twice."""
    since: datetime | None = None
    until = datetime.max.replace(tzinfo=UTC)
    for webhook in webhooks:
        begun, ended = webhook.at - webhook.took - _SLACK, webhook.at + _SLACK
        if since is None:
            since = begun
        elif begun > until + _GAP or ended > since + _LONGEST:
            yield since, until
            since = max(begun, until)
        until = ended
    if since is not None:
        yield since, until
