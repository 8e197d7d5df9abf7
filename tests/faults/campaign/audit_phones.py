"""What the phones received: everything, once, in order; and one notice for an album."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.faults.campaign.audit_items import message_id_of
from tests.faults.campaign.evidence import Evidence, Row


def audit_receipts(evidence: Evidence) -> Iterator[str]:
    """Give messages that were not received, or more often than they were sent again (R17)."""
    ours = {row["id"]: row for row in evidence.messages if row["direction"] == "outbound"}
    owners = {
        address["value"]: address["contact_id"]
        for address in evidence.addresses
        if address["kind"] == "phone"
    }
    received: Counter[int] = Counter()
    for phone, messages in evidence.phones.items():
        for message in messages:
            row = ours.get(message_id_of(message))
            received[message_id_of(message)] += 1
            if row is None:
                yield f"a phone received message {message_id_of(message)}, which is none of ours"
            elif (row["text"], row["contact_id"]) != (message["text"], owners.get(phone)):
                yield f"message {row['id']} came with another text, or to somebody else"
    again = resends(evidence)
    for message_id, row in ours.items():
        if row["delivery"] in {"failed", "undeliverable"}:
            yield f"message {message_id} is {row['delivery']}"
        elif not received[message_id]:
            yield f"message {message_id} was never received"
        elif received[message_id] > 1 + again[message_id]:
            yield f"message {message_id} was received {received[message_id]} times"


def resends(evidence: Evidence) -> Counter[int]:
    """Count how often each message was sent again because its fate was unknown."""
    return Counter(
        int(action["details"]) for action in evidence.actions if action["action"] == "resent"
    )


def repeated(evidence: Evidence) -> int:
    """Count the messages that a phone received again."""
    every = [message_id_of(one) for phone in evidence.phones.values() for one in phone]
    return len(every) - len(set(every))


def audit_order(evidence: Evidence) -> Iterator[str]:
    """Give contacts whose messages came in another order than they were queued in."""
    for messages in evidence.phones.values():
        first = list(dict.fromkeys(message_id_of(message) for message in messages))
        for one, after in pairwise(first):
            if one > after:
                yield f"message {one} was received before message {after}"


def audit_answers(evidence: Evidence) -> Iterator[str]:
    """Give agents' answers that the desk took and lost, or refused and sent."""
    numbers = {ticket["id"]: ticket["number"] for ticket in evidence.tickets}
    found = {
        (numbers[row["ticket_id"]], row["text"])
        for row in evidence.messages
        if row["direction"] == "outbound" and row["purpose"] is None
    }
    asked = {(one.ticket, one.text): one.status for one in evidence.answers}
    for answer, status in asked.items():
        if status == 202 and answer not in found:
            yield f"an answer that was taken is not there: {answer}"
        if 400 <= status < 500 and answer in found:
            yield f"an answer that was refused is there: {answer}"
    for answer in found - asked.keys():
        yield f"an answer that nobody gave: {answer}"


def audit_notices(evidence: Evidence) -> Iterator[str]:
    """Give files that were not taken and are in no notice, and albums with one too many (R11)."""
    notices = {row["id"]: row for row in evidence.messages if row["purpose"] == "refused"}
    untaken: dict[int, list[Row]] = defaultdict(list)
    for file in evidence.files:
        if file["state"] not in {"refused", "unavailable"}:
            continue
        notice = notices.get(file["notice_id"])
        if notice is None or file["filename"] not in notice["text"]:
            yield f"nobody was told of file {file['id']}"
        else:
            untaken[notice["id"]].append(file)
    for notice in notices.values():
        if not untaken[notice["id"]]:
            yield f"notice {notice['id']} is about nothing"
    yield from _could_have_joined(notices, untaken)


def _could_have_joined(notices: dict[int, Row], untaken: dict[int, list[Row]]) -> Iterator[str]:
    by_ticket: dict[int, list[Row]] = defaultdict(list)
    for notice_id, files in untaken.items():
        if files:
            by_ticket[files[0]["ticket_id"]].append(notices[notice_id])
    for told in by_ticket.values():
        for one, after in pairwise(sorted(told, key=lambda row: row["id"])):
            for file in untaken[after["id"]]:
                if one["written_at"] < file["ended_at"] < one["taken_at"]:
                    yield f"file {file['id']} did not join notice {one['id']}, which still waited"
