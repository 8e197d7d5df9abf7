"""Each message arrives once, in order; again only where nothing of the first time could be known.

Meta's side is believed, not our database: what the phones received, which answers and statuses
were lost. A message may be received again if at each time before

- its answer did not reach the sender: the connection was cut, or the sender that sent it was killed
  before it could write the answer down (at the latest `ANSWER_SECONDS` after), and
- no status of that time was answered 200 by ingress before the message was taken again, less
  `TRACKING_SECONDS` in which what ingress took is written down.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.faults.campaign.gate import Item
from tests.faults.campaign.victim import SEND_SECONDS
from tests.faults.sending.evidence import Evidence, Receipt, Taking

ANSWER_SECONDS = SEND_SECONDS + 1
TRACKING_SECONDS = 1.0
STATES = ("sent", "delivered")


def violations_in(evidence: Evidence) -> list[str]:
    """Give every violation, with the invariant that it breaks."""
    return [f"{one.__name__}: {words}" for one in INVARIANTS for words in one(evidence)]


def audit_messages(evidence: Evidence) -> Iterator[str]:
    """Give what the desk took and lost, or invented; each contact has one opening message."""
    shown = {one.id for one in evidence.messages}
    for message_id in set(evidence.answered) - shown:
        yield f"message {message_id} was taken with 202 and is not there"
    invented = len(shown) - len(evidence.answered) - len(evidence.phones)
    if invented:
        yield f"{invented} messages more than answers and openings"


def audit_receipts(evidence: Evidence) -> Iterator[str]:
    """Give messages that were never received, that came altered or to somebody else."""
    ours = {one.id: one for one in evidence.messages}
    received = set()
    for phone, receipts in evidence.phones.items():
        for receipt in receipts:
            received.add(receipt.message_id)
            one = ours.get(receipt.message_id)
            if one is None or (one.phone, one.text) != (phone, receipt.text):
                yield f"a phone received message {receipt.message_id}, which is not for it"
    for message_id in ours.keys() - received:
        yield f"message {message_id} was never received"


def audit_repeats(evidence: Evidence) -> Iterator[str]:
    """Give messages that were sent again although the first time could be known."""
    for message_id, receipts in repeats(evidence).items():
        for earlier, later in pairwise(receipts):
            before, after = taking_of(evidence, earlier), taking_of(evidence, later)
            if before is None or after is None:
                yield f"message {message_id} was sent and not taken"
            elif before is after:
                yield f"message {message_id} was sent twice by one sender that took it once"
            elif not answer_was_lost(evidence, earlier, before):
                yield f"message {message_id} was sent again after its answer was there"
            elif was_told(evidence, earlier, after):
                yield f"message {message_id} was sent again after a status of it was there"


def audit_order(evidence: Evidence) -> Iterator[str]:
    """Give contacts whose messages first came in another order than they were queued in."""
    for receipts in evidence.phones.values():
        for one, after in pairwise(dict.fromkeys(receipt.message_id for receipt in receipts)):
            if one > after:
                yield f"message {one} was received before message {after}"


def audit_deliveries(evidence: Evidence) -> Iterator[str]:
    """Give messages whose state is not the highest that WhatsApp told of them."""
    told: dict[int, int] = defaultdict(int)
    for receipts in evidence.phones.values():
        for receipt in receipts:
            for rank, state in enumerate(STATES, start=1):
                if Item(receipt.wamid, state) in evidence.told:
                    told[receipt.message_id] = max(told[receipt.message_id], rank)
    for one in evidence.messages:
        expected = ("pending", *STATES)[told[one.id]]
        if one.delivery != expected:
            yield f"message {one.id} is {one.delivery}; what was told of it is {expected}"


def audit_rest(evidence: Evidence) -> Iterator[str]:
    """Give what is still to be sent."""
    if evidence.waiting:
        yield f"{evidence.waiting} messages are still in the outbox"


INVARIANTS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    audit_messages,
    audit_receipts,
    audit_repeats,
    audit_order,
    audit_deliveries,
    audit_rest,
)


def repeats(evidence: Evidence) -> dict[int, list[Receipt]]:
    """Give the receipts of each message that was received more than once, in their order."""
    by_message: dict[int, list[Receipt]] = defaultdict(list)
    for receipts in evidence.phones.values():
        for receipt in receipts:
            by_message[receipt.message_id].append(receipt)
    return {message_id: found for message_id, found in by_message.items() if len(found) > 1}


def taking_of(evidence: Evidence, receipt: Receipt) -> Taking | None:
    """Give the last taking of the message before a phone received it."""
    found = [
        one
        for one in evidence.takings
        if one.message_id == receipt.message_id and one.at <= receipt.at
    ]
    return max(found, key=lambda one: one.at, default=None)


def answer_was_lost(evidence: Evidence, receipt: Receipt, taking: Taking) -> bool:
    """Tell whether the answer was lost, or its sender before it could write it down."""
    return receipt.answer_lost or any(
        kill.pid == taking.pid and taking.at <= kill.at <= receipt.at + ANSWER_SECONDS
        for kill in evidence.kills
    )


def was_told(evidence: Evidence, receipt: Receipt, after: Taking) -> bool:
    """Tell whether a status had been there for long enough when the message was taken again."""
    told = [evidence.told.get(Item(receipt.wamid, state)) for state in STATES]
    return any(at is not None and at < after.at - TRACKING_SECONDS for at in told)
