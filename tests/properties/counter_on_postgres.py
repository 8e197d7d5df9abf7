"""The counter that runs in production: the real use cases over PostgreSQL, one at a time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from services.agent_desk.close_ticket import close_ticket
from services.agent_desk.desk import AGENT, DESK, Desk
from services.agent_desk.mark_read import mark_read
from services.agent_desk.problems import Problem
from services.agent_desk.reopen_ticket import reopen_ticket
from services.agent_desk.settings import Settings as DeskSettings
from services.agent_desk.watch_changes import ChangeWatch
from services.scheduler.close_due_tickets import close_due_tickets
from services.scheduler.expire_leases import expire_leases
from services.scheduler.resend_unknown import resend_unknown
from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.take_messages import Taken, take_messages
from services.status_tracker.track_statuses import track_statuses
from services.ticket_router.route_events import route_events
from shared.database.pool import Pool, create_pool
from shared.events import WebhookEvent
from shared.media.proofs import Proofs
from shared.media.store import MediaStore
from shared.whatsapp.error_codes import RETRY
from shared.whatsapp.send_message import Accepted, Outcome, Refused, Unknown, callback_data
from tests.properties.clock import set_clock, stop_clock
from tests.properties.counter import GRACE, Answer, SeenTicket, TakenMessage, Written
from tests.properties.routing import EMPTY, contact_entry, router_settings, texts
from tests.system import PHONE_NUMBER_ID
from tests.webhooks import events_of, text_message, webhook_of

ResultT = TypeVar("ResultT")

TICKETS = """
SELECT tickets.*,
       (SELECT coalesce(json_object_agg(wamid, after_closing), '{}') FROM messages
        WHERE ticket_id = tickets.id AND direction = 'inbound')::text AS inbound,
       ARRAY(SELECT purpose FROM messages WHERE ticket_id = tickets.id
             AND direction = 'outbound' ORDER BY id) AS outbound
FROM tickets JOIN contact_addresses USING (contact_id)
WHERE kind = 'phone' AND value = $1 ORDER BY tickets.id
"""

PURPOSES = """
SELECT messages.id, purpose, value AS contact FROM messages
JOIN tickets ON tickets.id = ticket_id JOIN contact_addresses USING (contact_id)
WHERE messages.id = ANY($1::bigint[])
"""

# What waits for a later attempt is due at once here: when it is due is the sender's business.
MAKE_DUE = "UPDATE outbox SET next_attempt_at = $1 WHERE next_attempt_at IS NOT NULL"

FIND_WAMIDS = "SELECT id, wamid FROM messages WHERE direction = 'outbound' AND wamid IS NOT NULL"


class CounterOnPostgres:
    """Runs each step to its end on an event loop of its own."""

    now: datetime

    def __init__(self, database_url: str) -> None:
        self._runner = asyncio.Runner()
        self._run(stop_clock(database_url))
        self._pool: Pool = self._run(create_pool(database_url, "tests", size=1))
        self._texts = texts()
        self._arrivals: dict[str, list[WebhookEvent]] = {}
        self._sending: list[Taken] = []

    def end(self) -> None:
        self._run(self._pool.close())
        self._runner.close()

    def begin(self, *, grace_reply_reopens: bool) -> None:
        self._settings = router_settings(self._texts, grace_reply_reopens=grace_reply_reopens)
        self._arrivals.clear()
        self._sending.clear()
        self._run(self._pool.execute(EMPTY))

    def set_clock(self, now: datetime) -> None:
        self.now = now
        self._run(set_clock(self._pool, now))

    def receive(self, batch: list[Written], *, redelivered: bool = False) -> None:
        events = []
        for one in batch:
            if not redelivered or one.wamid not in self._arrivals:
                self._arrivals[one.wamid] = events_of(_webhook(one), received_at=one.received_at)
            events += self._arrivals[one.wamid]
        self._run(route_events(self._pool, self._settings, events))

    def close(self, contact: str) -> bool:
        return self._click(contact, close_ticket)

    def reopen(self, contact: str) -> bool:
        return self._click(contact, reopen_ticket)

    def mark_read(self, contact: str) -> None:
        self._click(contact, mark_read)

    def close_due(self) -> None:
        self._run(close_due_tickets(self._pool))

    def take(self) -> list[TakenMessage]:
        self._run(self._pool.execute(MAKE_DUE, self.now))
        taken = self._run(take_messages(self._pool, 10, GRACE))
        self._sending += taken
        ids = [one.message_id for one in taken]
        rows = self._run(self._pool.fetch(PURPOSES, ids))
        return [TakenMessage(row["id"], row["contact"], row["purpose"]) for row in rows]

    def answer(self, answer: Answer) -> None:
        sent = [Sent(one, _outcome(one, answer), 1.0) for one in self._sending]
        self._sending.clear()
        if sent:
            self._run(record_outcomes(self._pool, sent))

    def resend_lost(self) -> None:
        # The leases of what is still being sent may be over too; their answers then come late.
        self._run(expire_leases(self._pool))
        self._run(resend_unknown(self._pool, GRACE * 0))

    def tell_status(self, status: str) -> None:
        rows = self._run(self._pool.fetch(FIND_WAMIDS))
        statuses = [
            {
                "id": row["wamid"],
                "status": status,
                "timestamp": str(int(self.now.timestamp())),
                "biz_opaque_callback_data": callback_data(row["id"]),
            }
            for row in rows
        ]
        events = events_of(webhook_of(statuses=statuses), received_at=self.now)
        self._run(track_statuses(self._pool, PHONE_NUMBER_ID, events))

    def tickets(self, contact: str) -> list[SeenTicket]:
        return [
            SeenTicket(
                id=row["id"],
                status=row["status"],
                closing_at=row["closing_at"],
                closing_message=row["closing_message_id"],
                closes_at=row["closes_at"],
                closed_at=row["closed_at"],
                previous=row["previous_id"],
                unread=row["unread"],
                inbound=_json(row["inbound"]),
                outbound=tuple(row["outbound"]),
            )
            for row in self._run(self._pool.fetch(TICKETS, contact))
        ]

    def _click(
        self, contact: str, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> bool:
        """Have the desk handle an agent's click on the contact's newest ticket."""
        rows = self._run(self._pool.fetch(TICKETS, contact))
        if not rows:
            return False

        async def click() -> bool:
            app = web.Application()
            settings = DeskSettings(
                database_url="", media_store_url="file:///nowhere", admin_token="", grace=GRACE,
                read_marks=True, texts=self._texts, host="", port=1,
            )  # fmt: skip
            app[DESK] = Desk(
                self._pool,
                settings,
                MediaStore(settings.media_store_url),
                Proofs(()),
                asyncio.Semaphore(1),
                ChangeWatch(self._pool),
                asyncio.Event(),
                b"",
            )
            found = {"number": str(rows[-1]["number"])}
            request = make_mocked_request("POST", "/", match_info=found, app=app)
            request[AGENT] = "agent"
            try:
                return (await handler(request)).status == 200
            except Problem:
                return False

        return self._run(click())

    def _run(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return self._runner.run(work)


def _webhook(written: Written) -> dict[str, Any]:
    message = text_message(
        written.contact,
        written.wamid,
        id=written.wamid,
        timestamp=written.timestamp,
        type=written.message_type,
    )
    if written.in_group:
        message["group_id"] = "group"
    return webhook_of(message, contacts=[contact_entry(written.contact, None, "Ana")])


def _outcome(taken: Taken, answer: Answer) -> Outcome:
    if answer == "accepted":
        return Accepted(f"wamid.out.{taken.message_id}")
    return Refused(RETRY, 500, 2) if answer == "retry" else Unknown(None, 0)


def _json(text: str) -> dict[str, bool]:
    return dict(json.loads(text))
