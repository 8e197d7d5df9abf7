"""Run a service with one thing broken: `python -m tests.faults.sabotage <fault> <service>`.

The service is the real one, started as `python -m services.<service>` starts it. What is broken
depends on a marker in an event's raw text, so that one event can be chosen among many.
"""

import os
import runpy
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from shared.events import WebhookEvent

MARKER = "SABOTAGE"
_MARK = MARKER.encode()

# Names are replaced where they are used, which a type checker rightly does not like.
router: Any = import_module("services.ticket_router.serve")
placing: Any = import_module("services.ticket_router.place_messages")
locking: Any = import_module("shared.tickets.lock_contacts")
transacting: Any = import_module("shared.database.transaction")
retiring: Any = import_module("shared.tickets.retire_files")
storing: Any = import_module("shared.media.store")

UNLOCKED = """
SELECT clock_timestamp() FROM (SELECT count(*) FROM contacts WHERE id = ANY($1::bigint[])) AS read
"""


def without_contact_lock() -> None:
    """Read the contacts that should be locked."""
    locking.LOCK_CONTACTS = UNLOCKED


def killer() -> None:
    """Die like a worker that ran out of memory, before anything is committed."""
    _before_routing(_die)


def killer_after_commit() -> None:
    """Die between the commit and the acknowledgement."""
    route = router.route_events

    async def route_and_die(pool: Any, settings: Any, events: Sequence[WebhookEvent]) -> Any:
        attachments = await route(pool, settings, events)
        if _marked(events):
            _die()
        return attachments

    router.route_events = route_and_die


def dies_before_its_line() -> None:
    """Die between the commit and the log lines that say what was committed."""
    route = router.route_events

    async def route_to_the_end(pool: Any, settings: Any, events: Sequence[WebhookEvent]) -> Any:
        if _marked(events):
            transacting.Transaction.committed = lambda _: _die()
        return await route(pool, settings, events)

    router.route_events = route_to_the_end


def poison() -> None:
    """Raise what only a fault of our own code raises."""

    def fail() -> None:
        raise ValueError("poison")

    _before_routing(fail)


def always_poison() -> None:
    """Let every event fail alone."""

    async def fail(pool: Any, settings: Any, events: Sequence[WebhookEvent]) -> None:
        raise ValueError("poison")

    router.route_events = fail


def bad_data() -> None:
    """Have PostgreSQL refuse the data of an event (SQLSTATE 22012)."""
    route = router.route_events

    async def route_bad(pool: Any, settings: Any, events: Sequence[WebhookEvent]) -> Any:
        if _marked(events):
            await pool.execute("SELECT 1 / 0")
        return await route(pool, settings, events)

    router.route_events = route_bad


def slow() -> None:
    """Take two seconds for a marked batch, in the middle of its transaction."""
    append = placing.append_messages

    async def append_slowly(tx: Any, inbound: Any, *more: Any) -> dict[str, int]:
        ids: dict[str, int] = await append(tx, inbound, *more)
        if any(MARKER in (one.text or "") for one in inbound):
            await tx.connection.execute("SELECT pg_sleep(2)")
        return ids

    placing.append_messages = append_slowly


def freeze_in_transaction() -> None:
    """Stop once, with the contacts locked and the messages written but not committed."""
    append = placing.append_messages
    frozen: list[bool] = []

    async def append_and_freeze(tx: Any, inbound: Any, *more: Any) -> dict[str, int]:
        ids: dict[str, int] = await append(tx, inbound, *more)
        if not frozen and any(MARKER in (one.text or "") for one in inbound):
            frozen.append(True)
            os.kill(os.getpid(), signal.SIGSTOP)
        return ids

    placing.append_messages = append_and_freeze


def dies_while_retiring() -> None:
    """Die in the transaction that gives old files up."""

    async def die(*_: object) -> None:
        _die()

    retiring.record_actions = die


def dies_before_erasing() -> None:
    """Die when the store is about to be asked."""
    _die_at("drop", after=False)


def dies_after_erasing() -> None:
    """Die when the store has answered."""
    _die_at("drop", after=True)


def dies_before_storing() -> None:
    """Die when bytes are announced and not stored yet."""
    _die_at("keep", after=False)


def dies_after_storing() -> None:
    """Die when bytes are stored and no file has them yet."""
    _die_at("keep", after=True)


def hasty() -> None:
    """Wait a second, and not twenty, for WhatsApp's answer to a send."""
    sending: Any = import_module("shared.whatsapp.send_message")
    sending.SEND_SECONDS = 1.0


FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        always_poison,
        bad_data,
        dies_after_erasing,
        dies_after_storing,
        dies_before_erasing,
        dies_before_its_line,
        dies_before_storing,
        dies_while_retiring,
        freeze_in_transaction,
        hasty,
        killer,
        killer_after_commit,
        poison,
        slow,
        without_contact_lock,
    )
}


def _die_at(method: str, *, after: bool) -> None:
    ask = getattr(storing.MediaStore, method)

    async def ask_and_die(*arguments: object) -> None:
        if after:
            await ask(*arguments)
        _die()

    setattr(storing.MediaStore, method, ask_and_die)


def _before_routing(happens: Callable[[], None]) -> None:
    route = router.route_events

    async def sabotaged(pool: Any, settings: Any, events: Sequence[WebhookEvent]) -> Any:
        if _marked(events):
            happens()
        return await route(pool, settings, events)

    router.route_events = sabotaged


def _marked(events: Sequence[WebhookEvent]) -> bool:
    return any(_MARK in event.raw for event in events)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    _, fault, service = sys.argv
    FAULTS[fault]()
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
