"""A transaction and the log lines that become true when it commits."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from shared.database.pool import Connection, Pool
from shared.log import log


class Transaction:
    """What use cases write through: a connection, and lines to log after the commit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._lines: list[tuple[Callable[..., object], str, dict[str, object]]] = []

    def log(self, event: str, **fields: object) -> None:
        """Log a change of state once it is committed; nothing is logged after a rollback."""
        self._lines.append((log.info, event, fields))

    def warning(self, event: str, **fields: object) -> None:
        """Log one that an operator should know of."""
        self._lines.append((log.warning, event, fields))

    def error(self, event: str, **fields: object) -> None:
        """Log one at which an operator must act."""
        self._lines.append((log.error, event, fields))

    def committed(self) -> None:
        """Write the lines."""
        for say, event, fields in self._lines:
            say(event, **fields)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Transaction]:
    """Begin, and commit unless an exception leaves the block; nothing outside is called inside."""
    async with pool.acquire() as connection:
        tx = Transaction(connection)
        async with connection.transaction():
            yield tx
    tx.committed()
