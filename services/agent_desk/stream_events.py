"""`GET /events`: tell a client what changed, as it happens; it fetches the rest itself."""

from time import monotonic
from typing import TypeVar

import asyncpg
import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from services.agent_desk.answers import Change
from services.agent_desk.desk import AGENT, DESK, Desk
from services.agent_desk.read_changes import Place, find_now, has_all_since, read_changes
from shared.database.pool import AWAY
from shared.log import failure, log
from shared.waiting import first_of

# Proxies cut what is silent for long (nginx: after 60 s).
PING_SECONDS = 10
# A client that takes nothing for so long is given up; it comes back with its Last-Event-ID.
SEND_SECONDS = 30
# One page is all that a stream holds in memory.
PAGE = 200

ValueT = TypeVar("ValueT")


async def stream_events(request: web.Request) -> web.StreamResponse:
    """Answer with `message`, `ticket`, `attachment` and `delivery`, until either side ends it.

    A client whose Last-Event-ID is too old or unreadable gets `reset` first: it must load anew.
    """
    started = monotonic()
    desk, agent = request.app[DESK], request[AGENT]
    given = request.headers.get("Last-Event-ID") or request.query.get("last_event_id")
    place = Place.read(given) if given else None
    resumes = place is not None and await has_all_since(desk.pool, place)
    if place is None or not resumes:
        place = await find_now(desk.pool)
    if request.transport is None:
        return web.Response()  # the client has gone meanwhile
    reset = bool(given) and not resumes
    stream = EventSourceResponse(ping_interval=PING_SECONDS, send_timeout=SEND_SECONDS)
    await stream.prepare(request)
    log.info("stream.opened", agent=agent, resumed=resumes, reset=reset)
    try:
        async with stream, desk.changes.listening():
            if reset:
                await stream.send("{}", id=str(place), event="reset")
            sending = _send_changes(request, stream, desk, place)
            await first_of(sending, desk.stopping.wait())
    except AWAY as error:
        # The database, or the client.
        log.debug("stream.broken_off", **failure(error))
    finally:
        took_ms = round((monotonic() - started) * 1000)
        log.info("stream.closed", agent=agent, took_ms=took_ms)
    return stream


async def _send_changes(
    request: web.Request, stream: EventSourceResponse, desk: Desk, place: Place
) -> None:
    # An id without data is no event, but it is what a client that saw none comes back with.
    await stream.write(f"id: {place}\r\n\r\n".encode())
    while desk.changes.running and request.transport is not None:
        if desk.changes.newest <= place:
            await desk.changes.next_round()
            continue
        rows = await read_changes(desk.pool, place, PAGE)
        if not rows:
            await desk.changes.next_round()  # purged meanwhile
        for row in rows:
            place = Place(row["xid"], row["id"])
            await stream.send(_describe(row), id=str(place), event=row["kind"])


def _describe(row: asyncpg.Record) -> str:
    change = Change(
        ticket=row["number"],
        id=_or_unset(row["subject_id"]),
        delivery=_or_unset(row["delivery"]),
        state=_or_unset(row["state"]),
        message_id=_or_unset(row["message_id"]),
    )
    return msgspec.json.encode(change).decode()


def _or_unset(value: ValueT | None) -> ValueT | msgspec.UnsetType:
    return msgspec.UNSET if value is None else value
