"""List contacts whose addresses do not fit together, for a person to look at (R13)."""

import argparse
import asyncio

from services.operations.show import say, show_table
from shared import config
from shared.database.pool import Pool, create_pool

# What helps to decide, and says who nobody is: counts, times, and the numbers of tickets.
FIND_CONFLICTS = """
SELECT conflict.user_contact, conflict.phone_contact, conflict.times, conflict.last_at,
       (SELECT number FROM tickets WHERE contact_id = conflict.user_contact
        ORDER BY id DESC LIMIT 1) AS user_ticket,
       (SELECT number FROM tickets WHERE contact_id = conflict.phone_contact
        ORDER BY id DESC LIMIT 1) AS phone_ticket
FROM contact_conflicts AS conflict
WHERE conflict.settled_at IS NULL OR $1
ORDER BY conflict.last_at DESC
"""
FIND_MERGES = """
SELECT id, at, survivor_id, merged_id, actor, cardinality(ticket_ids) AS tickets,
       undone_at IS NOT NULL AS undone
FROM contact_merges ORDER BY id DESC LIMIT 100
"""


def conflict_options(parser: argparse.ArgumentParser) -> None:
    """Say whether the settled ones are wanted too."""
    parser.add_argument("--all", action="store_true", help="those that are settled, too")


def list_conflicts(env: config.Env, arguments: argparse.Namespace) -> None:
    """List contacts that may be one person, and the last merges."""
    asyncio.run(_list(config.database_url(env), settled_too=arguments.all))


async def _list(database_url: str, *, settled_too: bool) -> None:
    async with await create_pool(database_url, "operations", size=1) as pool:
        await _show_conflicts(pool, settled_too=settled_too)
        await _show_merges(pool)


async def _show_conflicts(pool: Pool, *, settled_too: bool) -> None:
    rows = await pool.fetch(FIND_CONFLICTS, settled_too)
    say(f"{len(rows)} conflicts: the user id of the first contact came with the second one's phone")
    if rows:
        show_table(
            ("contact", "ticket", "other", "ticket", "times", "last"),
            [
                (
                    row["user_contact"], row["user_ticket"] or "-", row["phone_contact"],
                    row["phone_ticket"] or "-", row["times"], f"{row['last_at']:%Y-%m-%d %H:%M}",
                )
                for row in rows
            ],
        )  # fmt: skip


async def _show_merges(pool: Pool) -> None:
    rows = await pool.fetch(FIND_MERGES)
    if rows:
        say("the last merges")
        show_table(
            ("merge", "when", "contact", "took over", "by", "tickets", "undone"),
            [
                (
                    row["id"], f"{row['at']:%Y-%m-%d %H:%M}", row["survivor_id"],
                    row["merged_id"], row["actor"], row["tickets"], "yes" if row["undone"] else "",
                )
                for row in rows
            ],
        )  # fmt: skip
