"""`POST /tickets`: an agent registers a ticket that came by telephone or e-mail (R3)."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.find_ticket import find_ticket
from services.agent_desk.problems import Problem
from services.agent_desk.read_request import Text, check_text, read_body
from services.agent_desk.show import json_answer, show_ticket
from shared.database.transaction import transaction
from shared.tickets.lock_contacts import lock_contacts
from shared.tickets.open_ticket import register_ticket as open_registered
from shared.tickets.queue_message import Outgoing, write_note

_LONGEST_FIELD = 200
# For the document alone: what does not fit gets 422 from `_clean`.
Field = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "maxLength": _LONGEST_FIELD,
            "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
        }
    ),
]

# What an agent types identifies nobody on WhatsApp: such contacts have no addresses, and the same
# words mean the same contact.
FIND_OR_MAKE_CONTACT = """
INSERT INTO contacts (profile_name, typed_phone, typed_email) VALUES ($1, $2, $3)
ON CONFLICT (profile_name, typed_phone, typed_email)
    WHERE typed_phone IS NOT NULL OR typed_email IS NOT NULL
DO UPDATE SET profile_name = excluded.profile_name
RETURNING id
"""


class RegisteredContact(msgspec.Struct, forbid_unknown_fields=True):
    """Who called or wrote; a telephone number or an e-mail address is needed."""

    name: Field | None = None
    phone: Field | None = None
    email: Field | None = None


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """The body."""

    channel: Literal["phone", "email"]
    contact: RegisteredContact
    text: Text


async def register_ticket(request: web.Request) -> web.Response:
    """Answer 201 with the ticket."""
    registration = await read_body(request, Registration)
    text = check_text(registration.text)
    contact = registration.contact
    typed = [_clean(value) for value in (contact.name, contact.phone, contact.email)]
    if not any(typed[1:]):
        raise Problem(422, "The contact needs a phone or an email.")
    agent = request[AGENT]
    async with transaction(request.app[DESK].pool) as tx:
        contact_id = await tx.connection.fetchval(FIND_OR_MAKE_CONTACT, *typed)
        now = await lock_contacts(tx, [contact_id])
        opened = await open_registered(tx, contact_id, registration.channel, agent, now)
        await write_note(tx, Outgoing(opened.id, contact_id, agent, text), now)
        row = await find_ticket(tx.connection, opened.number)
    return json_answer(show_ticket(row), 201)


def _clean(value: str | None) -> str | None:
    if value is None or not value.strip():
        return None
    if len(value) > _LONGEST_FIELD or not value.isprintable():
        raise Problem(422, f"A contact's field has more than {_LONGEST_FIELD} or odd characters.")
    return value.strip()
