"""Say in words and figures what a sending campaign did and found."""

from collections import Counter

from tests.faults.sending.audit import STATES, answer_was_lost, repeats, taking_of
from tests.faults.sending.run import Result


def report(result: Result) -> str:
    """Give the lines about one seed."""
    evidence = result.evidence
    receipts = [one for received in evidence.phones.values() for one in received]
    again = repeats(evidence)
    lines = evidence.log_lines
    places = Counter(kill.place for kill in evidence.kills)
    hit = ", ".join(f"{times} {place}" for place, times in sorted(places.items()))
    answers_lost = sum(one.answer_lost for one in receipts)
    statuses_lost = sum(len(one.lost_statuses) for one in receipts)
    takings = [(one, taking) for one in receipts if (taking := taking_of(evidence, one))]
    waits = sorted(one.at - taking.at for one, taking in takings)
    unknowable = sum(
        set(one.lost_statuses) == set(STATES) and answer_was_lost(evidence, one, taking)
        for one, taking in takings
    )
    said = f"""\
seed {result.seed}: {len(evidence.messages)} messages to {len(evidence.phones)} contacts \
in {result.seconds:.0f} s
  {len(evidence.kills)} senders killed with work in hand: {hit}
  Meta: {len(receipts)} accepted, {answers_lost} answers and \
{statuses_lost} of {2 * len(receipts)} statuses lost
  {len(evidence.messages) - len(again)} received once, {len(again)} more than once; \
{evidence.resent} resent, {len(receipts) - len(evidence.messages)} of them doubled \
(of {unknowable} receipts neither the answer nor a status was there)
  {lines["send.unknown"]} answers unknown, {lines["send.lease_over"]} leases over, \
{evidence.settled} settled by statuses; {lines["send.accepted"]} answers recorded
  {lines["send.held_back"]} held back and {lines["send.retry"]} refused for the pair limit; \
{evidence.waiting} left in the outbox
  from taking to the phone: p50 {waits[len(waits) // 2]:.2f} s, at the most {waits[-1]:.2f} s
{len(result.violations)} violations"""
    return "\n".join([said, *(f"  VIOLATION {words}" for words in result.violations[:50])])
