"""Mark a citizen's message, and those before it, as read."""

from services.whatsapp_simulator.check_message import BAD_VALUE, ReadReceipt
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.phones import Phones
from services.whatsapp_simulator.webhook_value import Json
from shared.log import log


def mark_read(phones: Phones, receipt: ReadReceipt) -> Json:
    """Give Meta's answer; raise GraphError 131009 for the id of a message that no citizen sent.

    The messages before it are read too (Meta, mark messages as read, 2025-11).
    """
    phone = phones.written.get(receipt.message_id)
    if phone is None:
        raise GraphError(BAD_VALUE, "'message_id' is no message that this number received")
    read = 0
    for message in phone.messages:
        if message.direction == "inbound":
            read += message.status != "read"
            message.reach("read")
        if message.id == receipt.message_id:
            break
    log.info("simulator.marked_read", messages=read)
    return {"success": True}
