"""Say what an event is to us: something to answer, a mark, a changed address, or only a record."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.contact import IdentityChange, Sender
from shared.domain.kinds import MARK_TYPES, RECORDED_TYPES
from shared.domain.timestamp import read_timestamp
from shared.events import MessageReceived, WebhookEvent
from shared.tickets.record_items import Outcome
from shared.whatsapp.read_mark import Mark
from shared.whatsapp.read_message import InboundMessage, read_message
from shared.whatsapp.read_notice import Notice, read_notice


@dataclass(frozen=True, slots=True)
class ToRoute:
    """A message that belongs into a ticket."""

    event: MessageReceived
    message: InboundMessage
    sender: Sender
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ToMark:
    """Something that is done to an earlier message: it opens no ticket (R12)."""

    event: MessageReceived
    mark: Mark
    sender: Sender
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ToChange:
    """Somebody has other addresses now (R13)."""

    event: MessageReceived
    change: IdentityChange


@dataclass(frozen=True, slots=True)
class ToRecord:
    """What is written down and does nothing else; an operator hears of a notice."""

    outcome: Outcome
    reason: str
    notice: Notice | None = None


Verdict = ToRoute | ToMark | ToChange | ToRecord


def judge_event(event: WebhookEvent, phone_number_id: str) -> Verdict:
    """Read an event and decide; `phone_number_id` is the number that this desk serves."""
    if not isinstance(event, MessageReceived):
        notice = read_notice(event.raw)
        return ToRecord("recorded", notice.field, notice)
    message = read_message(event.raw)
    if message.phone_number_id not in {phone_number_id, None}:
        return ToRecord("recorded", "another number")
    if message.in_group:
        return ToRecord("refused", "group")
    sent_at = read_timestamp(message.timestamp, event.received_at)
    if message.change is not None:
        return ToChange(event, IdentityChange(*message.change, sent_at))
    reason = _why_only_recorded(message)
    if reason is not None or message.sender is None:
        return ToRecord("recorded", reason or "no sender")
    if message.mark is not None:
        return ToMark(event, message.mark, message.sender, sent_at)
    return ToRoute(event, message, message.sender, sent_at)


def _why_only_recorded(message: InboundMessage) -> str | None:
    if message.message_type in RECORDED_TYPES:
        return str(message.message_type)
    if message.silent:
        return "unsupported mark"
    if message.message_type in MARK_TYPES and message.mark is None:
        return f"{message.message_type} of nothing"
    return None
