"""Read `system` messages: somebody has another number or another user id now."""

from typing import Any

from shared.domain.contact import Sender
from shared.whatsapp.read_addresses import read_addresses

NUMBER_CHANGES = frozenset({"user_changed_number", "customer_changed_number"})
USER_ID_CHANGE = "user_changed_user_id"


def read_change(message: dict[str, Any]) -> tuple[Sender, Sender] | None:
    """Give somebody's addresses before and after, as a `system` message tells; None: no change.

    `from` is the number before; older forms name the new one in `new_wa_id` and the person in
    `customer`; before August 2026 the user id before was not named (Meta, changelog, 2026-08-11).
    """
    system = message.get("system")
    if not isinstance(system, dict):
        return None
    kind = system.get("type")
    if not isinstance(kind, str) or kind not in NUMBER_CHANGES | {USER_ID_CHANGE}:
        return None
    before = read_addresses(
        message.get("from"), system.get("customer"), system.get("previous_user_id")
    )
    after = read_addresses(system.get("wa_id"), system.get("new_wa_id"), system.get("user_id"))
    if before is None or after is None or before == after:
        return None
    return before, after
