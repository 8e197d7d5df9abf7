"""Evidence of a campaign with one thing wrong in it, for each thing that the auditor must see."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.faults.campaign.evidence import Evidence, Row, item_of
from tests.faults.campaign.resources import Footprint

Tamper = Callable[[Evidence], Evidence]

SECOND = timedelta(seconds=1)


def lose_an_item(evidence: Evidence) -> Evidence:
    """Take out of the ledger one row of an item that was answered 200."""
    row = next(row for row in evidence.ledger if row["outcome"] == "duplicate")
    item = item_of(row["raw"])
    assert item is not None
    ledger = [one for one in evidence.ledger if one is not row]
    rows = sum(item_of(one["raw"]) == item for one in ledger)
    # As if every copy had been answered 200, one more than there are rows now.
    accepted = evidence.accepted.copy()
    accepted[item] = rows + 1
    return replace(evidence, ledger=ledger, accepted=accepted)


def count_twice(evidence: Evidence) -> Evidence:
    return _change(evidence, "ledger", "outcome", "duplicate", outcome="stored")


def invent_an_item(evidence: Evidence) -> Evidence:
    item = item_of(evidence.ledger[0]["raw"])
    posted = evidence.posted.copy()
    assert item is not None
    del posted[item]
    return replace(evidence, posted=posted)


def bury_the_harmless(evidence: Evidence) -> Evidence:
    return replace(evidence, dead_letters=[*evidence.dead_letters, evidence.written[0].wamid])


def lose_a_message(evidence: Evidence) -> Evidence:
    lost = _first(evidence.messages, "direction", "inbound")
    return replace(evidence, messages=[row for row in evidence.messages if row is not lost])


def give_it_to_somebody_else(evidence: Evidence) -> Evidence:
    row = _first(evidence.messages, "direction", "inbound")
    return _change(evidence, "messages", "id", row["id"], contact_id=-1)


def lag_behind_a_status(evidence: Evidence) -> Evidence:
    return _change(evidence, "messages", "delivery", "read", delivery="sent")


def see_two_open(evidence: Evidence) -> Evidence:
    return _change(evidence, "seen_tickets", "not_closed", 1, not_closed=2)


def overlap(evidence: Evidence) -> Evidence:
    """Let a ticket end after its contact's next one was opened."""
    followed = {row["previous_id"] for row in evidence.tickets}
    action = next(
        row
        for row in evidence.actions
        if row["action"] == "closed" and row["ticket_id"] in followed
    )
    return _change(evidence, "actions", "id", action["id"], at=action["at"] + timedelta(days=1))


def close_early(evidence: Evidence) -> Evidence:
    row = _first(evidence.seen_tickets, "status", "closed")
    return _change(evidence, "seen_tickets", "status", "closed", closes_at=row["at"] + SECOND)


def end_late(evidence: Evidence) -> Evidence:
    row = _first(evidence.tickets, "status", "closed")
    late = row["closed_at"] + SECOND
    return _change(evidence, "tickets", "id", row["id"], closed_at=late, closes_at=late)


def bury_in_a_closed_ticket(evidence: Evidence) -> Evidence:
    return _change(evidence, "messages", "direction", "inbound", seen_status="closed")


def open_silently(evidence: Evidence) -> Evidence:
    return _change(evidence, "messages", "purpose", "opening", purpose="closing")


def receive_nothing(evidence: Evidence) -> Evidence:
    return _on_a_phone(evidence, lambda messages: messages[1:])


def receive_twice(evidence: Evidence) -> Evidence:
    return _on_a_phone(evidence, lambda messages: [*messages, messages[0]])


def receive_in_disorder(evidence: Evidence) -> Evidence:
    return _on_a_phone(evidence, lambda messages: messages[::-1])


def lose_an_answer(evidence: Evidence) -> Evidence:
    answer = next(one for one in evidence.answers if one.status == 202)
    return _change(evidence, "messages", "text", answer.text, purpose="reopened")


def tell_nobody(evidence: Evidence) -> Evidence:
    return _change(evidence, "files", "state", "refused", notice_id=None)


def split_a_notice(evidence: Evidence) -> Evidence:
    """Have a second notice about a file that ended while the first one still waited."""
    # The newest: of another one its ticket may have had a second notice anyway.
    notices = [one for one in evidence.messages if one["purpose"] == "refused"]
    row = max(notices, key=lambda one: int(one["id"]))
    (file, *_) = [one for one in evidence.files if one["notice_id"] == row["id"]]
    second = {**row, "id": row["id"] + 10**6, "taken_at": row["taken_at"] + SECOND}
    more = {**file, "id": -1, "notice_id": second["id"], "ended_at": row["written_at"]}
    more["ended_at"] += (row["taken_at"] - row["written_at"]) / 2
    return replace(evidence, messages=[*evidence.messages, second], files=[*evidence.files, more])


def leave_work(evidence: Evidence) -> Evidence:
    return replace(evidence, queues={**evidence.queues, "ticket_router": 1})


def leave_a_file(evidence: Evidence) -> Evidence:
    return _change(evidence, "files", "state", "accepted", state="pending")


def keep_other_bytes(evidence: Evidence) -> Evidence:
    return _change(evidence, "files", "state", "accepted", sha256="0" * 64)


def say_who(evidence: Evidence) -> Evidence:
    log = evidence.logs[0].with_name("telltale.log")
    log.write_text(f'{{"event": "x", "phone": "{evidence.written[0].phone}"}}')
    return replace(evidence, logs=(*evidence.logs, log))


def grow(evidence: Evidence) -> Evidence:
    return replace(evidence, after={**evidence.after, "ingress": Footprint(10_000, 5, 50 * 2**20)})


def keep_a_channel(evidence: Evidence) -> Evidence:
    more = {name: count + 100 for name, count in evidence.connected_after.items()}
    return replace(evidence, connected_after=more)


TAMPERS: dict[str, tuple[Tamper, ...]] = {
    "audit_items": (lose_an_item, count_twice, invent_an_item),
    "audit_messages": (lose_a_message, give_it_to_somebody_else),
    "audit_deliveries": (lag_behind_a_status,),
    "audit_tickets": (see_two_open, overlap, close_early),
    "audit_places": (bury_in_a_closed_ticket,),
    "audit_grace": (end_late,),
    "audit_automatic_messages": (open_silently,),
    "audit_receipts": (receive_nothing, receive_twice),
    "audit_order": (receive_in_disorder,),
    "audit_answers": (lose_an_answer,),
    "audit_notices": (tell_nobody, split_a_notice),
    "audit_queues": (bury_the_harmless, leave_work),
    "audit_files": (leave_a_file, keep_other_bytes),
    "audit_logs": (say_who,),
    "audit_growth": (grow, keep_a_channel),
}
"""What each invariant must see, by its name."""


def each() -> list[tuple[str, Tamper]]:
    """Give every tampering with the invariant that it breaks."""
    return [(invariant, tamper) for invariant, tampers in TAMPERS.items() for tamper in tampers]


def _first(rows: list[Row], column: str, value: object) -> Row:
    return next(row for row in rows if row[column] == value)


def _change(
    evidence: Evidence, table: str, column: str, value: object, **changed: object
) -> Evidence:
    """Change the first row with this value."""
    rows: list[Row] = deepcopy(getattr(evidence, table))
    _first(rows, column, value).update(changed)
    tables: dict[str, Any] = {table: rows}
    return replace(evidence, **tables)


def _on_a_phone(evidence: Evidence, change: Callable[[list[Row]], list[Row]]) -> Evidence:
    number = next(
        number
        for number, messages in evidence.phones.items()
        if len(messages) == len({one["callback_data"] for one in messages}) > 1
    )
    return replace(evidence, phones={**evidence.phones, number: change(evidence.phones[number])})
