"""Accept a message of the desk and put it on the phone that it reaches."""

from datetime import UTC, datetime

import msgspec

from services.whatsapp_simulator.check_message import BAD_VALUE, OutboundMessage
from services.whatsapp_simulator.find_recipient import find_recipient
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.keep_pair_limit import keep_pair_limit
from services.whatsapp_simulator.make_wamid import make_wamid
from services.whatsapp_simulator.media import Medium
from services.whatsapp_simulator.phones import PhoneMessage
from services.whatsapp_simulator.report_statuses import report_failure, report_statuses
from services.whatsapp_simulator.simulator import Simulator
from services.whatsapp_simulator.webhook_value import Json
from shared.log import log


def accept_message(simulator: Simulator, message: OutboundMessage) -> tuple[Json, bool]:
    """Give Meta's answer and whether it is to be lost; raise GraphError where one is asked for.

    The answer says accepted, not delivered: it is the same for a message that reaches nobody. A
    media id that was not uploaded, or was dropped since, is 131009.
    """
    sent: Json = msgspec.to_builtins(message)
    medium = _attached(simulator, sent[message.type])
    code = simulator.behaviour.spend_failure("fail_next")
    if code is not None:
        raise GraphError(code)
    phone, contact = find_recipient(simulator.phones, message)
    if phone is not None and simulator.behaviour.pair_limit:
        keep_pair_limit(phone, simulator.now())
    wamid = make_wamid(contact.get("wa_id") or contact["user_id"], simulator.ids)
    code = simulator.behaviour.spend_failure("fail_later") if phone is not None else None
    answer_lost = _loses_answer(simulator)
    if phone is not None:
        received = _receive(sent, medium, wamid, simulator.now(), answer_lost=answer_lost)
        if code is not None:
            report_failure(simulator, phone, received, code)
        else:
            phone.messages.append(received)
            report_statuses(simulator, phone, received)
    log.info("simulator.message_accepted", kind=message.type, delivered=phone is not None)
    answer = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]}
    return answer, answer_lost


def _loses_answer(simulator: Simulator) -> bool:
    behaviour = simulator.behaviour
    share = behaviour.lose_answer_share
    by_chance = share > 0 and simulator.chance.random() < share
    return behaviour.spend("lose_answer_next") or by_chance


def _attached(simulator: Simulator, content: Json) -> Medium | None:
    media_id = content.get("id")
    if media_id is None:
        return None
    medium = simulator.media.find(media_id)
    if medium is None:
        raise GraphError(BAD_VALUE, f"'id' {media_id} is no media of this number")
    return medium


def _receive(
    sent: Json, medium: Medium | None, wamid: str, now: float, *, answer_lost: bool
) -> PhoneMessage:
    kind = sent["type"]
    content: Json = sent[kind]
    return PhoneMessage(
        id=wamid,
        direction="outbound",
        type=kind,
        text=content.get("body", content.get("caption")),
        at=datetime.fromtimestamp(now, UTC),
        callback_data=sent.get("biz_opaque_callback_data"),
        context=sent.get("context"),
        content=content,
        answer_lost=answer_lost,
        media_id=medium.id if medium else None,
        filename=content.get("filename"),
        mime_type=medium.mime_type if medium else None,
    )
