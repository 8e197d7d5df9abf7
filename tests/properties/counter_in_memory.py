"""A counter of the pure domain alone: the rules of `shared.domain` over lists in memory."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.kinds import MARK_TYPES, RECORDED_TYPES
from shared.domain.plan_messages import Plan, plan_messages
from shared.domain.ticket import (
    Status,
    Ticket,
    can_close,
    can_reopen,
    deadline_at_click,
    deadline_when_taken,
    is_over,
)
from shared.domain.timestamp import read_timestamp
from tests.properties.counter import GRACE, Answer, SeenTicket, TakenMessage, Written


@dataclass
class _Outgoing:
    id: int
    ticket: int
    contact: str
    purpose: str
    state: str = "queued"
    attempts: int = 0


@dataclass
class _Row:
    id: int
    state: Ticket
    previous: int | None
    closing_message: int | None = None
    closed_at: datetime | None = None
    unread: int = 0
    inbound: dict[str, bool] = field(default_factory=dict)
    said: list[_Outgoing] = field(default_factory=list)


NOT_ROUTED = MARK_TYPES | RECORDED_TYPES


class CounterInMemory:
    """Applies what the domain decides, as the services do with rows."""

    now: datetime

    def begin(self, *, grace_reply_reopens: bool) -> None:
        self._reopens = grace_reply_reopens
        self._rows: dict[str, list[_Row]] = defaultdict(list)
        self._outbox: dict[str, list[_Outgoing]] = defaultdict(list)
        self._known: set[str] = set()
        self._ids = 0

    def set_clock(self, now: datetime) -> None:
        self.now = now

    def receive(self, batch: list[Written], *, redelivered: bool = False) -> None:  # noqa: ARG002
        by_contact: dict[str, list[tuple[datetime, Written]]] = defaultdict(list)
        for one in batch:
            if one.wamid in self._known or one.in_group or one.message_type in NOT_ROUTED:
                continue
            self._known.add(one.wamid)
            sent_at = read_timestamp(one.timestamp, one.received_at)
            by_contact[one.contact].append((sent_at, one))
        for contact, arrived in by_contact.items():
            latest = self._latest(contact)
            plan = plan_messages(
                latest.state if latest else None,
                arrived,
                self.now,
                grace_reply_reopens=self._reopens,
            )
            self._apply(contact, latest, plan)

    def _apply(self, contact: str, latest: _Row | None, plan: Plan[Written]) -> None:
        if plan.closes and latest is not None:
            self._write_closed(latest)
        if plan.reopens and latest is not None:
            self._reopen(contact, latest, by_contact=True)
        new = None
        if plan.opens:
            new = _Row(self._id(), Ticket(Status.OPEN), latest.id if latest else None)
            self._rows[contact].append(new)
            self._say(contact, new, "opening")
        for placed in plan.placed:
            row = new if placed.in_new else latest
            assert row is not None
            row.inbound[placed.message.wamid] = placed.after_closing
            row.unread += 1

    def close(self, contact: str) -> bool:
        row = self._latest(contact)
        if row is None or not can_close(row.state, self.now):
            return False
        row.closing_message = self._say(contact, row, "closing")
        row.state = Ticket(Status.CLOSING, self.now, deadline_at_click(self.now, GRACE))
        return True

    def reopen(self, contact: str) -> bool:
        row = self._latest(contact)
        if row is None or not can_reopen(row.state, self.now):
            return False
        self._reopen(contact, row, by_contact=False)
        return True

    def mark_read(self, contact: str) -> None:
        row = self._latest(contact)
        if row is not None:
            row.unread = 0

    def close_due(self) -> None:
        for rows in self._rows.values():
            for row in rows:
                if row.state.status is Status.CLOSING and is_over(row.state, self.now):
                    self._write_closed(row)

    def take(self) -> list[TakenMessage]:
        heads = [queue[0] for queue in self._outbox.values() if queue]
        taken = [one for one in heads if one.state == "queued"]
        for one in taken:
            one.state = "sending"
            one.attempts += 1
            row = next(row for row in self._rows[one.contact] if row.id == one.ticket)
            state = row.state
            first = row.closing_message == one.id and not state.closing_taken
            if first and state.status is Status.CLOSING and not is_over(state, self.now):
                deadline = deadline_when_taken(self.now, GRACE)
                row.state = replace(state, closes_at=deadline, closing_taken=True)
        return [TakenMessage(one.id, one.contact, one.purpose) for one in taken]

    def answer(self, answer: Answer) -> None:
        for queue in self._outbox.values():
            if queue and queue[0].state == "sending":
                if answer == "accepted":
                    queue.pop(0)
                else:
                    queue[0].state = "queued" if answer == "retry" else "lost"

    def resend_lost(self) -> None:
        for queue in self._outbox.values():
            if queue and queue[0].state == "lost":
                queue[0].state = "queued"

    def tell_status(self, status: str) -> None:
        pass  # the domain knows of no way from a status to a deadline

    def tickets(self, contact: str) -> list[SeenTicket]:
        return [
            SeenTicket(
                id=row.id,
                status=row.state.status,
                closing_at=row.state.closing_at,
                closing_message=row.closing_message,
                closes_at=row.state.closes_at,
                closed_at=row.closed_at,
                previous=row.previous,
                unread=row.unread,
                inbound=dict(row.inbound),
                outbound=tuple(one.purpose for one in row.said),
            )
            for row in self._rows[contact]
        ]

    def _latest(self, contact: str) -> _Row | None:
        return self._rows[contact][-1] if self._rows[contact] else None

    def _write_closed(self, row: _Row) -> None:
        row.state = replace(row.state, status=Status.CLOSED)
        row.closed_at = row.state.closes_at

    def _reopen(self, contact: str, row: _Row, *, by_contact: bool) -> None:
        message = next(one for one in row.said if one.id == row.closing_message)
        if message.attempts:
            self._say(contact, row, "reopened")
        else:
            row.said.remove(message)
            self._outbox[contact].remove(message)
        click = row.state.closing_at if by_contact else None
        row.state, row.closing_message = Ticket(Status.OPEN, reopened_from=click), None

    def _say(self, contact: str, row: _Row, purpose: str) -> int:
        message = _Outgoing(self._id(), row.id, contact, purpose)
        row.said.append(message)
        self._outbox[contact].append(message)
        return message.id

    def _id(self) -> int:
        self._ids += 1
        return self._ids
