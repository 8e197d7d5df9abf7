"""Tell the desk what became of a message that it sent."""

from services.whatsapp_simulator.phones import Phone, PhoneMessage
from services.whatsapp_simulator.simulator import Simulator
from services.whatsapp_simulator.webhook_value import Json, make_change

# Of the shape that Meta documents; the values are invented, nobody is billed here.
PRICING = {
    "text": {"billable": False, "type": "free_customer_service", "category": "service"},
    "template": {"billable": True, "type": "regular", "category": "utility"},
}


def report_statuses(simulator: Simulator, phone: Phone, message: PhoneMessage) -> None:
    """Announce `sent` and then `delivered`, each in a webhook of its own."""
    behaviour = simulator.behaviour
    if not behaviour.statuses:
        return
    for number, state in enumerate(("sent", "delivered"), start=1):
        after = number * behaviour.status_delay_seconds
        status = _make_status(phone, message, state, int(simulator.now() + after))
        change = make_change(
            simulator.settings.phone_number_id, contacts=[phone.contact], statuses=[status]
        )
        simulator.webhooks.announce(change, after)


def _make_status(phone: Phone, message: PhoneMessage, state: str, at: int) -> Json:
    """Give the item of `statuses[]`; `recipient_id` is omitted where the number is hidden."""
    status = {
        "id": message.id,
        "status": state,
        "timestamp": str(at),
        "recipient_id": phone.number,
        "recipient_user_id": phone.user_id,
        "biz_opaque_callback_data": message.callback_data,
        "pricing": {**PRICING[message.type], "pricing_model": "PMP"},
    }
    return {name: value for name, value in status.items() if value is not None}
