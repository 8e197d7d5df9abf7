"""The parts of a webhook that are the same in all: whose number it is, and the change around it."""

from typing import Any

Json = dict[str, Any]

ACCOUNT_ID = "900100200300400"
COUNTRY_CODE = "57"
NUMBER = COUNTRY_CODE + "6015550100"


def make_change(phone_number_id: str, **parts: list[Json]) -> Json:
    """Give a change of the field `messages` with its contacts, messages or statuses."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": NUMBER, "phone_number_id": phone_number_id},
        **parts,
    }
    return {"value": value, "field": "messages"}
