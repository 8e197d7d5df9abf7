"""One open ticket for each contact at every moment, the grace as R4 says, nothing buried."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from tests.faults.campaign.evidence import Evidence, Row
from tests.faults.campaign.world import GRACE_SECONDS

GRACE = timedelta(seconds=GRACE_SECONDS)
# A transaction has read the clock, under the contact's lock, before it writes; so slow may the way
# to PostgreSQL be in between.
SLOW = timedelta(seconds=15)


def audit_tickets(evidence: Evidence) -> Iterator[str]:
    """Give contacts who had two open tickets, by what triggers saw and by the audit log."""
    for seen in evidence.seen_tickets:
        if seen["not_closed"] > 1:
            yield f"ticket {seen['ticket_id']}: {seen['not_closed']} were open at {seen['at']}"
        if seen["status"] == "closed" and seen["at"] < seen["closes_at"]:
            yield f"ticket {seen['ticket_id']} was closed before its deadline"
    by_contact: dict[int, list[Row]] = defaultdict(list)
    for ticket in evidence.tickets:
        by_contact[ticket["contact_id"]].append(ticket)
    opened = _times(evidence, "opened")
    closed = _times(evidence, "closed")
    for tickets in by_contact.values():
        for ticket in tickets:
            if len(opened[ticket["id"]]) != 1:
                yield f"ticket {ticket['id']} was opened {len(opened[ticket['id']])} times"
        for one, after in pairwise(tickets):
            if len(closed[one["id"]]) != 1 or closed[one["id"]][0] > opened[after["id"]][0]:
                yield f"tickets {one['id']} and {after['id']} were open at once"


def audit_places(evidence: Evidence) -> Iterator[str]:
    """Give messages that were put into a ticket that was closed by then (R6, R7)."""
    ends = {ticket["id"]: ticket["closed_at"] for ticket in evidence.tickets}
    for row in evidence.messages:
        if row["purpose"] == "refused":
            continue  # a notice may tell of a ticket that has ended meanwhile
        late = (
            row["seen_closes_at"] is not None and row["written_at"] > row["seen_closes_at"] + SLOW
        )
        if row["seen_status"] == "closed" or late:
            yield f"message {row['id']} came into ticket {row['ticket_id']} after its end"
        end = ends[row["ticket_id"]]
        if row["direction"] == "inbound" and end is not None and row["sent_at"] >= end:
            yield f"message {row['id']} was stamped after the end of ticket {row['ticket_id']}"


def audit_grace(evidence: Evidence) -> Iterator[str]:
    """Give tickets that did not end as R4 says."""
    actions: dict[int, list[Row]] = defaultdict(list)
    for action in evidence.actions:
        actions[action["ticket_id"]].append(action)
    for ticket in evidence.tickets:
        if ticket["status"] == "closing" and ticket["closes_at"] is None:
            yield f"ticket {ticket['id']} is closing without a deadline"
        if ticket["status"] != "closed":
            continue
        expected = _deadline(actions[ticket["id"]])
        if not (ticket["closed_at"] == ticket["closes_at"] == expected):
            yield (
                f"ticket {ticket['id']} closed at {ticket['closed_at']}, its deadline was "
                f"{ticket['closes_at']}, by R4 {expected}"
            )


def _deadline(actions: list[Row]) -> datetime | None:
    """Work out R4 from the audit log: the last closing, and when its message was first taken."""
    clicked: datetime | None = None
    taken: datetime | None = None
    for action in actions:
        if action["action"] == "closing":
            clicked, taken = action["at"], None
        elif action["action"] == "grace started":
            taken = action["at"]
    if clicked is None:
        return None
    end = taken + GRACE if taken is not None else clicked + 2 * GRACE
    return end if end.microsecond == 0 else end.replace(microsecond=0) + timedelta(seconds=1)


def audit_automatic_messages(evidence: Evidence) -> Iterator[str]:
    """Give tickets with too many or too few opening and closing messages (R1, R4, R5)."""
    purposes: dict[int, Counter[str]] = defaultdict(Counter)
    for row in evidence.messages:
        purposes[row["ticket_id"]][row["purpose"]] += 1
    done: dict[int, Counter[str]] = defaultdict(Counter)
    for action in evidence.actions:
        done[action["ticket_id"]][action["action"]] += 1
    for ticket in evidence.tickets:
        said, did = purposes[ticket["id"]], done[ticket["id"]]
        if said["opening"] != 1:
            yield f"ticket {ticket['id']} has {said['opening']} opening messages"
        # A reopening either withdrew the closing message or is told.
        withdrawn = did["reopened"] - said["reopened"]
        if withdrawn < 0 or said["closing"] + withdrawn != did["closing"]:
            yield f"ticket {ticket['id']}: {dict(said)} was said and {dict(did)} was done"


def _times(evidence: Evidence, action: str) -> dict[int, list[datetime]]:
    times: dict[int, list[datetime]] = defaultdict(list)
    for row in evidence.actions:
        if row["action"] == action:
            times[row["ticket_id"]].append(row["at"])
    return times
