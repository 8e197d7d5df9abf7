"""Run a service so that the campaign can break it: `… <folder> <service> <number>`.

The service is the real one. Added to it are crash points, a count of the work in hand, two texts
that no router survives or understands, and shorter leases, so that they end within a campaign.
"""

import os
import runpy
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from time import time
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.faults.campaign.crash_points import Armed, install
from tests.faults.campaign.work_in_hand import WorkInHand

POISON = "VENENO"
"""An event whose text begins with it is one that our code cannot handle."""
KILLER = "ASESINO"
"""An event whose text begins with it ends whoever handles it."""

NOTES = "taken"
"""The file in which each line is a message that a sender took: Unix seconds, process, message."""

SEND_SECONDS_NAME = "VICTIM_SEND_SECONDS"
# Of 20 and 30 s, of which leases are three times and once.
SEND_SECONDS = 4.0
SENDERS_LEASE = 3 * SEND_SECONDS
VALIDATORS_LEASE = 9.0


def shorten_leases() -> None:
    """Let what a dead or frozen worker held be taken over within seconds."""
    sending: Any = import_module("shared.whatsapp.send_message")
    sending.SEND_SECONDS = float(os.environ.get(SEND_SECONDS_NAME, SEND_SECONDS))
    claiming: Any = import_module("services.media_validator.claim_attachment")
    claiming.LEASE = timedelta(seconds=VALIDATORS_LEASE)
    claiming.RENEW_SECONDS = VALIDATORS_LEASE / 3


def count_requests(work: WorkInHand, module: str) -> None:
    """Count the requests that are being answered."""
    served: Any = import_module(module)
    serve_http = served.serve_http

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        counted = 0 if request.path.startswith("/health") else 1
        work.add(counted)
        try:
            return await handler(request)
        finally:
            work.add(-counted)

    async def serve_counted(app: web.Application, *arguments: Any) -> None:
        app.middlewares.append(count)
        await serve_http(app, *arguments)

    served.serve_http = serve_counted


def count_deliveries(work: WorkInHand) -> None:
    """Count the deliveries that are not acknowledged; those of a lost channel are none."""
    session: Any = import_module("shared.broker.session").Session
    arrive, settle, close = session._on_message, session.settle, session._on_close

    async def arrive_counted(self: Any, message: Any) -> None:
        work.add(1)
        await arrive(self, message)

    async def settle_counted(self: Any, message: Any) -> None:
        await settle(self, message)
        work.add(-1)

    def close_counted(self: Any, *arguments: Any) -> None:
        work.set(0)
        close(self, *arguments)

    session._on_message = arrive_counted
    session.settle = settle_counted
    session._on_close = close_counted


def count_claims(work: WorkInHand) -> None:
    """Count the files that a validator has claimed and not answered for."""
    claims: Any = import_module("services.media_validator.validate_attachments").ValidateAttachments
    begin, end = claims._begin, claims._end

    def begin_counted(self: Any, claim: Any) -> None:
        work.add(1)
        begin(self, claim)

    def end_counted(self: Any, task: Any) -> None:
        end(self, task)
        work.add(-1)

    claims._begin = begin_counted
    claims._end = end_counted


def count_sends(work: WorkInHand, folder: Path) -> None:
    """Count what is taken from the outbox and not recorded; note in a file what was taken."""
    notes = (folder / NOTES).open("a", buffering=1, encoding="utf-8")
    sending: Any = import_module("services.sender.send_outbox")
    take, record = sending.take_messages, sending.record_outcomes

    async def take_counted(*arguments: Any, **more: Any) -> Any:
        taken = await take(*arguments, **more)
        work.add(len(taken))
        for one in taken:
            notes.write(f"{time()} {os.getpid()} {one.message_id}\n")
        return taken

    async def record_counted(pool: Any, sent: Sequence[Any]) -> Any:
        waits = await record(pool, sent)
        work.add(-len(sent))
        return waits

    sending.take_messages = take_counted
    sending.record_outcomes = record_counted


def count_transactions(work: WorkInHand) -> None:
    """Tell whether a transaction is open that has changed something, and so has a line to log."""
    written: Any = import_module("shared.database.transaction").Transaction
    asyncpgs: Any = import_module("asyncpg.transaction").Transaction
    note, leave = written.log, asyncpgs.__aexit__

    def note_counted(self: Any, event: str, **fields: object) -> None:
        work.set(1)
        note(self, event, **fields)

    async def leave_counted(self: Any, *error: Any) -> None:
        await leave(self, *error)
        work.set(0)

    written.log = note_counted
    asyncpgs.__aexit__ = leave_counted


def obey_texts() -> None:
    """Fail at a poison and die of a killer, before anything is committed."""
    serve: Any = import_module("services.ticket_router.serve")
    route = serve.route_events

    async def route_or_not(pool: Any, settings: Any, events: Sequence[Any]) -> Any:
        if any(b'"' + KILLER.encode() in event.raw for event in events):
            os.kill(os.getpid(), signal.SIGKILL)
        if any(b'"' + POISON.encode() in event.raw for event in events):
            raise ValueError("poison")
        return await route(pool, settings, events)

    serve.route_events = route_or_not


def main(folder: Path, service: str, number: str) -> None:
    """Prepare, and become the service."""
    work = WorkInHand(folder / f"{service}-{number}.work")
    work.set(0)
    shorten_leases()
    install(service, Armed(folder))
    match service:
        case "ingress" | "agent_desk":
            count_requests(work, f"services.{service}.serve")
        case "ticket_router":
            count_deliveries(work)
            obey_texts()
        case "status_tracker":
            count_deliveries(work)
        case "media_validator":
            count_claims(work)
        case "sender":
            count_sends(work, folder)
        case "scheduler":
            count_transactions(work)
    sys.argv = [service]
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
