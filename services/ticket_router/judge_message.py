"""Say what a message is to us: something to answer, or only to record (R8, R12)."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.contact import Sender
from shared.domain.kinds import RECORDED_TYPES
from shared.domain.timestamp import read_timestamp
from shared.events import MessageReceived
from shared.tickets.record_items import Outcome
from shared.whatsapp.read_message import InboundMessage, read_message


@dataclass(frozen=True, slots=True)
class ToRoute:
    """A message that belongs into a ticket."""

    event: MessageReceived
    message: InboundMessage
    sender: Sender
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ToRecord:
    """A message that is written down and does nothing else."""

    outcome: Outcome
    reason: str


def judge_message(event: MessageReceived, phone_number_id: str) -> ToRoute | ToRecord:
    """Read the message and decide; `phone_number_id` is the number that this desk serves."""
    message = read_message(event.raw)
    if message.phone_number_id not in {phone_number_id, None}:
        return ToRecord("recorded", "another number")
    if message.in_group:
        return ToRecord("refused", "group")
    if message.message_type in RECORDED_TYPES:
        return ToRecord("recorded", str(message.message_type))
    if message.silent:
        return ToRecord("recorded", "unsupported mark")
    if message.sender is None:
        return ToRecord("recorded", "no sender")
    sent_at = read_timestamp(message.timestamp, event.received_at)
    return ToRoute(event, message, message.sender, sent_at)
