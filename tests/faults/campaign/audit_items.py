"""Every item answered 200 is in the ledger, counts once, and is what somebody sent."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.campaign.evidence import Evidence, Row, item_of
from tests.faults.campaign.gate import Item

COUNTS = {"stored", "recorded"}
RANK = {"pending": 0, "unknown": 0, "sent": 1, "delivered": 2, "read": 3}


def audit_items(evidence: Evidence) -> Iterator[str]:
    """Give what is wrong about items: lost, invented, counted twice."""
    rows: dict[Item, Counter[str]] = defaultdict(Counter)
    for row in evidence.ledger:
        item = item_of(row["raw"])
        if item is None:
            yield f"the ledger has an item that nobody sent: {row['item_id']}"
        else:
            rows[item][row["outcome"]] += 1
    deadly = {one.wamid for one in evidence.written if one.is_deadly}
    for item, copies in evidence.accepted.items():
        if (recorded := rows[item].total()) < copies:
            yield f"answered 200 {copies} times, {recorded} times in the ledger: {item}"
    for item, outcomes in rows.items():
        if outcomes.total() > evidence.posted[item]:
            yield f"more often in the ledger than it was sent: {item}"
        counted = sum(outcomes[outcome] for outcome in COUNTS)
        if item.wamid in deadly:
            if set(outcomes) - {"dead"}:
                yield f"a deadly event has the outcomes {dict(outcomes)}: {item}"
        elif outcomes["dead"] or counted != 1:
            yield f"counted {counted} times, {dict(outcomes)}: {item}"


def audit_messages(evidence: Evidence) -> Iterator[str]:
    """Give what is wrong about what citizens wrote: each is in one ticket, of its writer."""
    phones = _phones_of_contacts(evidence)
    by_wamid: dict[str, list[Row]] = defaultdict(list)
    for row in evidence.messages:
        if row["direction"] == "inbound":
            by_wamid[row["wamid"]].append(row)
    for one in evidence.written:
        found = by_wamid.pop(one.wamid, [])
        if one.is_deadly:
            if found:
                yield f"a deadly event became a message: {one.wamid}"
        elif len(found) != 1:
            yield f"written once and {len(found)} times in tickets: {one.wamid}"
        elif one.phone not in phones.get(found[0]["contact_id"], set()):
            yield f"in a ticket of somebody else: {one.wamid}"
        elif (found[0]["text"] or "") != one.text:
            yield f"has another text than was written: {one.wamid}"
    for wamid in by_wamid:
        yield f"in a ticket and never written: {wamid}"


def audit_deliveries(evidence: Evidence) -> Iterator[str]:
    """Give messages of ours whose state is behind what WhatsApp told of them."""
    told: dict[int, int] = defaultdict(int)
    ids = {message["id"]: message for phone in evidence.phones.values() for message in phone}
    for item, copies in evidence.accepted.items():
        if item.status is not None and copies and item.wamid in ids:
            message_id = message_id_of(ids[item.wamid])
            told[message_id] = max(told[message_id], RANK[item.status])
    for row in evidence.messages:
        if row["direction"] == "outbound" and RANK.get(row["delivery"], -1) < told[row["id"]]:
            yield f"message {row['id']} is {row['delivery']}, and more was told of it"


def message_id_of(received: Row) -> int:
    """Give our number of a message that a phone received."""
    return int(received["callback_data"].removeprefix("message:"))


def _phones_of_contacts(evidence: Evidence) -> dict[int, set[str]]:
    phones: dict[int, set[str]] = defaultdict(set)
    for address in evidence.addresses:
        if address["kind"] == "phone":
            phones[address["contact_id"]].add(address["value"])
    return phones
