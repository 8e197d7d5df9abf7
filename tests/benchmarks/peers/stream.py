"""The same webhooks for every side: text messages, 30 % of them the first of a new contact."""

import json

# Long ago, so that every clock says that it is the past.
FIRST_SECOND = 1_700_000_000
PER_SECOND = 100
NEW_OF_TEN = 3


def webhook_body(number: int, phone_number_id: str = "700800900100200") -> bytes:
    """Give the webhook of message `number` (from 0), as Meta sends it.

    Who wants the messages of all numbers below N gets N * 3 // 10 contacts, rounded up.
    """
    contact = contact_of(number)
    phone = f"346{contact:08}"
    message = {
        "from": phone,
        "id": f"wamid.HBgLMzQ2{number:032x}",
        "timestamp": str(FIRST_SECOND + number // PER_SECOND),
        "type": "text",
        "text": {"body": f"Buenos días, no puedo firmar la solicitud {number}: ¿qué debo hacer?"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "34973901905",
            "phone_number_id": phone_number_id,
        },
        "contacts": [{"profile": {"name": f"Contacto {contact}"}, "wa_id": phone}],
        "messages": [message],
    }
    return json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "900100", "changes": [{"field": "messages", "value": value}]}],
        }
    ).encode()


def contact_of(number: int) -> int:
    """Say who writes message `number`: somebody new, or anybody who has written before."""
    before = _contacts_before(number)
    if _contacts_before(number + 1) > before:
        return before
    # Knuth's multiplicative hash: evenly over all of them, and the same on every machine.
    return (number * 2_654_435_761 >> 8) % before


def _contacts_before(number: int) -> int:
    return (NEW_OF_TEN * number + 9) // 10
