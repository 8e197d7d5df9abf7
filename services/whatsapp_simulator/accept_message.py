"""Accept a message of the desk and put it on the phone that it reaches."""

from datetime import UTC, datetime

import msgspec

from services.whatsapp_simulator.check_message import OutboundMessage
from services.whatsapp_simulator.find_recipient import find_recipient
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.make_wamid import make_wamid
from services.whatsapp_simulator.phones import PhoneMessage
from services.whatsapp_simulator.report_statuses import report_statuses
from services.whatsapp_simulator.simulator import Simulator
from services.whatsapp_simulator.webhook_value import Json
from shared.log import log


def accept_message(simulator: Simulator, message: OutboundMessage) -> Json:
    """Give Meta's answer; raise GraphError where the behaviour asks for one.

    The answer says accepted, not delivered: it is the same for a message that reaches nobody.
    """
    code = simulator.behaviour.spend_failure()
    if code is not None:
        raise GraphError(code)
    phone, contact = find_recipient(simulator.phones, message)
    wamid = make_wamid(contact.get("wa_id") or contact["user_id"], simulator.ids)
    if phone is not None:
        received = _receive(message, wamid, simulator.now())
        phone.messages.append(received)
        report_statuses(simulator, phone, received)
    log.info("simulator.message_accepted", kind=message.type, delivered=phone is not None)
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]}


def _receive(message: OutboundMessage, wamid: str, now: float) -> PhoneMessage:
    sent: Json = msgspec.to_builtins(message)
    content: Json = sent[message.type]
    return PhoneMessage(
        id=wamid,
        direction="outbound",
        type=message.type,
        text=content.get("body"),
        at=datetime.fromtimestamp(now, UTC),
        callback_data=sent.get("biz_opaque_callback_data"),
        context=sent.get("context"),
        content=content,
    )
