"""Tell the desk what became of a message that it sent."""

from typing import Literal

from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.phones import Phone, PhoneMessage, State
from services.whatsapp_simulator.simulator import Simulator
from services.whatsapp_simulator.webhook_value import Json, make_change

# Of the shape that Meta documents; the values are invented, nobody is billed here.
TEMPLATE_PRICING = {"billable": True, "type": "regular", "category": "utility"}
SERVICE_PRICING = {"billable": False, "type": "free_customer_service", "category": "service"}


def report_statuses(simulator: Simulator, phone: Phone, message: PhoneMessage) -> None:
    """Announce `sent`, `delivered` and perhaps `read`, each in a webhook of its own."""
    behaviour = simulator.behaviour
    if not behaviour.statuses:
        return
    states: list[State] = ["sent", "delivered"]
    if behaviour.read_receipts:
        states.append("read")
    answered_after = 0.0 if behaviour.status_before_answer else behaviour.delay_seconds
    for number, state in enumerate(states, start=1):
        after = answered_after + number * behaviour.status_delay_seconds
        report_status(simulator, phone, message, state, after)


def report_failure(simulator: Simulator, phone: Phone, message: PhoneMessage, code: int) -> None:
    """Announce that what was accepted has failed; without `contacts`, as Meta does it."""
    error = GraphError(code)
    errors = [
        {
            "code": code,
            "title": error.title,
            "message": error.title,
            "error_data": {"details": error.details},
        }
    ]
    status = _make_status(phone, message, "failed", int(simulator.now())) | {"errors": errors}
    for absent in ("pricing", "recipient_user_id"):
        status.pop(absent, None)
    if not simulator.behaviour.callback_data:
        status.pop("biz_opaque_callback_data", None)
    after = simulator.behaviour.delay_seconds + simulator.behaviour.status_delay_seconds
    change = make_change(simulator.settings.phone_number_id, statuses=[status])
    simulator.webhooks.announce(change, after, lambda: None)


def report_status(
    simulator: Simulator,
    phone: Phone,
    message: PhoneMessage,
    state: State,
    after_seconds: float = 0.0,
) -> None:
    """Announce one status, or lose it; the phone notes it once the desk has taken it."""
    share = simulator.behaviour.lose_status_share
    if share and simulator.chance.random() < share:
        message.lost_statuses.append(state)
        return
    status = _make_status(phone, message, state, int(simulator.now() + after_seconds))
    if not simulator.behaviour.callback_data:
        status.pop("biz_opaque_callback_data", None)
    change = make_change(
        simulator.settings.phone_number_id, contacts=[phone.contact], statuses=[status]
    )
    simulator.webhooks.announce(change, after_seconds, lambda: message.reach(state))


def _make_status(
    phone: Phone, message: PhoneMessage, state: State | Literal["failed"], at: int
) -> Json:
    """Give the item of `statuses[]`; `recipient_id` is omitted where the number is hidden."""
    pricing = TEMPLATE_PRICING if message.type == "template" else SERVICE_PRICING
    status = {
        "id": message.id,
        "status": state,
        "timestamp": str(at),
        "recipient_id": phone.number,
        "recipient_user_id": phone.user_id,
        "biz_opaque_callback_data": message.callback_data,
        "pricing": {**pricing, "pricing_model": "PMP"},
    }
    return {name: value for name, value in status.items() if value is not None}
