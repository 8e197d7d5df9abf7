"""Lock wamids that no message of ours has yet, so that their statuses meet their message.

A status that comes before our record of the send finds no row to lock. So whoever puts such a
status aside, and whoever makes a wamid known, locks the wamid itself first; one of the two then
sees what the other has committed. In the lock order wamids come after the contacts and before
tickets and messages.
"""

from collections.abc import Iterable

from shared.database.transaction import Transaction

# In the order of the keys, so that two workers never wait for one another in a circle; two wamids
# of one key only share a lock.
LOCK_WAMIDS = """
SELECT pg_advisory_xact_lock(key)
FROM (SELECT DISTINCT hashtextextended(wamid, 0) AS key FROM unnest($1::text[]) AS wamid
      ORDER BY key) AS keys
"""


async def lock_wamids(tx: Transaction, wamids: Iterable[str]) -> None:
    """Lock the wamids until the transaction ends; what they lead to is read in a later statement.

    The caller has locked all contacts that it is going to lock.
    """
    if wanted := sorted(set(wamids)):
        await tx.connection.execute(LOCK_WAMIDS, wanted)
