"""Find the phone that an accepted message reaches, which may be none."""

import re

from msgspec import UNSET

from services.whatsapp_simulator.check_message import USER_ID, OutboundMessage, dialled_number
from services.whatsapp_simulator.phones import Phone, Phones
from services.whatsapp_simulator.webhook_value import Json


def find_recipient(phones: Phones, message: OutboundMessage) -> tuple[Phone | None, Json]:
    """Give the phone, and `contacts[0]` of the answer.

    `to` wins over `recipient` (Meta, business-scoped user ids, 2026-06-29). A user id in `to` is
    accepted and never delivered: its digits are dialled (chatwoot PR #15150). Groups have no phone.
    """
    if message.to is UNSET:
        user_id = message.recipient or ""
        phone = phones.find(user_id) or phones.meet(None, user_id)
        return phone, {"input": user_id, "user_id": user_id}
    if message.recipient_type == "group":
        return None, {"input": message.to, "wa_id": message.to}
    if USER_ID.fullmatch(message.to):
        return None, {"input": message.to, "wa_id": re.sub(r"\D", "", message.to)}
    number = dialled_number(message.to)
    return phones.dial(number), {"input": message.to, "wa_id": number}
