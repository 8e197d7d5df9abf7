"""Mark a citizen's message as read."""

from services.whatsapp_simulator.check_message import BAD_VALUE, ReadReceipt
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.phones import Phones
from services.whatsapp_simulator.webhook_value import Json


def mark_read(phones: Phones, receipt: ReadReceipt) -> Json:
    """Give Meta's answer; raise GraphError 131009 for the id of a message that no citizen sent."""
    if receipt.message_id not in phones.written:
        raise GraphError(BAD_VALUE, "'message_id' is no message that this number received")
    return {"success": True}
