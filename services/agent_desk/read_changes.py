"""Read what changed after a place, in the one order in which nothing comes in between later.

Ids are given out before their transactions commit, so a reader that goes by ids alone misses what
commits late. Here a row is read once every transaction up to its own has ended: no row can appear
before it any more (docs/decisions/0014).
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import asyncpg

from services.agent_desk.read_request import read_number
from shared.database.pool import Pool


class Place(NamedTuple):
    """Where a reader stands: everything up to here is known to it."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}.{self.id}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `str` wrote; None where it did not."""
        xid, _, row = text.partition(".")
        at, number = read_number(xid), read_number(row)
        return cls(at, number) if at is not None and number is not None else None


# Rows of transactions from this one on are still to be read, and none before it.
FIND_NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


async def find_now(pool: Pool) -> Place:
    """Give the place from which on a reader meets what commits after this call."""
    return Place(await pool.fetchval(FIND_NOW), 0)


# Where the row of the place or an older one is kept, everything after the place is: the oldest go
# first. A place of the future is of another database (one that was restored).
HAS_ALL_SINCE = """
SELECT EXISTS (SELECT FROM changes WHERE (xid, id) <= ($1, $2))
       AND $1 <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
"""


async def has_all_since(pool: Pool, place: Place) -> bool:
    """Tell whether everything after the place is still kept."""
    return bool(await pool.fetchval(HAS_ALL_SINCE, *place))


FIND_NEWEST = """
SELECT xid, id FROM changes WHERE xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY xid DESC, id DESC LIMIT 1
"""


async def find_newest(pool: Pool) -> Place:
    """Give the place of the newest row that can be read."""
    row = await pool.fetchrow(FIND_NEWEST)
    return Place(row["xid"], row["id"]) if row is not None else Place(0, 0)


READ_CHANGES = """
SELECT changes.xid, changes.id, changes.kind, changes.subject_id, tickets.number,
       messages.delivery, attachments.state, attachments.message_id
FROM changes
JOIN tickets ON tickets.id = changes.ticket_id
LEFT JOIN messages ON changes.kind = 'delivery' AND messages.id = changes.subject_id
LEFT JOIN attachments ON changes.kind = 'attachment' AND attachments.id = changes.subject_id
WHERE (changes.xid, changes.id) > ($1, $2)
  AND changes.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY changes.xid, changes.id LIMIT $3
"""


async def read_changes(pool: Pool, after: Place, limit: int) -> Sequence[asyncpg.Record]:
    """Give the changes after the place, so many at most, with the states of now."""
    return await pool.fetch(READ_CHANGES, *after, limit)
