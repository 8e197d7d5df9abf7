"""Evidence of a sending campaign with one thing wrong in it, for each thing that must be seen."""

from collections.abc import Callable
from dataclasses import replace

from tests.faults.campaign.gate import Item
from tests.faults.sending.audit import TRACKING_SECONDS, answer_was_lost, taking_of
from tests.faults.sending.evidence import Evidence, Receipt, Taking

Tamper = Callable[[Evidence], Evidence]

LATER = 100.0


def lose_an_answer(evidence: Evidence) -> Evidence:
    return replace(evidence, answered=(*evidence.answered, -1))


def invent_a_message(evidence: Evidence) -> Evidence:
    return replace(evidence, messages=(*evidence.messages, replace(evidence.messages[0], id=-1)))


def receive_nothing(evidence: Evidence) -> Evidence:
    """Take a message from the phone on which it came once."""
    lost = _received_once(evidence)
    return _on_phones(evidence, lambda receipts: tuple(one for one in receipts if one != lost))


def receive_what_is_for_another(evidence: Evidence) -> Evidence:
    first, second, *others = evidence.phones
    swapped = {first: evidence.phones[second], second: evidence.phones[first]}
    return replace(evidence, phones=swapped | {one: evidence.phones[one] for one in others})


def send_twice_at_once(evidence: Evidence) -> Evidence:
    """Have one sender send a message twice, the answer of which was lost."""
    one = next(one for one in _receipts(evidence) if one.answer_lost)
    return _receive(evidence, replace(one, wamid="again"), after=one)


def send_again_what_was_answered(evidence: Evidence) -> Evidence:
    """Have a message sent again, of which no status came but the answer."""
    one = _received_once(evidence)
    evidence = _forget(evidence, one)
    return _send_again(evidence, one)


def send_again_what_was_told(evidence: Evidence) -> Evidence:
    """Have a message sent again whose answer was lost, but of which a status came."""
    one = next(
        one
        for one in _receipts(evidence)
        if one.answer_lost and Item(one.wamid, "sent") in evidence.told
    )
    return _send_again(evidence, one)


def send_again_long_before_the_kill(evidence: Evidence) -> Evidence:
    """Have a message sent again whose sender was killed, but only long after it got the answer."""
    one = _received_once(evidence)
    taking = taking_of(evidence, one)
    assert taking is not None
    kill = replace(evidence.kills[0], pid=taking.pid, at=one.at + LATER)
    return _send_again(_forget(replace(evidence, kills=(*evidence.kills, kill)), one), one)


def send_without_taking(evidence: Evidence) -> Evidence:
    one = _received_once(evidence)
    takings = tuple(taken for taken in evidence.takings if taken.message_id != one.message_id)
    evidence = replace(evidence, takings=takings)
    return _receive(evidence, replace(one, wamid="again"), after=one)


def receive_in_disorder(evidence: Evidence) -> Evidence:
    return _on_phones(evidence, lambda receipts: receipts[::-1])


def lag_behind_a_status(evidence: Evidence) -> Evidence:
    return _change_delivery(evidence, "delivered", "sent")


def claim_what_nobody_told(evidence: Evidence) -> Evidence:
    return _change_delivery(evidence, "sent", "delivered")


def fail(evidence: Evidence) -> Evidence:
    return _change_delivery(evidence, "delivered", "failed")


def leave_work(evidence: Evidence) -> Evidence:
    return replace(evidence, waiting=1)


TAMPERS: dict[str, tuple[Tamper, ...]] = {
    "audit_messages": (lose_an_answer, invent_a_message),
    "audit_receipts": (receive_nothing, receive_what_is_for_another),
    "audit_repeats": (
        send_twice_at_once,
        send_again_what_was_answered,
        send_again_what_was_told,
        send_again_long_before_the_kill,
        send_without_taking,
    ),
    "audit_order": (receive_in_disorder,),
    "audit_deliveries": (lag_behind_a_status, claim_what_nobody_told, fail),
    "audit_rest": (leave_work,),
}
"""What each invariant must see, by its name."""


def each() -> list[tuple[str, Tamper]]:
    """Give every tampering with the invariant that it breaks."""
    return [(invariant, tamper) for invariant, tampers in TAMPERS.items() for tamper in tampers]


def _receipts(evidence: Evidence) -> list[Receipt]:
    return [one for receipts in evidence.phones.values() for one in receipts]


def _received_once(evidence: Evidence) -> Receipt:
    """Give a receipt of a message that came once and whose answer was there."""
    receipts = _receipts(evidence)
    ids = [one.message_id for one in receipts]
    for one in receipts:
        taking = taking_of(evidence, one)
        assert taking is not None
        if ids.count(one.message_id) == 1 and not answer_was_lost(evidence, one, taking):
            return one
    raise AssertionError("there is no ordinary message")


def _send_again(evidence: Evidence, one: Receipt) -> Evidence:
    """Have a message taken and received again, long after everything that is known of it."""
    at = max(one.at, *evidence.told.values()) + TRACKING_SECONDS + LATER
    taking = Taking(at, -1, one.message_id)
    evidence = replace(evidence, takings=(*evidence.takings, taking))
    return _receive(evidence, replace(one, wamid="again", at=at), after=one)


def _forget(evidence: Evidence, one: Receipt) -> Evidence:
    told = {item: at for item, at in evidence.told.items() if item.wamid != one.wamid}
    return replace(evidence, told=told)


def _receive(evidence: Evidence, receipt: Receipt, *, after: Receipt) -> Evidence:
    def insert(receipts: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
        if after not in receipts:
            return receipts
        place = receipts.index(after) + 1
        return (*receipts[:place], receipt, *receipts[place:])

    return _on_phones(evidence, insert)


def _on_phones(
    evidence: Evidence, change: Callable[[tuple[Receipt, ...]], tuple[Receipt, ...]]
) -> Evidence:
    return replace(evidence, phones={one: change(had) for one, had in evidence.phones.items()})


def _change_delivery(evidence: Evidence, before: str, after: str) -> Evidence:
    changed = next(one for one in evidence.messages if one.delivery == before)
    messages = [
        replace(one, delivery=after) if one is changed else one for one in evidence.messages
    ]
    return replace(evidence, messages=tuple(messages))
